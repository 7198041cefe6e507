//! A small line service.

use std::{borrow::Cow, net::SocketAddr, sync::Arc, time::Duration};

use hikyaku_net::{
    Connection, Gate, GateOptions, LineRule, Listener, ListenerOptions, NetMetrics, ReadError,
    Refusal, Service, StartTlsError, TlsMode,
};

/// How long a session of the test service waits for a line.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Greets, then answers each line with `> LINE`; some lines do more.
#[derive(Debug)]
pub(crate) struct Echo;

impl Service for Echo {
    fn refusal(&self, refusal: Refusal) -> Cow<'static, str> {
        format!("421 {}\r\n", refusal.label()).into()
    }

    async fn serve(&self, mut connection: Connection) {
        if connection.write(b"220 ready\r\n").await.is_err() {
            return;
        }
        loop {
            match connection.read_line(LineRule::strict(512), PATIENCE).await {
                Ok(line) if line == b"QUIT" => break,
                Ok(line) if line == b"PANIC" => panic!("as the client asked"),
                Ok(line) if line == b"HANG" => std::future::pending().await,
                Ok(line) if line == b"STARTTLS" => {
                    if start_tls(&mut connection).await.is_err() {
                        break;
                    }
                }
                Ok(line) => {
                    let reply = format!("> {}\r\n", String::from_utf8_lossy(&line));
                    if connection.write(reply.as_bytes()).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let reply = match &error {
                        ReadError::Draining => "421 stopping\r\n".to_owned(),
                        other => format!("500 {other}\r\n"),
                    };
                    if connection.write(reply.as_bytes()).await.is_err() || !error.is_recoverable()
                    {
                        break;
                    }
                }
            }
        }
        // The client may be gone already; the tests look at what it saw.
        let _ = connection.close_lingering().await;
    }
}

/// Replies before it looks at what is buffered, as a careless session would: the connection
/// itself must refuse.
async fn start_tls(connection: &mut Connection) -> Result<(), StartTlsError> {
    connection.write(b"220 go ahead\r\n").await?;
    match connection.start_tls(PATIENCE).await {
        Ok(_) => Ok(()),
        Err(error) => {
            connection
                .write(format!("501 {error}\r\n").as_bytes())
                .await?;
            Err(error)
        }
    }
}

/// A gate that serves [`Echo`] on a free port of loopback.
pub(crate) struct EchoServer {
    pub(crate) gate: Gate,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Arc<NetMetrics>,
}

impl EchoServer {
    pub(crate) fn start(options: GateOptions, tls: TlsMode) -> Self {
        let gate = Gate::new(options);
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(ListenerOptions::tcp("echo", free, tls)).unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = gate.serve(listener, Arc::new(Echo));
        Self {
            gate,
            address,
            metrics,
        }
    }

    /// Waits until so many sessions are open.
    pub(crate) async fn until_open(&self, sessions: usize) {
        while self.gate.open_sessions() != sessions {
            tokio::task::yield_now().await;
        }
    }
}
