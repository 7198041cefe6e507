//! Many messages, many commands, and bytes cut anywhere.

use hikyaku_mailstore::Limits as MailLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    client::{Client, message},
    stage::{Host, quick_limits},
};

hikyaku_db::on_both_engines! {
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

    /// What a client sends ahead of a long answer is kept, and not watched without end.
    async fn commands_may_be_sent_far_ahead(test: TestDatabase) {
        let host = Host::new(test).await;
        host.append("taro", "INBOX", (1..=300).map(message).collect()).await;
        let client = Client::in_inbox(&host).await;
        let (mut reader, mut writer) = tokio::io::split(client.0.into_inner());
        let count = 10_000;
        let send = async {
            let ahead = "n NOOP\r\n".repeat(count);
            assert!(ahead.len() > 64 * 1024);
            let text = format!("a SEARCH TEXT nothing-like-this\r\n{ahead}b LOGOUT\r\n");
            writer.write_all(text.as_bytes()).await.unwrap();
        };
        let read = async {
            let mut text = String::new();
            reader.read_to_string(&mut text).await.unwrap();
            text
        };
        let ((), text) = tokio::join!(send, read);
        assert!(text.starts_with("* SEARCH\r\na OK Searched\r\n"));
        assert_eq!(text.matches("n OK Nothing done\r\n").count(), count);
        assert!(text.ends_with("b OK Signed out\r\n"));
    }

    /// A list of many mailboxes comes whole.
    async fn many_mailboxes_are_listed(test: TestDatabase) {
        let host = Host::new(test).await;
        let mut client = Client::signed_in(&host).await;
        for number in 0..60 {
            client.done(&format!("a CREATE m{number}/below")).await;
            client.done(&format!("b SUBSCRIBE m{number}/below")).await;
        }
        assert_eq!(client.done("c LIST \"\" *").await.len(), 6 + 120);
        assert_eq!(client.done("d LIST \"\" m%").await.len(), 60);
        assert_eq!(client.done("e LSUB \"\" m%").await.len(), 60);
        assert_eq!(client.done("f LSUB \"\" m*").await.len(), 60);
        host.check().await;
    }
}
