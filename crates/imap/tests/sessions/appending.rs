//! Many messages in one APPEND (RFC 3502).

use crate::{client::Client, stage::Host};

/// As many messages as one APPEND may bring.
const MOST: usize = 500;

/// An APPEND of that many small messages, sent without waiting.
fn append(tag: &str, count: usize) -> String {
    format!("{tag} APPEND Drafts{}\r\n", " {3+}\r\na\r\n".repeat(count))
}

hikyaku_db::on_both_engines! {
    /// As many as the limit says are stored together, one more and none is.
    async fn one_append_brings_many_messages_and_not_too_many(test: TestDatabase) {
        let host = Host::new(test).await;
        let mut client = Client::signed_in(&host).await;
        client.send(&append("a", MOST)).await;
        let line = client.line().await;
        assert!(line.starts_with("a OK [APPENDUID "), "{line}");
        assert!(line.ends_with(" 1:500] Appended"), "{line}");
        client.send(&append("b", MOST + 1)).await;
        assert_eq!(client.line().await, "b NO [LIMIT] more than 500 messages in one APPEND");
        client.done("c NOOP").await;
        assert_eq!(host.mailbox("taro", "Drafts").await.total, 500);
        host.check().await;
    }
}
