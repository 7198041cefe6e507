//! Limits that are crossed nowhere else.

use hikyaku_db::params;
use hikyaku_mailstore::{
    AppendMessage, Flags, KEYWORDS_MAX, Keyword, LISTED_KEYWORDS_MAX, Limits, MailError,
    PAGE_ROWS_MAX, QUERY_DEPTH_MAX, Query, SystemFlags, check::FINDINGS_MAX,
};

use crate::fixture::{World, message, scope, sized, uids};

fn append(content: bytes::Bytes) -> AppendMessage {
    AppendMessage {
        content,
        flags: Flags::default(),
        internal_date: None,
    }
}

hikyaku_db::on_both_engines! {
    async fn atomic_operations_name_so_many_messages(test: TestDatabase) {
        let limits = Limits {
            atomic_messages: 3,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 3).await;
        let (inbox, archive) = (world.id("INBOX").await, world.id("Archive").await);
        let limit = MailError::TooManyMessages { limit: 3 };
        let four = (0..4).map(|n| append(message(&format!("x{n}")))).collect();
        let appended = world.mail.append(scope(1), inbox, four).await;
        assert_eq!(appended, Err(limit.clone()));
        assert_eq!(
            world.mail.append(scope(1), inbox, Vec::new()).await,
            Err(limit.clone())
        );
        let copied = world
            .mail
            .copy(scope(1), inbox, &uids(1..=4), archive)
            .await;
        assert_eq!(copied, Err(limit));
        world
            .mail
            .copy(scope(1), inbox, &uids(1..=3), archive)
            .await
            .unwrap();
        world.check().await;
    }

    async fn an_append_has_so_many_bytes(test: TestDatabase) {
        let limits = Limits {
            append_bytes: 1000,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        let inbox = world.id("INBOX").await;
        let two = vec![append(sized("a", 500)), append(sized("b", 501))];
        let appended = world.mail.append(scope(1), inbox, two).await;
        assert_eq!(appended, Err(MailError::TooLarge { limit: 1000 }));
        let two = vec![append(sized("a", 500)), append(sized("b", 500))];
        world.mail.append(scope(1), inbox, two).await.unwrap();
        world.check().await;
    }

    async fn queries_are_nested_so_deep(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        let inbox = world.id("INBOX").await;
        let nested =
            |depth: usize| (0..depth).fold(Query::All, |query, _| Query::Not(Box::new(query)));
        let found = world
            .mail
            .search(scope(1), inbox, &nested(QUERY_DEPTH_MAX), "UTC")
            .await;
        assert_eq!(found, Ok(uids([1])));
        let deeper = nested(QUERY_DEPTH_MAX + 1);
        let found = world.mail.search(scope(1), inbox, &deeper, "UTC").await;
        assert_eq!(
            found,
            Err(MailError::QueryTooDeep {
                limit: QUERY_DEPTH_MAX
            })
        );
    }

    async fn a_page_has_so_many_rows(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", PAGE_ROWS_MAX + 1).await;
        let rows = world
            .mail
            .rows(
                scope(1),
                world.id("INBOX").await,
                &hikyaku_mailstore::UidSet::all(),
                None,
                usize::MAX,
                hikyaku_mailstore::Fields::PLACEMENT,
            )
            .await
            .unwrap();
        assert_eq!(rows.len(), PAGE_ROWS_MAX);
    }

    /// A mailbox whose UIDs are used up takes nothing more, and says why.
    async fn uids_end(test: TestDatabase) {
        let world = World::new(test).await;
        let inbox = world.id("INBOX").await;
        world
            .write(move |tx| {
                tx.execute(
                    "UPDATE mailbox SET uid_next = 4294967295 WHERE id = ?1",
                    params![inbox],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        world.append("INBOX", &["last"]).await;
        let more = world
            .mail
            .append(scope(1), inbox, vec![append(message("more"))])
            .await;
        assert_eq!(more, Err(MailError::UidsExhausted));
        world.check().await;
    }

    async fn so_many_keywords_are_listed_for_a_mailbox(test: TestDatabase) {
        let world = World::new(test).await;
        let set = |number: usize| {
            let word = |n: usize| Keyword::new(&format!("k{number}-{n}")).unwrap();
            Flags::new(SystemFlags::NONE, (0..KEYWORDS_MAX).map(word)).unwrap()
        };
        for number in 0..4 {
            let text = message(&number.to_string());
            world.append_with("INBOX", [text], &set(number)).await;
        }
        let listed = world.snapshot("INBOX").await.keywords.len();
        assert_eq!(listed, LISTED_KEYWORDS_MAX);
        world.check().await;
    }

    async fn so_many_findings_are_listed_for_an_account(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", FINDINGS_MAX + 50).await;
        world
            .write(|tx| Ok(tx.execute("UPDATE placement SET keywords = 'b a'", params![])?))
            .await
            .unwrap();
        let findings = world.mail.check(scope(1)).await.unwrap();
        assert_eq!(findings.len(), FINDINGS_MAX);
    }
}
