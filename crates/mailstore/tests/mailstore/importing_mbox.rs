//! Importing mbox files.

use hikyaku_mailstore::{
    Fields, Flags, Keyword, SystemFlags,
    transfer::{IMPORT_BATCH_BYTES, MaildirSource, MboxSource, SkipReason, TransferError},
};
use hikyaku_types::{Timestamp, Uid};
use std::fmt::Write as _;
use tempfile::TempDir;

use crate::{
    fixture::{World, flags, path, scope, uids},
    transfers::{at, contents, counts, import, imported, many, mbox, put, try_import},
};

const DIALECTS: &str = "\
From taro@example.jp Mon Jan  5 09:00:00 2026
Subject: quoted
Status: RO

>From here
>>From there
From me to you
> From nowhere

From - Mon Jan 05 09:00:00 +0900 2026
Subject: length
Content-Length: 73
X-Status: AF
X-Keywords: Work $Label1

From taro@example.jp Mon Jan  5 09:00:00 2026
>From is not quoted here
x

From a@b Mon Jan  5 09:00:00 2026
Subject: wrong length
Content-Length: 5

body of four
lines

From a@b Mon Jan  5 09:00:00 2026
Received: from x by y; Tue, 6 Jan 2026 10:00:00 +0900
Subject: header only

From a@b Mon Jan  5 09:00:00 2026
Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA

From a@b Mon Jan  5 09:00:00 2026
Subject: last

no line end";

hikyaku_db::on_both_engines! {
    async fn every_dialect_of_mbox(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        for (name, text) in [
            ("lf", DIALECTS.to_owned()),
            (
                "crlf",
                DIALECTS
                    .replace('\n', "\r\n")
                    .replace("Content-Length: 73", "Content-Length: 76"),
            ),
        ] {
            let file = put(&folder, name, text);
            let report = import(&world, mbox(&file, name)).await;
            assert_eq!(counts(&report), (5, 0, 0), "{:?}", report.skips);
            assert_eq!(report.counts.dropped, 1);
            assert_eq!(
                contents(&world, name).await,
                [
                    "Subject: quoted\r\n\r\nFrom here\r\n>From there\r\nFrom me to you\r\n> From nowhere\r\n",
                    "Subject: length\r\n\r\nFrom taro@example.jp Mon Jan  5 09:00:00 2026\r\n>From is not quoted here\r\nx\r\n",
                    "Subject: wrong length\r\n\r\nbody of four\r\nlines\r\n",
                    "Received: from x by y; Tue, 6 Jan 2026 10:00:00 +0900\r\nSubject: header only\r\n\r\n",
                    "Subject: last\r\n\r\nno line end",
                ],
                "{name}"
            );
            let rows = world.all_rows(name, Fields::PLACEMENT).await;
            assert_eq!(rows[0].flags, flags(SystemFlags::SEEN));
            let words = ["Work", "$Label1"].map(|word| Keyword::new(word).unwrap());
            let marked = SystemFlags::ANSWERED.union(SystemFlags::FLAGGED);
            assert_eq!(rows[1].flags, Flags::new(marked, words).unwrap());
            let dates: Vec<Timestamp> = rows.iter().map(|row| row.internal_date.at).collect();
            assert_eq!(dates[0], at("2026-01-05T09:00:00Z"));
            assert_eq!(dates[1], at("2026-01-05T00:00:00Z"), "its own offset");
            assert_eq!(dates[3], at("2026-01-06T01:00:00Z"), "as Received says");
        }
        world.check().await;
    }

    async fn what_is_too_large_is_reported_and_passed_over(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let huge = format!("Subject: huge\n\n{}\n\n", "x".repeat(300_000));
        let text = format!(
            "{}From a@b Mon Jan  5 09:00:00 2026\n{huge}{}",
            many(1),
            many(2)
        );
        let file = put(&folder, "in", &text);
        let report = import(&world, mbox(&file, "in").with_message_limit(100_000)).await;
        assert_eq!(counts(&report), (3, 0, 1));
        assert_eq!(
            report.skips[0].reason,
            SkipReason::TooLarge { limit: 100_000 }
        );
        let offset = many(1).len() as u64;
        assert_eq!(report.skips[0].place.offset, Some(offset));
        assert_eq!(report.skips[0].folder, path("in"));
        let report = import(&world, mbox(&file, "in")).await;
        assert_eq!(counts(&report), (1, 3, 0));
        let maildir = TempDir::new().unwrap();
        put(&maildir, "cur/1.a:2,S", &huge);
        put(&maildir, "cur/2.b:2,S", "Subject: small\n\n");
        let source = MaildirSource::open(maildir.path())
            .unwrap()
            .with_message_limit(100_000);
        assert_eq!(counts(&import(&world, source).await), (1, 0, 1));
        world.check().await;
    }

    /// Thunderbird's tree, with what else lies there.
    async fn a_folder_of_mboxes(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "Inbox", many(1));
        put(&folder, "Projects.mbox", many(2));
        put(&folder, "Projects.sbd/会議", many(3));
        put(&folder, "Projects.sbd/会議.msf", "index");
        put(&folder, "Empty.mbox", "");
        put(&folder, "notes.txt", "From the beginning\n");
        put(&folder, ".hidden", many(1));
        put(&folder, "Half.mbox.part", many(1));
        put(&folder, "送信済みトレイ", many(4));
        put(&folder, "Apple.mbox/mbox", many(5));
        // UW-IMAP and Dovecot.
        put(&folder, "&U,BTFw-/&ZeVnLIqe-", many(6));
        std::os::unix::fs::symlink("Inbox", folder.path().join("Linked")).unwrap();
        let report = import(&world, MboxSource::folder(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (21, 0, 0), "{:?}", report.skips);
        let expected = [
            (path("INBOX"), 1),
            (path("Projects"), 2),
            (path("Projects/会議"), 3),
            (path("Sent"), 4),
            (path("Apple"), 5),
            (path("台北/日本語"), 6),
        ];
        assert_eq!(imported(&report), expected.into());
        assert_eq!(world.mailbox(scope(1), "Empty").await.total, 0);
        let subscribed = world.mail.subscriptions(scope(1)).await.unwrap();
        assert!(subscribed.contains(&path("Projects/会議")));
        assert_eq!(report.percent(), Some(100));
        world.check().await;
    }

    /// A file that cannot be read is reported; the others come in.
    async fn one_broken_file_of_many(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "a", many(2));
        put(&folder, "b", many(3));
        let source = MboxSource::folder(folder.path()).unwrap();
        std::fs::remove_file(folder.path().join("a")).unwrap();
        std::os::unix::fs::symlink("b", folder.path().join("a")).unwrap();
        let report = import(&world, source).await;
        assert_eq!(counts(&report), (3, 0, 1));
        assert!(
            matches!(report.skips[0].reason, SkipReason::Unreadable(_)),
            "{:?}",
            report.skips
        );
        assert_eq!(report.skips[0].folder, path("a"));
        world.check().await;
    }

    async fn subscriptions_are_the_server_s(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "Wanted", many(1));
        put(&folder, "Other", many(1));
        put(&folder, ".subscriptions", "Wanted\n");
        import(&world, MboxSource::folder(folder.path()).unwrap()).await;
        let subscribed = world.mail.subscriptions(scope(1)).await.unwrap();
        assert!(subscribed.contains(&path("Wanted")) && !subscribed.contains(&path("Other")));
        world.check().await;
    }

    /// Large messages are handed on before there are many of them.
    async fn batches_have_so_many_bytes(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let large = usize::try_from(IMPORT_BATCH_BYTES).unwrap() * 2 / 3;
        let mut text = String::new();
        for n in 0..4 {
            let body = "x".repeat(large);
            let from = "From a@b Mon Jan  5 09:00:00 2026";
            write!(text, "{from}\nSubject: {n}\n\n{body}\n\n").unwrap();
        }
        let file = put(&folder, "in", &text);
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (4, 0, 0));
        let rows = world.all_rows("in", Fields::PLACEMENT).await;
        let modseqs: Vec<_> = rows.iter().map(|row| row.modseq).collect();
        assert_eq!(modseqs[0], modseqs[1]);
        assert!(modseqs[1] < modseqs[2], "another transaction");
        world.check().await;
    }

    /// Lines longer than any buffer, wherever the buffer ends.
    async fn endless_lines_are_read(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let mut text = String::new();
        let mut expected = Vec::new();
        for length in [65_500, 65_535, 65_536, 65_537, 200_000] {
            let body = format!("{}From x\nend", "y".repeat(length));
            let header = format!("Subject: {length}");
            write!(
                text,
                "From a@b Mon Jan  5 09:00:00 2026\n{header}\n\n{body}\n\n"
            )
            .unwrap();
            expected.push(format!(
                "Subject: {length}\r\n\r\n{}\r\n",
                body.replace('\n', "\r\n")
            ));
        }
        let file = put(&folder, "in", &text);
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (5, 0, 0));
        assert_eq!(contents(&world, "in").await, expected);
        let seen: Vec<Uid> = world.snapshot("in").await.uids.iter().collect();
        assert_eq!(seen, uids(1..=5));
        world.check().await;
    }

    async fn what_is_no_mail_is_refused(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let text = put(
            &folder,
            "text",
            "Hello\nFrom a@b Mon Jan  5 09:00:00 2026\n",
        );
        let result = try_import(&world, mbox(&text, "x")).await;
        assert!(
            matches!(result, Err(TransferError::NotMbox { .. })),
            "{result:?}"
        );
        let result = MaildirSource::open(folder.path());
        assert!(
            matches!(result, Err(TransferError::NotMaildir { .. })),
            "{result:?}"
        );
        let result = MboxSource::file(&folder.path().join("none"), path("x"));
        assert!(
            matches!(result, Err(TransferError::File { .. })),
            "{result:?}"
        );
        world.check().await;
    }
}
