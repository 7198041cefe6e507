//! The gate over real sockets: limits, refusals, panics, drains.

use std::{sync::Arc, time::Duration};

use hikyaku_net::{
    Bind, ClosedZone, GateLimits, GateOptions, Listener, ListenerOptions, RateLimit, Refusal,
    TlsMode,
};
use tokio::net::UnixStream;

use crate::{
    client::{Client, connect},
    echo::{Echo, EchoServer},
};

/// Everything counts: loopback is the Internet here.
fn strict(limits: GateLimits) -> GateOptions {
    GateOptions {
        zone: ClosedZone::new(Vec::new()),
        limits,
        ..GateOptions::default()
    }
}

#[tokio::test]
async fn lines_are_answered_and_counted() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "220 ready");
    assert_eq!(client.ask("hello").await, "> hello");
    client.send("a\r\nb\r\n").await;
    assert_eq!(client.line().await, "> a");
    assert_eq!(client.line().await, "> b");
    assert_eq!(client.ask("QUIT").await, "");
    drop(client);
    server.until_open(0).await;
    let counters = server.metrics.snapshot();
    assert_eq!((counters.accepted, counters.open), (1, 0));
}

#[tokio::test]
async fn an_endless_line_ends_with_the_reason() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "220 ready");
    assert_eq!(
        client.ask(&"x".repeat(1000)).await,
        "500 the line is too long"
    );
    assert_eq!(client.ask("still here").await, "> still here");
    client.send(&"x".repeat(100_000)).await;
    assert_eq!(client.line().await, "500 the line does not end");
    assert_eq!(client.line().await, "");
}

#[tokio::test]
async fn the_limit_per_client_is_told_in_the_words_of_the_protocol() {
    let server = EchoServer::start(
        strict(GateLimits {
            per_client: 2,
            ..GateLimits::default()
        }),
        TlsMode::None,
    );
    let mut first = connect(server.address).await;
    let mut second = connect(server.address).await;
    assert_eq!(first.line().await, "220 ready");
    assert_eq!(second.line().await, "220 ready");
    let mut third = connect(server.address).await;
    assert_eq!(third.line().await, "421 too_many_from_client");
    assert_eq!(third.line().await, "");
    drop(first);
    server.until_open(1).await;
    let mut fourth = connect(server.address).await;
    assert_eq!(fourth.line().await, "220 ready");
    let counters = server.metrics.snapshot();
    assert_eq!(counters.refused_for(Refusal::TooManyFromClient), 1);
    assert_eq!(counters.accepted, 3);
}

#[tokio::test]
async fn the_closed_zone_is_exempt_from_the_limit_per_client() {
    let limits = GateLimits {
        per_client: 1,
        new_per_client: RateLimit::per_minute(1),
        ..GateLimits::default()
    };
    let options = GateOptions {
        limits,
        ..GateOptions::default()
    };
    let server = EchoServer::start(options, TlsMode::None);
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = connect(server.address).await;
        assert_eq!(client.line().await, "220 ready");
        clients.push(client);
    }
}

#[tokio::test]
async fn the_total_limit_is_told() {
    let server = EchoServer::start(
        strict(GateLimits {
            total: 3,
            kept_for_closed_zone: 1,
            ..GateLimits::default()
        }),
        TlsMode::None,
    );
    let mut clients = [connect(server.address).await, connect(server.address).await];
    for client in &mut clients {
        assert_eq!(client.line().await, "220 ready");
    }
    let mut refused = connect(server.address).await;
    assert_eq!(refused.line().await, "421 too_many");
    assert_eq!(server.metrics.snapshot().refused_for(Refusal::TooMany), 1);
}

#[tokio::test]
async fn clients_that_come_too_often_are_told() {
    let server = EchoServer::start(
        strict(GateLimits {
            new_per_client: RateLimit::per_minute(2),
            ..GateLimits::default()
        }),
        TlsMode::None,
    );
    for expected in ["220 ready", "220 ready", "421 too_fast"] {
        let mut client = connect(server.address).await;
        assert_eq!(client.line().await, expected);
    }
}

#[tokio::test]
async fn a_panic_ends_one_session() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let mut victim = connect(server.address).await;
    let mut witness = connect(server.address).await;
    assert_eq!(victim.line().await, "220 ready");
    assert_eq!(witness.line().await, "220 ready");
    assert_eq!(victim.ask("PANIC").await, "");
    assert_eq!(witness.ask("alive").await, "> alive");
    server.until_open(1).await;
    let counters = server.metrics.snapshot();
    assert_eq!((counters.panics, counters.open), (1, 1));
}

#[tokio::test]
async fn a_drain_tells_the_sessions_and_ends_the_stubborn() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let mut polite = connect(server.address).await;
    let mut stubborn = connect(server.address).await;
    assert_eq!(polite.line().await, "220 ready");
    assert_eq!(stubborn.line().await, "220 ready");
    stubborn.send("HANG\r\n").await;
    assert_eq!(polite.ask("still").await, "> still");
    let report = server.gate.drain(Duration::from_millis(1500));
    let leaving = async move { polite.line().await };
    let (report, farewell) = tokio::join!(report, leaving);
    assert_eq!(farewell, "421 stopping");
    assert_eq!((report.sessions, report.aborted), (2, 1));
    assert_eq!(server.metrics.snapshot().aborted, 1);
    assert_eq!(stubborn.line().await, "");
    let refused = tokio::net::TcpStream::connect(server.address).await;
    assert!(refused.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_drain_without_sessions_takes_no_time() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let report = server.gate.drain(Duration::from_hours(1)).await;
    assert_eq!((report.sessions, report.aborted), (0, 0));
}

#[tokio::test]
async fn unix_sockets_have_their_mode_and_replace_leftovers() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let options = ListenerOptions {
        bind: Bind::Unix {
            path: path.clone(),
            mode: 0o600,
        },
        ..ListenerOptions::tcp("local", "127.0.0.1:0".parse().unwrap(), TlsMode::None)
    };
    let server = EchoServer::start(strict(GateLimits::default()), TlsMode::None);
    let listener = Listener::bind(options.clone()).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.gate.serve(listener, Arc::new(Echo));
    let mut client = Client::new(UnixStream::connect(&path).await.unwrap());
    assert_eq!(client.line().await, "220 ready");

    let error = Listener::bind(options.clone()).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::AddrInUse);
    drop(client);
    server.gate.drain(Duration::from_secs(5)).await;
    assert!(!path.exists());

    std::fs::write(&path, "a file").unwrap();
    let error = Listener::bind(options).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"a file");
}

#[tokio::test]
async fn a_taken_port_is_named_in_the_error() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let options = ListenerOptions::tcp("imap", server.address, TlsMode::None);
    let error = Listener::bind(options).unwrap_err();
    let expected = format!("imap: cannot listen at {}", server.address);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn ipv6_clients_are_served() {
    let server = EchoServer::start(GateOptions::default(), TlsMode::None);
    let address = "[::1]:0".parse().unwrap();
    let options = ListenerOptions::tcp("echo6", address, TlsMode::None);
    let listener = Listener::bind(options).unwrap();
    let address = listener.local_addr().unwrap();
    server.gate.serve(listener, Arc::new(Echo));
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(Client::new(stream).line().await, "220 ready");
}
