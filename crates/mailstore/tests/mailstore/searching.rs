//! SEARCH by scanning.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_mailstore::{
    AddressField, AppendMessage, DateTest, Day, Fields, FlagChange, Flags, Keyword, Limits,
    MailError, Query, SystemFlags, UidSet,
};
use hikyaku_types::{Id as _, MailboxId, OffsetTimestamp, Timestamp, Uid};

use crate::fixture::{World, flags, message, scope, sized, uid, uids};

async fn search(world: &World, query: Query) -> Vec<Uid> {
    let inbox = world.id("INBOX").await;
    world
        .mail
        .search(scope(1), inbox, &query, "Asia/Tokyo")
        .await
        .unwrap()
}

fn text(text: &str) -> Query {
    Query::Text(text.to_owned())
}

fn body(text: &str) -> Query {
    Query::Body(text.to_owned())
}

fn subject(text: &str) -> Query {
    Query::Subject(text.to_owned())
}

fn not(query: Query) -> Query {
    Query::Not(Box::new(query))
}

/// A mail in ISO-2022-JP, as Japanese mailers write it.
fn japanese() -> Bytes {
    let mut mail = b"From: =?ISO-2022-JP?B?GyRCOzNFREJATzobKEI=?= <taro@example.test>\r\n\
        To: hanako@example.test\r\n\
        Subject: =?ISO-2022-JP?B?GyRCMnE1RCROJCpDTiRpJDsbKEI=?=\r\n\
        Date: Sun, 4 Jan 2026 23:30:00 +0000\r\n\
        Message-ID: <jp@example.test>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n"
        .to_vec();
    // ガイドの件、了解しました。
    mail.extend(b"\x1b$B%,%$%I$N7o!\"N;2r$7$^$7$?!#\x1b(B\r\n");
    Bytes::from(mail)
}

fn multipart() -> Bytes {
    Bytes::from(
        "From: \"Smith, J.\" <JSmith@Example.ORG>\r\nCc: list: a@b, c@d;\r\nX-Tag: Äpfel  und\r\n Birnen\r\n\
         Subject: report\r\nDate: Tue, 6 Jan 2026 10:00:00 +0900\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         PHA+5Lya6K2w44GuPGI+6LOH5paZPC9iPjwvcD4=\r\n\
         --b\r\nContent-Type: application/pdf; name=\"budget.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nSGlkZGVuIHRleHQ=\r\n--b--\r\n",
    )
}

hikyaku_db::on_both_engines! {
    async fn japanese_is_found_as_it_reads(test: TestDatabase) {
        let world = World::new(test).await;
        let messages = [japanese(), multipart(), message("plain")];
        world
            .append_with("INBOX", messages, &Flags::default())
            .await;
        for (query, expected) in [
            (subject("会議"), vec![1]),
            (subject("お知らせ"), vec![1]),
            (Query::Address(AddressField::From, "山田".into()), vec![1]),
            (
                Query::Address(AddressField::From, "太郎 <taro".into()),
                vec![1],
            ),
            (body("了解"), vec![1]),
            (body("ｶﾞｲﾄﾞ"), vec![1]),
            (body("ガイド"), vec![1]),
            (body("がいど"), vec![]),
            (body("会議の資料"), vec![2]),
            (text("会議"), vec![1, 2]),
            (body("会議"), vec![2]),
            (text("存在しない"), vec![]),
        ] {
            assert_eq!(
                search(&world, query.clone()).await,
                uids(expected),
                "{query:?}"
            );
        }
    }

    async fn headers_and_bodies(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .append_with("INBOX", [multipart(), message("plain")], &Flags::default())
            .await;
        let header = |name: &str, contains: &str| Query::Header {
            name: name.into(),
            contains: contains.into(),
        };
        for (query, expected) in [
            (header("x-tag", "ÄPFEL UND BIRNEN"), vec![1]),
            (header("X-TAG", ""), vec![1]),
            (header("x-tag", "kirschen"), vec![]),
            (header("subject", ""), vec![1, 2]),
            (
                Query::Address(AddressField::From, "jsmith@example".into()),
                vec![1],
            ),
            (
                Query::Address(AddressField::From, "smith, j".into()),
                vec![1],
            ),
            (Query::Address(AddressField::Cc, "c@d".into()), vec![1]),
            (Query::Address(AddressField::To, "hanako".into()), vec![2]),
            (Query::Address(AddressField::Bcc, String::new()), vec![]),
            (body("budget.PDF"), vec![1]),
            (body("Hidden text"), vec![]),
            (body("application/pdf"), vec![]),
            (text("report"), vec![1]),
            (body("report"), vec![]),
            (subject(""), vec![1, 2]),
            (text("MESSAGE-ID: <plain"), vec![2]),
        ] {
            assert_eq!(
                search(&world, query.clone()).await,
                uids(expected),
                "{query:?}"
            );
        }
    }

    async fn rows_decide_what_they_can(test: TestDatabase) {
        let world = World::new(test).await;
        let messages = [sized("a", 500), sized("b", 1000), sized("c", 1500)];
        world
            .append_with("INBOX", messages, &Flags::default())
            .await;
        world
            .add_flags("INBOX", &uids([1, 2]), SystemFlags::SEEN)
            .await;
        let inbox = world.id("INBOX").await;
        let keyword = Keyword::new("Work").unwrap();
        let work = Flags::new(SystemFlags::FLAGGED, [keyword]).unwrap();
        world
            .mail
            .store(scope(1), inbox, &[uid(2)], FlagChange::Add(work))
            .await
            .unwrap();
        let rows = world.all_rows("INBOX", Fields::THREAD).await;
        for (query, expected) in [
            (Query::All, vec![1, 2, 3]),
            (Query::And(vec![]), vec![1, 2, 3]),
            (Query::Or(vec![]), vec![]),
            (Query::Flags(SystemFlags::SEEN), vec![1, 2]),
            (
                Query::Flags(SystemFlags::SEEN.union(SystemFlags::FLAGGED)),
                vec![2],
            ),
            (not(Query::Flags(SystemFlags::SEEN)), vec![3]),
            (Query::Keyword(Keyword::new("WORK").unwrap()), vec![2]),
            (Query::LargerThan(1000), vec![3]),
            (Query::SmallerThan(1000), vec![1]),
            (
                Query::Uids(uids([1, 3, 9]).into_iter().collect::<UidSet>()),
                vec![1, 3],
            ),
            (Query::Message(rows[1].message), vec![2]),
            (Query::Thread(rows[0].thread.unwrap()), vec![1]),
            (Query::ChangedSince(rows[1].modseq), vec![2]),
            (
                Query::And(vec![Query::Flags(SystemFlags::SEEN), body("body of b")]),
                vec![2],
            ),
            (
                Query::And(vec![Query::Flags(SystemFlags::DRAFT), body("body")]),
                vec![],
            ),
            (
                Query::Or(vec![Query::SmallerThan(600), body("of c.")]),
                vec![1, 3],
            ),
            (not(Query::Or(vec![body("of c."), subject("a")])), vec![2]),
        ] {
            assert_eq!(
                search(&world, query.clone()).await,
                uids(expected),
                "{query:?}"
            );
        }
    }

    async fn days_are_the_accounts_or_the_headers(test: TestDatabase) {
        let world = World::new(test).await;
        // 5 January in Tokyo, 4 January in UTC.
        let at = Timestamp(
            "2026-01-04T16:00:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_millisecond(),
        );
        let inbox = world.id("INBOX").await;
        let append = vec![
            AppendMessage {
                content: japanese(),
                flags: Flags::default(),
                internal_date: Some(OffsetTimestamp::utc(at)),
            },
            AppendMessage {
                content: Bytes::from_static(b"Subject: no date\r\n\r\n"),
                flags: flags(SystemFlags::SEEN),
                internal_date: None,
            },
        ];
        world.test.clock.advance(Duration::from_hours(48));
        world.mail.append(scope(1), inbox, append).await.unwrap();
        let day = |day| Day::new(2026, 1, day).unwrap();
        let find = async |query: Query, zone: &str| {
            world
                .mail
                .search(scope(1), inbox, &query, zone)
                .await
                .unwrap()
        };
        let on = |number| Query::InternalDate(DateTest::On(day(number)));
        assert_eq!(find(on(5), "Asia/Tokyo").await, uids([1]));
        assert_eq!(find(on(4), "Asia/Tokyo").await, uids([]));
        assert_eq!(find(on(4), "UTC").await, uids([1]));
        assert_eq!(
            find(Query::InternalDate(DateTest::Before(day(5))), "Asia/Tokyo").await,
            uids([])
        );
        assert_eq!(
            find(Query::InternalDate(DateTest::Since(day(5))), "Asia/Tokyo").await,
            uids([1, 2])
        );
        assert_eq!(
            find(Query::SaveDate(DateTest::On(day(7))), "UTC").await,
            uids([1, 2])
        );
        // Date: Sun, 4 Jan 2026 23:30:00 +0000 is the 4th wherever one reads it.
        for zone in ["Asia/Tokyo", "UTC"] {
            assert_eq!(
                find(Query::SentDate(DateTest::On(day(4))), zone).await,
                uids([1])
            );
            assert_eq!(
                find(Query::SentDate(DateTest::Before(day(5))), zone).await,
                uids([1])
            );
            assert_eq!(
                find(Query::SentDate(DateTest::Since(day(5))), zone).await,
                uids([])
            );
        }
        assert_eq!(
            find(Query::Younger(Duration::from_hours(1)), "UTC").await,
            uids([2])
        );
        assert_eq!(
            find(Query::Older(Duration::from_hours(1)), "UTC").await,
            uids([1])
        );
    }

    /// UIDs that the query names bound what is looked at.
    async fn named_uids_narrow_the_search(test: TestDatabase) {
        let limits = Limits {
            search_page_messages: 4,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 20).await;
        let set = |raw: &[u32]| {
            Query::Uids(uids(raw.iter().copied()).into_iter().collect::<UidSet>())
        };
        let inbox = world.id("INBOX").await;
        let both = Query::And(vec![body("body"), set(&[9, 10, 99]), set(&[3, 9, 10, 11])]);
        let page = world.mail.search_page(scope(1), inbox, &both, "UTC", None).await.unwrap();
        assert_eq!((page.uids(), page.next), (uids([9, 10]), None), "one page is enough");
        assert_eq!(search(&world, both).await, uids([9, 10]));
        let apart = Query::And(vec![set(&[1, 2]), set(&[5, 6])]);
        assert_eq!(search(&world, apart).await, []);
        assert_eq!(search(&world, set(&[])).await, []);
        let outside = not(set(&(3..=20).collect::<Vec<u32>>()));
        assert_eq!(search(&world, outside).await, uids([1, 2]));
    }

    /// Pages of a few messages and bytes find the same as one page.
    async fn pages_do_not_change_the_answer(test: TestDatabase) {
        let limits = Limits {
            search_page_messages: 3,
            search_page_bytes: 600,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 20).await;
        world.expunge("INBOX", &uids([4, 5, 6, 7])).await;
        let all: Vec<Uid> = world.snapshot("INBOX").await.uids.iter().collect();
        assert_eq!(search(&world, body("body of")).await, all);
        assert_eq!(
            search(&world, body("INBOX-1")).await,
            uids([2, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
        );
        let inbox = world.id("INBOX").await;
        let page = world
            .mail
            .search_page(scope(1), inbox, &body("INBOX-1"), "UTC", Some(uid(10)))
            .await
            .unwrap();
        assert_eq!((page.uids(), page.next), (uids([11, 12, 13]), Some(uid(13))));
        let last = world
            .mail
            .search_page(scope(1), inbox, &Query::All, "UTC", Some(uid(19)))
            .await
            .unwrap();
        assert_eq!((last.uids(), last.next), (uids([20]), None));
    }

    async fn a_mailbox_that_is_not_there_is_an_error(test: TestDatabase) {
        let world = World::new(test).await;
        let nowhere = MailboxId::from_i64(77);
        let result = world
            .mail
            .search(scope(1), nowhere, &Query::All, "UTC")
            .await;
        assert_eq!(result, Err(MailError::NoSuchMailbox));
    }

    /// A content that cannot be read matches nothing and hides nothing.
    async fn a_damaged_message_does_not_hide_the_others(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["first", "second", "third"]).await;
        world
            .write(|tx| {
                tx.execute(
                    "UPDATE blob SET data = ?1 WHERE hash =
                         (SELECT m.blob_hash FROM placement p
                          JOIN message m ON m.account_id = p.account_id AND m.id = p.message_id
                          WHERE p.uid = 2)",
                    hikyaku_db::params![&b"torn"[..]],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(search(&world, body("body of")).await, uids([1, 3]));
        let folder = tempfile::tempdir().unwrap();
        let options = hikyaku_mailstore::transfer::ExportOptions {
            format: hikyaku_mailstore::transfer::ExportFormat::Mbox,
            names: hikyaku_mailstore::transfer::NameEncoding::Utf7,
        };
        let report = world
            .mail
            .export(scope(1), None, options, folder.path(), |_| {})
            .await
            .unwrap();
        assert_eq!((report.exported, report.damaged), (2, 1));
    }
}
