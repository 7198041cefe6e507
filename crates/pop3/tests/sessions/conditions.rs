//! What needs more than a conversation: dropped connections, silence, load, large messages.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_net::{Refusal, Service as _};
use hikyaku_pop3::{Limits, Pop3Options, SeenPolicy};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::{
    stage::{HOST, Host, quick_limits},
    transcript::Pipe,
};

const LOCAL: &str = "127.0.0.1:4000";
const SIGN_IN: &str = "USER taro@example.test\r\nPASS himitsu no kotoba\r\n";

/// A signed-in session and the line that says what is in the mailbox.
async fn signed_in(host: &Host) -> (BufReader<Box<dyn Pipe>>, String) {
    let mut client = BufReader::new(host.dial(LOCAL, false).await);
    client.write_all(SIGN_IN.as_bytes()).await.unwrap();
    let _greeting = line(&mut client).await;
    assert_eq!(line(&mut client).await, "+OK send PASS\r\n");
    let opened = line(&mut client).await;
    (client, opened)
}

async fn line(client: &mut BufReader<Box<dyn Pipe>>) -> String {
    let mut line = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(30), client.read_line(&mut line));
    reading.await.expect("a line comes in time").unwrap();
    line
}

async fn ask(client: &mut BufReader<Box<dyn Pipe>>, command: &str) -> String {
    client
        .write_all(format!("{command}\r\n").as_bytes())
        .await
        .unwrap();
    line(client).await
}

fn options(limits: Limits) -> Pop3Options {
    Pop3Options {
        host_name: HOST.to_owned(),
        limits,
        ..Pop3Options::default()
    }
}

hikyaku_db::on_both_engines! {
    /// A connection that breaks deletes nothing, and lets go of the mailbox.
    async fn a_dropped_connection_deletes_nothing(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain dots").await;
        for cut in ["", "QUI", "RETR 1\r\nDELE 1\r\n"] {
            let (mut client, opened) = signed_in(&host).await;
            assert!(opened.starts_with("+OK 2 messages"), "{opened}");
            assert_eq!(ask(&mut client, "DELE 1").await, "+OK message deleted\r\n");
            client.write_all(cut.as_bytes()).await.unwrap();
            drop(client);
            host.until_sessions(0).await;
        }
        assert_eq!(host.inbox("taro").await.len(), 2);
        assert_eq!(host.pop3.metrics().snapshot().deleted, 0);
    }

    /// A client that says nothing is left alone, without a word (RFC 1939 §3) and without
    /// deleting anything.
    async fn a_silent_client_is_logged_out(test: TestDatabase) {
        let limits = Limits {
            idle: Duration::from_secs(1),
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        host.act("append plain").await;
        let (mut client, _) = signed_in(&host).await;
        assert_eq!(ask(&mut client, "DELE 1").await, "+OK message deleted\r\n");
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
        assert_eq!(host.inbox("taro").await.len(), 1);
    }

    /// Silence before a sign-in ends the connection sooner.
    async fn silence_before_a_sign_in_is_not_waited_out(test: TestDatabase) {
        let limits = Limits {
            idle_before_sign_in: Duration::from_secs(1),
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        let mut client = BufReader::new(host.dial(LOCAL, false).await);
        assert!(line(&mut client).await.starts_with("+OK"));
        assert_eq!(line(&mut client).await, "");
    }

    /// The client of a connection that died unnoticed gets its mailbox back.
    async fn an_idle_session_gives_way(test: TestDatabase) {
        let limits = Limits {
            lock_patience: Duration::from_secs(30),
            lock_idle: Duration::ZERO,
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        host.act("append plain").await;
        let (mut old, _) = signed_in(&host).await;
        assert_eq!(ask(&mut old, "DELE 1").await, "+OK message deleted\r\n");
        let (mut new, opened) = signed_in(&host).await;
        assert!(opened.starts_with("+OK 1 messages"), "{opened}");
        assert_eq!(line(&mut old).await, "-ERR [IN-USE] another session took over\r\n");
        assert_eq!(line(&mut old).await, "");
        assert_eq!(ask(&mut new, "QUIT").await, "+OK good-bye\r\n");
        assert_eq!(host.inbox("taro").await.len(), 1);
    }

    /// A failed sign-in costs time.
    async fn a_failed_sign_in_is_answered_late(test: TestDatabase) {
        let limits = Limits {
            failure_delay: Duration::from_millis(200),
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        let mut client = BufReader::new(host.dial(LOCAL, false).await);
        let _greeting = line(&mut client).await;
        let start = tokio::time::Instant::now();
        client.write_all(b"USER taro@example.test\r\nPASS wrong\r\n").await.unwrap();
        assert_eq!(line(&mut client).await, "+OK send PASS\r\n");
        assert!(line(&mut client).await.starts_with("-ERR [AUTH]"));
        assert!(start.elapsed() >= Duration::from_millis(200));
    }

    /// Guessing is slowed down by the sign-in service, and told from a wrong password.
    async fn a_throttled_client_is_told_to_wait(test: TestDatabase) {
        let limits = Limits {
            failed_sign_ins: u32::MAX,
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        let mut client = BufReader::new(host.dial("192.0.2.1:4000", true).await);
        let _greeting = line(&mut client).await;
        for attempt in 0..1000 {
            assert_eq!(ask(&mut client, "USER taro@example.test").await, "+OK send PASS\r\n");
            let reply = ask(&mut client, &format!("PASS wrong {attempt}")).await;
            if reply.starts_with("-ERR [SYS/TEMP] too many failed sign-ins") {
                return;
            }
            assert!(reply.starts_with("-ERR [AUTH]"), "{reply}");
        }
        panic!("a thousand guesses were free");
    }

    /// Many messages are listed whole, and the limit of shown messages holds.
    async fn a_full_mailbox_is_listed_whole(test: TestDatabase) {
        let host = Host::new(test).await;
        let content = Bytes::from_static(b"Subject: n\r\n\r\nbody\r\n");
        host.append_many("taro", content, 2_500).await;
        let (mut client, opened) = signed_in(&host).await;
        assert_eq!(opened, "+OK 2500 messages (50000 octets)\r\n");
        for command in ["LIST", "UIDL"] {
            assert!(ask(&mut client, command).await.starts_with("+OK"));
            let mut values = std::collections::HashSet::new();
            for number in 1..=2_500 {
                let text = line(&mut client).await;
                let (found, value) = text.trim_end().split_once(' ').unwrap();
                assert_eq!(found, number.to_string());
                values.insert(value.to_owned());
            }
            assert_eq!(line(&mut client).await, ".\r\n");
            let expected = if command == "LIST" { 1 } else { 2_500 };
            assert_eq!(values.len(), expected, "{command}");
        }
        assert_eq!(ask(&mut client, "QUIT").await, "+OK good-bye\r\n");
    }

    /// More messages than a session shows: the oldest come first, the others when these are gone.
    async fn the_limit_of_messages_shows_the_oldest(test: TestDatabase) {
        let limits = Limits {
            messages: 3,
            ..quick_limits()
        };
        let host = Host::with(test, options(limits)).await;
        host.act("append plain plain dots header header").await;
        let (mut client, opened) = signed_in(&host).await;
        assert_eq!(opened, "+OK 3 messages (184 octets)\r\n");
        for number in 1..=3 {
            let reply = ask(&mut client, &format!("DELE {number}")).await;
            assert_eq!(reply, "+OK message deleted\r\n");
        }
        assert_eq!(ask(&mut client, "QUIT").await, "+OK good-bye\r\n");
        let (_client, opened) = signed_in(&host).await;
        assert_eq!(opened, "+OK 2 messages (48 octets)\r\n");
    }

    /// A large message arrives octet for octet, through a narrow pipe and TLS.
    async fn a_large_message_arrives_whole(test: TestDatabase) {
        let host = Host::new(test).await;
        let mut content = b"Subject: large\r\n\r\n".to_vec();
        for number in 0..100_000_u32 {
            let dots = if number % 7 == 0 { "." } else { "" };
            content.extend_from_slice(format!("{dots}{number} lines\r\n").as_bytes());
        }
        let content = Bytes::from(content);
        host.append("taro", content.clone()).await;
        let mut client = BufReader::new(host.dial("192.0.2.1:4000", true).await);
        let _greeting = line(&mut client).await;
        client.write_all(SIGN_IN.as_bytes()).await.unwrap();
        line(&mut client).await;
        line(&mut client).await;
        let expected = format!("+OK {} octets\r\n", content.len());
        assert_eq!(ask(&mut client, "RETR 1").await, expected);
        let mut got = Vec::with_capacity(content.len());
        loop {
            let text = line(&mut client).await;
            if text == ".\r\n" {
                break;
            }
            got.extend_from_slice(text.strip_prefix('.').unwrap_or(&text).as_bytes());
        }
        assert!(got == content);
        let counters = host.pop3.metrics().snapshot();
        assert_eq!(counters.retrieved, 1);
        assert_eq!(counters.retrieved_octets, content.len() as u64);
    }

    /// By default reading leaves the Seen flag alone; the policy sets it, at QUIT and not before.
    async fn the_seen_flag_follows_the_policy(test: TestDatabase) {
        let seen = async |host: &Host| {
            let inbox = host.inbox("taro").await;
            inbox.iter().map(|row| row.flags.is_seen()).collect::<Vec<_>>()
        };
        let fetch = async |host: &Host, end: &str| {
            let (mut client, _) = signed_in(host).await;
            client
                .write_all(format!("RETR 2\r\nTOP 1 5\r\n{end}").as_bytes())
                .await
                .unwrap();
            client.shutdown().await.unwrap();
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
            host.until_sessions(0).await;
        };
        let quiet = Pop3Options {
            seen: SeenPolicy::AtQuit,
            ..options(quick_limits())
        };
        let host = Host::with(test, quiet).await;
        host.act("append plain plain").await;
        fetch(&host, "").await;
        assert_eq!(seen(&host).await, [false, false], "no QUIT, no change");
        fetch(&host, "QUIT\r\n").await;
        assert_eq!(seen(&host).await, [false, true]);
    }

    /// The default policy.
    async fn reading_leaves_no_trace_by_default(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain").await;
        let (mut client, _) = signed_in(&host).await;
        client.write_all(b"RETR 1\r\nQUIT\r\n").await.unwrap();
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        assert!(rest.ends_with(".\r\n+OK good-bye\r\n"), "{rest}");
        assert!(!host.inbox("taro").await[0].flags.is_seen());
    }

    /// Octet by octet or all at once: the same replies.
    async fn how_commands_arrive_does_not_matter(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain dots").await;
        let script = format!("{SIGN_IN}STAT\r\nRETR 1\nTOP 2 1\r\nUIDL\r\nX\r\nDELE 2\r\nRSET\r\nQUIT\r\n");
        let mut replies = Vec::new();
        for size in [script.len(), 1, 7] {
            let stream = host.dial(LOCAL, false).await;
            let (mut reader, mut writer) = tokio::io::split(stream);
            let sending = async {
                for piece in script.as_bytes().chunks(size) {
                    writer.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let mut got = String::new();
            let ((), read) = tokio::join!(sending, reader.read_to_string(&mut got));
            read.unwrap();
            assert!(got.ends_with("+OK good-bye\r\n"), "{got}");
            replies.push(got);
        }
        replies.dedup();
        assert_eq!(replies.len(), 1, "{replies:?}");
    }

    /// Broken and random input ends in replies or in the end of the connection, never in a panic
    /// or a mailbox that stays locked.
    async fn nonsense_breaks_nothing(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain").await;
        let script = format!("{SIGN_IN}CAPA\r\nRETR 1\r\nTOP 1 2\r\nLIST\r\nUIDL 1\r\nAUTH PLAIN\r\n");
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).unwrap() % below
        };
        for _ in 0..150 {
            let mut input = script.clone().into_bytes();
            for _ in 0..=next(8) {
                let at = next(input.len());
                match next(4) {
                    0 => input[at] = u8::try_from(next(256)).unwrap(),
                    1 => input.truncate(at + 1),
                    2 => input.insert(at, u8::try_from(next(256)).unwrap()),
                    _ => {
                        let piece = input[at..].to_vec();
                        input.extend_from_slice(&piece);
                    }
                }
            }
            let mut client = host.dial(LOCAL, false).await;
            // A session that hung up does not take the rest.
            let _ = client.write_all(&input).await;
            client.shutdown().await.unwrap();
            let mut replies = Vec::new();
            client.read_to_end(&mut replies).await.unwrap();
            assert!(replies.starts_with(b"+OK "));
            host.until_sessions(0).await;
        }
        let (_client, opened) = signed_in(&host).await;
        assert!(opened.starts_with("+OK 1 messages"), "{opened}");
    }

    /// When the store cannot answer, the client hears that it will pass, and that nothing is
    /// deleted.
    async fn a_store_that_fails_is_told_as_temporary(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain").await;
        let (mut client, _) = signed_in(&host).await;
        assert_eq!(ask(&mut client, "DELE 1").await, "+OK message deleted\r\n");
        assert!(ask(&mut client, "RSET").await.starts_with("+OK"));
        host.mail.db().close().await;
        let unreadable = "-ERR [SYS/TEMP] the mailbox cannot be read at this moment\r\n";
        assert_eq!(ask(&mut client, "RETR 1").await, unreadable);
        assert_eq!(ask(&mut client, "TOP 1 1").await, unreadable);
        assert_eq!(ask(&mut client, "DELE 1").await, "+OK message deleted\r\n");
        let reply = ask(&mut client, "QUIT").await;
        assert_eq!(reply, "-ERR [SYS/TEMP] some deleted messages are not removed\r\n");
        let mut other = BufReader::new(host.dial(LOCAL, false).await);
        other.write_all(SIGN_IN.as_bytes()).await.unwrap();
        let _greeting = line(&mut other).await;
        assert_eq!(line(&mut other).await, "+OK send PASS\r\n");
        let reply = line(&mut other).await;
        assert_eq!(reply, "-ERR [SYS/TEMP] sign-in is not possible at this moment\r\n");
    }

    /// A content that does not match its hash is not served, and the client need not try again.
    async fn a_damaged_message_is_told_as_permanent(test: TestDatabase) {
        let host = Host::new(test).await;
        host.act("append plain dots").await;
        let (mut client, _) = signed_in(&host).await;
        let damaged: Result<u64, hikyaku_db::DbError> = host
            .mail
            .db()
            .write(hikyaku_db::Lane::Mail, |tx| {
                tx.execute("DELETE FROM blob", hikyaku_db::params![])
            })
            .await;
        assert_eq!(damaged.unwrap(), 2);
        let reply = ask(&mut client, "RETR 1").await;
        assert_eq!(reply, "-ERR [SYS/PERM] the mailbox is damaged, tell the administrator\r\n");
        assert!(ask(&mut client, "STAT").await.starts_with("+OK 2"));
    }

    /// Each refusal of the gate is one line of POP3 with a code.
    async fn refusals_are_pop3(test: TestDatabase) {
        let host = Host::new(test).await;
        for refusal in Refusal::ALL {
            let line = host.pop3.refusal(refusal);
            assert!(line.starts_with("-ERR [SYS/TEMP] "), "{line}");
            assert!(line.ends_with("\r\n") && line.len() <= 512, "{line}");
        }
    }

    /// No reply is longer than RFC 2449 §4 allows, whatever a client sends.
    async fn replies_have_at_most_512_octets(test: TestDatabase) {
        let host = Host::new(test).await;
        let (mut client, _) = signed_in(&host).await;
        let long = "9".repeat(240);
        for command in ["RETR", "LIST", "TOP 1", "DELE", "UIDL", "XTND"] {
            let reply = ask(&mut client, &format!("{command} {long}")).await;
            assert!(reply.len() <= 512, "{reply}");
        }
    }
}
