//! What a transcript cannot show: time, clients that do not behave, a database that is away.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_imap::Limits;
use hikyaku_mailstore::Limits as MailLimits;
use tokio::io::AsyncWriteExt as _;

use crate::{
    client::{Client, message},
    stage::{Host, quick_limits},
};

/// A limit of time that passes within a test.
const SHORT: Duration = Duration::from_millis(50);

hikyaku_db::on_both_engines! {
    /// Silence ends a session, in IDLE too.
    async fn silence_ends_a_session(test: TestDatabase) {
        let limits = Limits { idle: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut quiet = Client::signed_in(&host).await;
        assert_eq!(quiet.line().await, "* BYE You were silent for too long");
        // In one piece, so that no silence comes between.
        let mut idle = Client::stranger(&host).await;
        idle.send("a LOGIN taro@example.test \"himitsu no kotoba\"\r\nb IDLE\r\n").await;
        assert!(idle.line().await.starts_with("a OK"));
        assert_eq!(idle.line().await, "+ Idling");
        assert_eq!(idle.line().await, "* BYE You were silent for too long");
        host.until_sessions(0).await;
    }

    /// A stranger has a limited time in all, whatever it sends.
    async fn a_stranger_has_little_time(test: TestDatabase) {
        let limits = Limits { sign_in: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut client = Client::stranger(&host).await;
        let mut asked = 0;
        while client.0.write_all(b"a NOOP\r\n").await.is_ok() {
            asked += 1;
            let line = client.line().await;
            if line.starts_with("* BYE") {
                break;
            }
            assert_eq!(line, "a OK Nothing done");
        }
        assert!(asked > 0);
        let mut half = Client::stranger(&host).await;
        half.send("a LOGIN taro@exa").await;
        assert_eq!(half.line().await, "* BYE You were silent for too long");
        host.until_sessions(0).await;
    }

    /// A command that is begun must be ended.
    async fn silence_within_a_command_is_shorter(test: TestDatabase) {
        let limits = Limits { command: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        for half in ["a SELE", "a APPEND INBOX {10+}\r\n0123"] {
            let mut client = Client::signed_in(&host).await;
            client.send(half).await;
            assert_eq!(client.line().await, "* BYE You were silent for too long");
        }
        host.until_sessions(0).await;
        assert!(host.mailbox("taro", "INBOX").await.total == 0);
    }

    /// IDLE says now and then that it is still there.
    async fn an_idle_session_gives_signs_of_life(test: TestDatabase) {
        let limits = Limits { keep_alive: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut client = Client::in_inbox(&host).await;
        client.send("a IDLE\r\n").await;
        assert_eq!(client.line().await, "+ Idling");
        assert_eq!(client.line().await, "* OK Still here");
        assert_eq!(client.line().await, "* OK Still here");
        assert_eq!(host.imap.metrics().snapshot().idling, 1);
        client.send("DONE\r\n").await;
        let mut line = client.line().await;
        while line == "* OK Still here" {
            line = client.line().await;
        }
        assert_eq!(line, "a OK Idled");
        assert_eq!(host.imap.metrics().snapshot().idling, 0);
    }

    /// A client that does not take its answers is given up.
    async fn a_client_that_does_not_read_is_given_up(test: TestDatabase) {
        let mut host = Host::new(test).await;
        host.append("taro", "INBOX", vec![Bytes::from(vec![b'x'; 90_000])]).await;
        host.write_timeout = SHORT;
        host.pipe = 1000;
        let mut client = Client::in_inbox(&host).await;
        client.send("a FETCH 1 BODY.PEEK[]\r\n").await;
        host.until_sessions(0).await;
    }

    /// A TLS handshake that does not come ends the connection.
    async fn a_handshake_does_not_take_for_ever(test: TestDatabase) {
        let limits = Limits { handshake: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut client = Client::stranger(&host).await;
        client.send("a STARTTLS\r\n").await;
        assert_eq!(client.line().await, "a OK Begin TLS now");
        assert_eq!(client.line().await, "");
        host.until_sessions(0).await;
    }

    /// Who guesses passwords waits for each answer.
    async fn a_failed_sign_in_is_answered_late(test: TestDatabase) {
        let limits = Limits { failure_delay: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut client = Client::stranger(&host).await;
        let begun = std::time::Instant::now();
        client.send("a LOGIN taro@example.test wrong\r\n").await;
        assert!(client.line().await.starts_with("a NO [AUTHENTICATIONFAILED]"));
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(host.imap.metrics().snapshot().failed_sign_ins, 1);
    }

    /// Messages that come in at the same time share a limited memory.
    async fn appends_share_a_limited_memory(test: TestDatabase) {
        let limits = Limits { append_memory: 100_000, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let (mut one, mut other) = (Client::signed_in(&host).await, Client::signed_in(&host).await);
        // The first byte takes 64 KiB of the budget; this message never comes to its end.
        one.send("a APPEND INBOX {50000}\r\n").await;
        assert_eq!(one.line().await, "+ Go ahead");
        one.send("Subject: x\r\n").await;
        // Answered only after what was sent before it was read.
        other.done("a NOOP").await;
        let mut text = String::new();
        while !text.starts_with("b NO [UNAVAILABLE]") {
            other.send(&format!("b APPEND INBOX {{60000+}}\r\n{}\r\n", "y".repeat(60_000))).await;
            text = other.line().await;
        }
        drop(one);
        host.until_sessions(1).await;
        other.send(&format!("c APPEND INBOX {{60000+}}\r\n{}\r\n", "y".repeat(60_000))).await;
        assert!(other.line().await.starts_with("c OK [APPENDUID "));
        host.check().await;
    }

    /// When the database does not answer the client is told to come back, and the session goes on.
    async fn trouble_with_the_database_is_temporary(test: TestDatabase) {
        let host = Host::new(test).await;
        host.append("taro", "INBOX", vec![message(1)]).await;
        let mut client = Client::in_inbox(&host).await;
        let mut stranger = Client::stranger(&host).await;
        host.mail.db().close().await;
        for (command, tag) in [
            ("a NOOP", "a"),
            ("b STATUS INBOX (MESSAGES)", "b"),
            ("c FETCH 1 BODY[]", "c"),
            ("d STORE 1 +FLAGS (\\Seen)", "d"),
            ("e APPEND INBOX {10}", "e"),
            ("f SEARCH UNSEEN", "f"),
            ("g COPY 1 Trash", "g"),
            ("h EXPUNGE", "h"),
            ("i SELECT INBOX", "i"),
            ("j CREATE x", "j"),
        ] {
            client.send(&format!("{command}\r\n")).await;
            let line = client.line().await;
            assert_eq!(line, format!("{tag} NO [UNAVAILABLE] Temporary failure, try again later"));
        }
        client.done("k CAPABILITY").await;
        stranger.send("a LOGIN taro@example.test \"himitsu no kotoba\"\r\n").await;
        assert!(stranger.line().await.starts_with("a NO [UNAVAILABLE]"));
    }
}
