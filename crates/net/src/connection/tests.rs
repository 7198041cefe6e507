//! Lines, literals and deadlines over an in-memory pipe.

use std::{net::SocketAddr, time::Duration};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::ClosedZone;

const SECOND: Duration = Duration::from_secs(1);
const RULE: LineRule = LineRule::lenient(100);

fn options() -> ConnectionOptions {
    let address: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    ConnectionOptions::new(ClosedZone::default().peer(address))
}

fn pair() -> (DuplexStream, Connection) {
    pair_of(64 * 1024)
}

fn pair_of(octets: usize) -> (DuplexStream, Connection) {
    let (client, server) = duplex(octets);
    (client, Connection::new(server, options()))
}

/// What reading lines gives until the connection ends, in a form that is easy to compare.
async fn lines(connection: &mut Connection, rule: LineRule) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match connection.read_line(rule, SECOND).await {
            Ok(line) => lines.push(String::from_utf8(line).unwrap()),
            Err(ReadError::LineTooLong(line)) => {
                lines.push(format!("too long {}", line.start.len()));
            }
            Err(ReadError::BareLineEnd) => lines.push("bare".to_owned()),
            Err(error) => {
                lines.push(format!("<{error}>"));
                return lines;
            }
        }
    }
}

#[tokio::test]
async fn lines_are_the_same_however_they_arrive() {
    let end = "<the client closed the connection>";
    let cut = "<the connection ended within a command>";
    let cases: [(&str, LineEnding, &[&str]); 8] = [
        ("a\r\nbc\r\n\r\n", LineEnding::Strict, &["a", "bc", "", end]),
        ("a\nbc\r\n", LineEnding::Strict, &["bare", "bc", end]),
        ("a\rb\r\nc\r\n", LineEnding::Strict, &["bare", "c", end]),
        ("a\r\r\nc\r\n", LineEnding::Strict, &["bare", "c", end]),
        ("a\nb\r\n\n", LineEnding::Lenient, &["a", "b", "", end]),
        ("a\rb\n", LineEnding::Lenient, &["a\rb", end]),
        ("a\r\nb", LineEnding::Lenient, &["a", cut]),
        ("", LineEnding::Strict, &[end]),
    ];
    for (input, ending, expected) in cases {
        let rule = LineRule {
            max_octets: 10,
            ending,
        };
        for split in 0..=input.len() {
            let (mut client, mut connection) = pair();
            let (first, second) = input.as_bytes().split_at(split);
            let client = async move {
                client.write_all(first).await.unwrap();
                tokio::task::yield_now().await;
                client.write_all(second).await.unwrap();
            };
            let (found, ()) = tokio::join!(lines(&mut connection, rule), client);
            assert_eq!(found, expected, "{input:?} split at {split}");
        }
        let (mut client, mut connection) = pair_of(1);
        let drip = async move {
            for octet in input.as_bytes() {
                client.write_all(&[*octet]).await.unwrap();
            }
        };
        let (found, ()) = tokio::join!(lines(&mut connection, rule), drip);
        assert_eq!(found, expected, "{input:?} one octet at a time");
    }
}

#[tokio::test]
async fn the_line_limit_counts_the_line_end() {
    for (length, expected) in [(8, "aaaaaaaa"), (9, "too long 9"), (200, "too long 64")] {
        for chunk in [1, 3, 1000] {
            let (mut client, mut connection) = pair();
            let rule = LineRule::strict(10);
            let text = format!("{}\r\nnext\r\n", "a".repeat(length));
            let sending = async move {
                for piece in text.as_bytes().chunks(chunk) {
                    client.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let (found, ()) = tokio::join!(lines(&mut connection, rule), sending);
            let found: Vec<_> = found.iter().map(String::as_str).take(2).collect();
            assert_eq!(found, [expected, "next"], "{length} by {chunk}");
        }
    }
}

#[tokio::test]
async fn a_line_without_end_is_cut_off_in_bounded_memory() {
    let (mut client, mut connection) = pair();
    let sending = async {
        let junk = [b'a'; 4096];
        while client.write_all(&junk).await.is_ok() {}
    };
    let reading = async {
        let error = connection.read_line(RULE, SECOND).await.unwrap_err();
        assert!(matches!(error, ReadError::EndlessLine), "{error}");
        assert!(connection.input.len() <= INPUT_STEP * 2);
        drop(connection);
    };
    tokio::join!(sending, reading);
}

#[tokio::test(start_paused = true)]
async fn silent_and_dripping_clients_time_out() {
    let (mut client, mut connection) = pair();
    let error = connection.read_line(RULE, SECOND).await.unwrap_err();
    assert!(matches!(error, ReadError::TimedOut), "{error}");

    let start = tokio::time::Instant::now();
    let drip = async {
        for _ in 0..50 {
            client.write_all(b"a").await.unwrap();
            tokio::time::sleep(SECOND / 3).await;
        }
    };
    tokio::select! {
        result = connection.read_line(RULE, 2 * SECOND) => {
            let error = result.unwrap_err();
            assert!(matches!(error, ReadError::TimedOut), "{error}");
            assert_eq!(start.elapsed(), 2 * SECOND);
        }
        () = drip => unreachable!("the line should have timed out"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_literal_needs_a_minimum_speed() {
    let (mut client, mut connection) = pair();
    client.write_all(b"12345").await.unwrap();
    let got = connection.read_exact(3, SECOND).await.unwrap();
    assert_eq!(got, b"123");
    assert_eq!(connection.buffered(), b"45");

    let error = connection.read_exact(3, SECOND).await.unwrap_err();
    assert!(matches!(error, ReadError::TimedOut), "{error}");

    let drip = async {
        let piece = [b'a'; 1000];
        loop {
            client.write_all(&piece).await.unwrap();
            tokio::time::sleep(SECOND / 10).await;
        }
    };
    tokio::select! {
        // 1,000 octets per 0.1 s are too slow for 16 KiB per second.
        result = connection.read_exact(1_000_000, SECOND) => {
            assert!(matches!(result, Err(ReadError::TimedOut)));
        }
        () = drip => {}
    }
}

#[tokio::test]
async fn literals_arrive_whole_and_leave_the_rest() {
    let octets: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
    for (room, first) in [(7, 1), (4096, 100), (1024 * 1024, 0)] {
        let (mut client, mut connection) = pair_of(room);
        let sent = octets.clone();
        let sending = async move {
            client.write_all(&sent[..first]).await.unwrap();
            tokio::task::yield_now().await;
            client.write_all(&sent[first..]).await.unwrap();
            client.write_all(b" tail\r\n").await.unwrap();
        };
        let reading = async {
            let got = connection.read_exact(octets.len(), SECOND).await.unwrap();
            assert!(got == octets, "room {room}");
            assert!(got.capacity() <= 2 * octets.len());
            assert_eq!(connection.read_line(RULE, SECOND).await.unwrap(), b" tail");
            let error = connection.read_exact(1, SECOND).await.unwrap_err();
            assert!(matches!(error, ReadError::Closed), "{error}");
        };
        tokio::join!(sending, reading);
    }
}

#[tokio::test]
async fn an_announced_literal_costs_no_memory_until_it_comes() {
    let (client, mut connection) = pair();
    drop(client);
    let reading = connection.read_exact(usize::MAX, SECOND).await;
    assert!(matches!(reading, Err(ReadError::Truncated)));
}

#[tokio::test]
async fn a_cancelled_read_loses_nothing() {
    let (mut client, mut connection) = pair();
    client.write_all(b"half ").await.unwrap();
    for _ in 0..3 {
        tokio::select! {
            biased;
            result = connection.read_line(RULE, SECOND) => panic!("no line yet: {result:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    client.write_all(b"whole\r\n").await.unwrap();
    let line = connection.read_line(RULE, SECOND).await.unwrap();
    assert_eq!(line, b"half whole");
}

#[tokio::test]
async fn a_drain_interrupts_between_commands_only() {
    let (mut client, mut connection) = pair();
    client.write_all(b"one\r\ntwo").await.unwrap();
    connection.drain_token().cancel();
    assert_eq!(connection.read_line(RULE, SECOND).await.unwrap(), b"one");
    client.write_all(b"\r\n12").await.unwrap();
    assert_eq!(connection.read_line(RULE, SECOND).await.unwrap(), b"two");
    assert_eq!(connection.read_exact(2, SECOND).await.unwrap(), b"12");
    let error = connection.read_line(RULE, SECOND).await.unwrap_err();
    assert!(matches!(error, ReadError::Draining), "{error}");
    assert!(connection.is_draining());
}

#[tokio::test]
async fn replies_leave_together_when_the_session_waits() {
    let (mut client, mut connection) = pair();
    client.write_all(b"a\r\nb\r\n").await.unwrap();
    let mut room = [0; 100];
    for reply in ["one\r\n", "two\r\n"] {
        connection.read_line(RULE, SECOND).await.unwrap();
        connection.write(reply.as_bytes()).await.unwrap();
        tokio::select! {
            biased;
            read = client.read(&mut room) => panic!("{read:?} left too early"),
            () = tokio::task::yield_now() => {}
        }
    }
    let waiting = tokio::spawn(async move { connection.read_line(RULE, SECOND).await.is_err() });
    let count = client.read(&mut room).await.unwrap();
    assert_eq!(&room[..count], b"one\r\ntwo\r\n");
    drop(client);
    assert!(waiting.await.unwrap());
}

#[tokio::test]
async fn output_of_any_size_arrives_in_order() {
    let (mut client, mut connection) = pair_of(1000);
    let sizes = [
        0,
        1,
        100,
        MAX_OUTPUT_OCTETS - 1,
        MAX_OUTPUT_OCTETS,
        MAX_PIECE_OCTETS * 2 + 7,
        3,
        20_000,
    ];
    let sending = tokio::spawn(async move {
        for (n, size) in sizes.into_iter().enumerate() {
            connection.write(&vec![n as u8; size]).await.unwrap();
            assert!(connection.output.len() <= MAX_OUTPUT_OCTETS);
        }
        connection.close().await.unwrap();
    });
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    sending.await.unwrap();
    let expected: Vec<u8> = sizes
        .into_iter()
        .enumerate()
        .flat_map(|(n, size)| vec![n as u8; size])
        .collect();
    assert!(got == expected);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up() {
    let (_client, mut connection) = pair_of(10);
    let start = tokio::time::Instant::now();
    connection.write(b"longer than ten octets").await.unwrap();
    let error = connection.flush().await.unwrap_err();
    assert!(matches!(error, WriteError::TimedOut), "{error}");
    assert_eq!(start.elapsed(), WRITE_TIMEOUT);

    let (_client, mut connection) = pair_of(10);
    let error = connection
        .write(&vec![0; MAX_PIECE_OCTETS])
        .await
        .unwrap_err();
    assert!(matches!(error, WriteError::TimedOut), "{error}");

    let (_client, mut connection) = pair_of(10);
    connection.write(b"longer than ten octets").await.unwrap();
    let error = connection.read_line(RULE, SECOND).await.unwrap_err();
    assert!(matches!(error, ReadError::Output(_)), "{error}");
}

#[tokio::test]
async fn an_idle_connection_holds_no_buffers() {
    let (mut client, mut connection) = pair();
    let line = vec![b'x'; 8000];
    client.write_all(&line).await.unwrap();
    client.write_all(b"\r\n").await.unwrap();
    connection.write(b"a reply\r\n").await.unwrap();
    connection
        .read_line(LineRule::strict(10_000), SECOND)
        .await
        .unwrap();
    tokio::select! {
        biased;
        _ = connection.read_line(RULE, SECOND) => unreachable!("nothing was sent"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(connection.input.capacity(), 0);
    assert_eq!(connection.output.capacity(), 0);
}

#[tokio::test]
async fn the_last_reply_is_seen_although_the_client_still_sends() {
    let (mut client, mut connection) = pair_of(100);
    connection.write(b"bye\r\n").await.unwrap();
    let sending = async {
        let (mut reader, mut writer) = tokio::io::split(&mut client);
        let flood = async { while writer.write_all(&[b'x'; 50]).await.is_ok() {} };
        let mut got = Vec::new();
        let ((), read) = tokio::join!(flood, reader.read_to_end(&mut got));
        read.unwrap();
        got
    };
    let (closed, got) = tokio::join!(connection.close_lingering(), sending);
    closed.unwrap();
    assert_eq!(got, b"bye\r\n");
}

#[tokio::test(start_paused = true)]
async fn lingering_has_an_end() {
    let (_client, connection) = pair();
    let start = tokio::time::Instant::now();
    connection.close_lingering().await.unwrap();
    assert_eq!(start.elapsed(), LINGER_TIMEOUT);
}

#[tokio::test]
async fn a_handed_over_transport_gives_what_was_read_first() {
    let (mut client, mut connection) = pair();
    client.write_all(b"line\r\nGET /").await.unwrap();
    assert_eq!(connection.read_line(RULE, SECOND).await.unwrap(), b"line");
    let mut transport = connection.into_transport();
    client.write_all(b" HTTP").await.unwrap();
    drop(client);
    let mut got = String::new();
    transport.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "GET / HTTP");
}

#[tokio::test]
async fn without_tls_configured_there_is_no_upgrade() {
    let (_client, mut connection) = pair();
    assert!(!connection.offers_tls());
    assert!(!connection.allows_plain_passwords());
    let error = connection.start_tls(SECOND).await.unwrap_err();
    assert!(matches!(error, StartTlsError::NotOffered), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_an_end_lasts_until_something_comes() {
    let (mut client, mut connection) = pair();
    let late = async move {
        tokio::time::sleep(Duration::from_hours(24)).await;
        client.write_all(b"x\r\n").await.unwrap();
        client
    };
    let (filled, _client) = tokio::join!(connection.fill_more(Duration::MAX), late);
    assert_eq!(filled.unwrap(), b"x\r\n");
    assert_eq!(
        connection.read_line(RULE, Duration::MAX).await.unwrap(),
        b"x"
    );
}
