//! What a transcript cannot show: time, slow and hostile clients, many messages.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_imap::Limits;
use hikyaku_mailstore::Limits as MailLimits;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};

use crate::{
    stage::{Host, quick_limits},
    transcript::{PATIENCE, Pipe},
};

/// A limit of time that passes within a test.
const SHORT: Duration = Duration::from_millis(50);

/// A client that reads lines.
struct Client(BufReader<Box<dyn Pipe>>);

impl Client {
    async fn stranger(host: &Host) -> Self {
        let mut client = Self(BufReader::new(host.dial("127.0.0.1:4000", false).await));
        assert!(client.line().await.starts_with("* OK"));
        client
    }

    async fn signed_in(host: &Host) -> Self {
        Self(BufReader::new(host.signed_in("taro").await))
    }

    async fn in_inbox(host: &Host) -> Self {
        let mut client = Self::signed_in(host).await;
        client.done("s SELECT INBOX").await;
        client
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next line without its end; empty at the end of the connection.
    async fn line(&mut self) -> String {
        let mut line = Vec::new();
        timeout(PATIENCE, self.0.read_until(b'\n', &mut line))
            .await
            .expect("a line")
            .unwrap();
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Sends a command and gives the lines before its OK.
    async fn done(&mut self, command: &str) -> Vec<String> {
        self.send(&format!("{command}\r\n")).await;
        let tag = command.split(' ').next().unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            assert!(!line.is_empty(), "the connection ended");
            match line
                .strip_prefix(tag)
                .and_then(|rest| rest.strip_prefix(' '))
            {
                Some(answer) => {
                    assert!(answer.starts_with("OK"), "{command}: {line}");
                    return lines;
                }
                None => lines.push(line),
            }
        }
    }
}

fn message(number: usize) -> Bytes {
    format!("From: a@example.test\r\nSubject: number {number}\r\n\r\nbody {number}\r\n").into()
}

hikyaku_db::on_both_engines! {
    /// Silence ends a session, in IDLE too.
    async fn silence_ends_a_session(test: TestDatabase) {
        let limits = Limits { idle: SHORT, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let mut quiet = Client::signed_in(&host).await;
        assert_eq!(quiet.line().await, "* BYE You were silent for too long");
        let mut idle = Client::signed_in(&host).await;
        idle.send("a IDLE\r\n").await;
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

    /// Pages follow one another without gap: more messages than any page or chunk has.
    async fn many_messages_come_in_pages(test: TestDatabase) {
        let host = Host::new(test).await;
        let count = 1100;
        host.append("taro", "INBOX", (1..=count).map(message).collect()).await;
        let mut client = Client::in_inbox(&host).await;
        let flags = client.done("a FETCH 1:* FLAGS").await;
        assert_eq!(flags.len(), count);
        for (index, line) in flags.iter().enumerate() {
            assert_eq!(*line, format!("* {} FETCH (FLAGS (\\Recent))", index + 1));
        }
        let envelopes = client.done("b FETCH 1:120 ENVELOPE").await;
        for (index, line) in envelopes.iter().enumerate() {
            assert!(line.contains(&format!("\"number {}\"", index + 1)), "{line}");
        }
        assert_eq!(envelopes.len(), 120);
        // Odd ones only, so that the set has more ranges than a list of parameters has places.
        let odd: Vec<String> = (1..=count).step_by(2).map(|n| n.to_string()).collect();
        let odd_uids = client.done(&format!("c UID FETCH {} UID", odd.join(","))).await;
        assert_eq!(odd_uids.len(), count / 2);
        let stored = client.done("d STORE 1:* +FLAGS (\\Deleted)").await;
        assert_eq!(stored.len(), count);
        let found = client.done("e SEARCH DELETED 1000:*").await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].split(' ').count(), 2 + 101);
        let gone = client.done("f EXPUNGE").await;
        assert_eq!(gone.len(), count);
        assert_eq!(gone.last().unwrap(), "* 1 EXPUNGE");
        host.check().await;
    }

    /// Contents arrive whole through the narrowest pipe, and a message that comes byte by byte too.
    async fn contents_arrive_as_they_are(test: TestDatabase) {
        let mut host = Host::new(test).await;
        host.pipe = 100;
        let mut client = Client::signed_in(&host).await;
        let text: String = (0..9000).flat_map(|n| ["日本 ".repeat(n % 5), "\r\n".to_owned()]).collect();
        let content = &text.as_bytes()[..99_999];
        client.send(&format!("a APPEND INBOX {{{}}}\r\n", content.len())).await;
        assert_eq!(client.line().await, "+ Go ahead");
        let (first, rest) = content.split_at(300);
        for byte in first {
            client.0.write_all(&[*byte]).await.unwrap();
        }
        client.0.write_all(rest).await.unwrap();
        client.send("\r\n").await;
        assert!(client.line().await.starts_with("a OK [APPENDUID "));
        client.done("b SELECT INBOX").await;
        client.send("c FETCH 1 BODY.PEEK[]\r\n").await;
        assert_eq!(client.line().await, "* 1 FETCH (BODY[] {99999}");
        let mut got = vec![0; content.len()];
        client.0.read_exact(&mut got).await.unwrap();
        assert!(got == content);
        assert_eq!(client.line().await, ")");
        assert_eq!(client.line().await, "c OK Fetched");
        host.check().await;
    }

    /// A search is given up when nobody waits for its answer.
    async fn a_search_ends_with_its_client(test: TestDatabase) {
        let host = Host::new(test).await;
        host.append("taro", "INBOX", (1..=600).map(message).collect()).await;
        let mut client = Client::in_inbox(&host).await;
        client.send("a SEARCH TEXT nothing-like-this\r\n").await;
        drop(client);
        host.until_sessions(0).await;
        assert_eq!(host.imap.metrics().snapshot().searches_given_up, 1);
    }

    /// A session that is further behind than the change log remembers compares everything.
    async fn a_session_far_behind_compares_everything(test: TestDatabase) {
        let mail_limits = MailLimits { change_history: 20, ..MailLimits::default() };
        let host = Host::with(test, quick_limits(), mail_limits).await;
        host.append("taro", "INBOX", (1..=50).map(message).collect()).await;
        let mut behind = Client::in_inbox(&host).await;
        let mut other = Client::in_inbox(&host).await;
        other.done("a STORE 1:40 +FLAGS.SILENT (\\Seen)").await;
        other.done("b STORE 5,50 +FLAGS.SILENT (\\Deleted)").await;
        other.done("c EXPUNGE").await;
        for number in 51..=100 {
            host.append("taro", "INBOX", vec![message(number)]).await;
        }
        let purged = host.mail.purge().await.unwrap();
        assert!(purged.changes > 0);
        let told = behind.done("a NOOP").await;
        assert_eq!(told[..3], ["* 50 EXPUNGE", "* 5 EXPUNGE", "* 98 EXISTS"]);
        assert!(told[3].ends_with(" RECENT"));
        assert_eq!(told[4..].len(), 98);
        assert_eq!(told[4], "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))");
        // Both views agree from here on.
        other.done("d NOOP").await;
        assert_eq!(behind.done("b UID SEARCH ALL").await, other.done("e UID SEARCH ALL").await);
        host.check().await;
    }

    /// Watchers see every message, each once, whoever brings it, in the order of UIDs.
    async fn watchers_see_all_that_comes(test: TestDatabase) {
        let host = Host::new(test).await;
        let mut watcher = Client::in_inbox(&host).await;
        watcher.send("w IDLE\r\n").await;
        assert_eq!(watcher.line().await, "+ Idling");
        let bring = async {
            let writers = (0..4).map(|writer| {
                let host = &host;
                async move {
                    let mut client = Client::signed_in(host).await;
                    for number in 0..10 {
                        let content = message(writer * 100 + number);
                        client.send(&format!("a APPEND INBOX {{{}+}}\r\n", content.len())).await;
                        client.0.write_all(&content).await.unwrap();
                        client.send("\r\n").await;
                        assert!(client.line().await.starts_with("a OK"));
                    }
                }
            });
            let mut writers: Vec<_> = writers.map(Box::pin).collect();
            let (a, b) = writers.split_at_mut(2);
            let (a0, a1) = a.split_at_mut(1);
            let (b0, b1) = b.split_at_mut(1);
            tokio::join!(&mut a0[0], &mut a1[0], &mut b0[0], &mut b1[0]);
        };
        let watch = async {
            let mut seen = 0;
            while seen < 40 {
                let line = watcher.line().await;
                if let Some(count) = line.strip_suffix(" EXISTS") {
                    let count: u32 = count.trim_start_matches("* ").parse().unwrap();
                    assert!(count > seen, "{count} after {seen}");
                    seen = count;
                }
            }
        };
        tokio::join!(bring, watch);
        watcher.send("DONE\r\n").await;
        while watcher.line().await != "w OK Idled" {}
        let uids = watcher.done("a UID SEARCH ALL").await;
        let expected: Vec<String> = (1..=40).map(|uid| uid.to_string()).collect();
        assert_eq!(uids, [format!("* SEARCH {}", expected.join(" "))]);
        host.check().await;
    }

    /// A conversation means the same however its bytes are cut.
    async fn a_conversation_may_be_cut_anywhere(test: TestDatabase) {
        let host = Host::new(test).await;
        let talk = "a LOGIN taro@example.test {17+}\r\nhimitsu no kotoba\r\n\
            b SELECT {5+}\r\nINBOX\r\nc APPEND INBOX (\\Seen) {10+}\r\nSubject: x\r\n\
            d IDLE\r\nDONE\r\ne UID SEARCH SUBJECT {1+}\r\nx\r\nf LOGOUT\r\n";
        let mut answers: Vec<String> = Vec::new();
        for piece in [1, 3, 7, talk.len()] {
            let mut pipe = host.dial("127.0.0.1:4000", false).await;
            for piece in talk.as_bytes().chunks(piece) {
                pipe.write_all(piece).await.unwrap();
            }
            let mut answer = String::new();
            pipe.read_to_string(&mut answer).await.unwrap();
            let tagged = answer.lines().filter(|line| line.as_bytes()[1] == b' ');
            let tagged = tagged.filter(|line| !line.starts_with('*')).map(|line| {
                // The numbers grow with each round.
                line.chars().filter(|c| !c.is_ascii_digit()).collect::<String>()
            });
            answers.push(tagged.collect::<Vec<_>>().join("\n"));
        }
        assert_eq!(answers[0].lines().count(), 7, "{}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    }
}
