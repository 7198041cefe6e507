//! A mailbox with tens of thousands of messages.

use hikyaku_imap::Limits;
use hikyaku_mailstore::Limits as MailLimits;

use crate::{
    client::{Client, message},
    stage::{Host, quick_limits},
};

/// Fills INBOX with 2^15 and some more messages, by copying one again and again.
async fn fill(host: &Host) -> u32 {
    host.append("taro", "INBOX", vec![message(1)]).await;
    let (scope, inbox) = (host.scopes["taro"], host.mailbox("taro", "INBOX").await.id);
    for _ in 0..15 {
        let uids = host.mail.uids_of(scope, inbox).await.unwrap();
        host.mail.copy(scope, inbox, &uids, inbox).await.unwrap();
    }
    let uids = host.mail.uids_of(scope, inbox).await.unwrap();
    let some = &uids[..20_000];
    host.mail.copy(scope, inbox, some, inbox).await.unwrap();
    host.mailbox("taro", "INBOX").await.total
}

hikyaku_db::on_both_engines! {
    async fn a_large_mailbox_is_read_in_pages(test: TestDatabase) {
        let host = Host::new(test).await;
        let count = fill(&host).await;
        assert_eq!(count, 52_768);
        let mut client = Client::signed_in(&host).await;
        let selected = client.done("a SELECT INBOX").await;
        assert!(selected.contains(&format!("* {count} EXISTS")));
        let told = client.done("b FETCH 1:* FLAGS").await;
        assert_eq!(told.len(), 52_768);
        let ordered = told.iter().zip(1..).all(|(line, number)| {
            *line == format!("* {number} FETCH (FLAGS (\\Recent))")
        });
        assert!(ordered);
        let found = client.done("c UID SEARCH RETURN (COUNT MIN MAX) UNSEEN").await;
        let expected = format!("* ESEARCH (TAG \"c\") UID COUNT {count} MIN 1 MAX {count}");
        assert_eq!(found, [expected]);
        // Another session knows what this one knows, and what came since.
        client.done("d STORE 1,3,5:9 +FLAGS.SILENT (\\Seen \\Deleted)").await;
        client.done("e EXPUNGE").await;
        host.append("taro", "INBOX", vec![message(2)]).await;
        let mut other = Client::signed_in(&host).await;
        let selected = other.done("a SELECT INBOX").await;
        assert!(selected.contains(&"* 52762 EXISTS".to_owned()), "{selected:?}");
        assert!(selected.contains(&"* OK [UNSEEN 1] First unseen message".to_owned()));
        let told = other.done("b FETCH 1:3,* UID").await;
        let expected = [(1, 2), (2, 4), (3, 10), (52_762, 52_769)];
        let expected = expected.map(|(number, uid)| format!("* {number} FETCH (UID {uid})"));
        assert_eq!(told, expected);
    }

    /// Somebody who waits for a long search hears of it.
    async fn a_long_search_says_that_it_is_at_work(test: TestDatabase) {
        let limits = Limits { search_notice: std::time::Duration::ZERO, ..quick_limits() };
        let mail_limits = MailLimits { search_page_messages: 10, ..MailLimits::default() };
        let host = Host::with(test, limits, mail_limits).await;
        host.append("taro", "INBOX", (1..=30).map(message).collect()).await;
        let mut client = Client::in_inbox(&host).await;
        let told = client.done("a SEARCH BODY \"body 3\"").await;
        let notice = "* OK Still searching";
        assert_eq!(told, [notice, notice, notice, "* SEARCH 3 30"]);
        // The first one is enough: the rest is not looked at.
        assert_eq!(
            client.done("b SEARCH RETURN (MIN) BODY \"body 3\"").await,
            ["* ESEARCH (TAG \"b\") MIN 3"]
        );
        // What is only about numbers is not looked for in the mail.
        assert_eq!(client.done("c SEARCH 2:3,30 NOT 3").await, ["* SEARCH 2 30"]);
    }

    /// More contents than are read together, one of them larger than all that may be, and one
    /// message twice.
    async fn contents_come_in_batches(test: TestDatabase) {
        let limits = Limits { message: 1 << 20, ..quick_limits() };
        let host = Host::with(test, limits, MailLimits::default()).await;
        let body = |size: usize| format!("Subject: a\r\n\r\n{size:06}{}", "x".repeat(size));
        let sizes = [10, 600_000, 20, 300_000, 300_001, 30];
        let mail = sizes.iter().map(|size| body(*size).into_bytes().into());
        host.append("taro", "INBOX", mail.collect()).await;
        host.append("taro", "INBOX", (0..100).map(message).collect()).await;
        let mut client = Client::in_inbox(&host).await;
        client.done("a COPY 1 INBOX").await;
        let told = client.done("b FETCH 1:* BODY.PEEK[TEXT]<0.6>").await;
        let begins: Vec<&str> = told.iter().filter_map(|line| line.strip_suffix(")")).collect();
        assert_eq!(begins.len(), 107);
        assert_eq!(begins[..6], sizes.map(|size| format!("{size:06}")));
        assert_eq!(begins[6..8], ["body 0", "body 1"]);
        assert_eq!(begins[106], "000010");
        // Twice in one batch.
        let told = client.done("c FETCH 1,107 BODY.PEEK[TEXT]<4.6>").await;
        assert_eq!(told.iter().filter(|line| *line == "10xxxx)").count(), 2);
    }
}
