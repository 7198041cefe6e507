//! Running out of file descriptors. Alone in its process, because the limit is the process's.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

#[path = "support/echo.rs"]
mod echo;

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    os::fd::AsRawFd as _,
};

use hikyaku_net::{GateOptions, Refusal, TlsMode, raise_file_limit};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::echo::{EchoServer, PATIENCE};

/// More than are turned away in a row.
const CLIENTS: usize = 150;
const ROOM: u64 = 12;

/// The first line the server sends, read on a thread of its own so that the server can run.
async fn first_line(stream: TcpStream) -> (String, TcpStream) {
    let reading = tokio::task::spawn_blocking(move || {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut line).unwrap();
        (line.trim_end().to_owned(), reader.into_inner())
    });
    reading.await.unwrap()
}

#[tokio::test]
async fn without_descriptors_clients_are_told_and_the_listener_lives() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    // The loop takes its reserve before the limit falls.
    let (line, warm_up) = first_line(TcpStream::connect(server.address).unwrap()).await;
    assert_eq!(line, "220 ready");
    drop(warm_up);
    server.until_open(0).await;

    // The kernel completes these while the server, on this same thread, does not run.
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    let next_free = File::open("/dev/null").unwrap().as_raw_fd();
    let before = getrlimit(Resource::Nofile);
    let lowered = Rlimit {
        current: Some(u64::try_from(next_free).unwrap() + ROOM),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, lowered).unwrap();

    // Descriptors of clients are kept too, so that none becomes free.
    let (mut greeted, mut refused) = (Vec::new(), Vec::new());
    for client in clients {
        let (line, stream) = first_line(client).await;
        match line.as_str() {
            "220 ready" => greeted.push(stream),
            "421 no_descriptors" => refused.push(stream),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(greeted.len() + refused.len(), CLIENTS);
    assert!(
        (1..=ROOM as usize).contains(&greeted.len()),
        "{}",
        greeted.len()
    );
    let counters = server.metrics.snapshot();
    let told = counters.refused_for(Refusal::NoDescriptors);
    assert_eq!(told, refused.len() as u64);
    assert!(counters.accept_errors > 0);
    // A loop that spins would fail far more often than it pauses.
    assert!(counters.accept_errors < 100, "{}", counters.accept_errors);

    drop(greeted);
    server.until_open(0).await;
    let (line, _stream) = first_line(TcpStream::connect(server.address).unwrap()).await;
    assert_eq!(line, "220 ready");
    let raised = raise_file_limit();
    assert_eq!(raised, before.maximum.unwrap_or(u64::MAX));
}
