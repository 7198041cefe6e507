//! The service behind a gate, over real sockets.

use std::{net::SocketAddr, sync::Arc};

use hikyaku_access::{SignIn, SignInPolicy};
use hikyaku_blob::SpaceWatch;
use hikyaku_db::testing::TestDatabase;
use hikyaku_net::{
    Gate, GateLimits, GateOptions, Listener, ListenerOptions, Refusal, Service as _, TlsMode,
};
use hikyaku_smtp::{Kind, MemoryBudget, Options, Rooms, SmtpService};
use hikyaku_transport::{Policy, Transport};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

fn service(test: &TestDatabase) -> Arc<SmtpService> {
    let rooms = Rooms {
        db: test.db.clone(),
        transport: Transport::new(test.db.clone(), Policy::default(), SpaceWatch::elsewhere()),
        sign_in: SignIn::new(test.db.clone(), SignInPolicy::default()),
        memory: MemoryBudget::default(),
    };
    let options = Options::new(Kind::Mx, "mx.example.test".parse().expect("a domain"));
    Arc::new(SmtpService::new(rooms, options))
}

fn listener() -> (Listener, SocketAddr) {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(ListenerOptions::tcp("smtp", free, TlsMode::None));
    let listener = listener.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a TCP listener has an address");
    (listener, address)
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(
            TcpStream::connect(address).await.expect("the port is open"),
        ))
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0
            .read_line(&mut line)
            .await
            .expect("the server says something or closes");
        line
    }

    async fn ask(&mut self, line: &str) -> String {
        self.0
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .expect("the server reads");
        self.line().await
    }
}

hikyaku_db::on_both_engines! {
    /// Who is one too many hears why; when the gate drains, the others do.
    async fn clients_hear_why_they_are_turned_away(test: TestDatabase) {
        let limits =
            GateLimits { total: 1, kept_for_closed_zone: 0, ..GateLimits::default() };
        let gate = Gate::new(GateOptions { limits, ..GateOptions::default() });
        let (listener, address) = listener();
        gate.serve(listener, service(&test));
        let mut first = Client::connect(address).await;
        assert_eq!(first.line().await, "220 mx.example.test ESMTP Hikyaku ready\r\n");
        let mut second = Client::connect(address).await;
        assert_eq!(
            second.line().await,
            "421 4.7.0 Too many connections; try again later\r\n"
        );
        assert_eq!(first.ask("HELO x").await, "250 mx.example.test\r\n");
        let draining = tokio::spawn({
            let gate = gate.clone();
            async move { gate.drain(std::time::Duration::from_secs(20)).await }
        });
        assert_eq!(
            first.line().await,
            "421 4.3.2 Service shutting down; try again later\r\n"
        );
        assert_eq!(first.line().await, "");
        drop(first);
        let report = draining.await.expect("the gate drains");
        assert_eq!((report.sessions, report.aborted), (1, 0));
    }

    /// Refusals are whole lines.
    async fn refusals_are_lines(test: TestDatabase) {
        let service = service(&test);
        for refusal in Refusal::ALL {
            let line = service.refusal(refusal);
            assert!(line.starts_with("421 4.") && line.ends_with("\r\n"), "{line:?}");
            assert_eq!(line.matches('\n').count(), 1);
        }
        let codes = |refusal| service.refusal(refusal)[..9].to_owned();
        assert_eq!(codes(Refusal::Draining), "421 4.3.2");
        assert_eq!(codes(Refusal::TooMany), "421 4.7.0");
    }
}
