//! Importing mbox and Maildir.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use hikyaku_mailstore::{
    Fields, Flags, Keyword, Limits, MessageRow, QuotaKind, SystemFlags,
    transfer::{
        Ended, FailureReason, Found, IMPORT_BATCH_BYTES, ImportReport, MaildirSource, MboxSource,
        Source, TransferError,
    },
};
use hikyaku_types::{Timestamp, Uid};
use tempfile::TempDir;

use crate::fixture::{World, flags, path, scope, uids};

fn put(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn mbox(path: &Path, folder: &str) -> MboxSource {
    MboxSource::file(path, crate::fixture::path(folder)).unwrap()
}

async fn import(world: &World, source: impl Source + Send + 'static) -> ImportReport {
    world.mail.import(scope(1), source, |_| ()).await.unwrap()
}

fn counts(report: &ImportReport) -> (u64, u64, u64) {
    (report.imported, report.skipped, report.failed)
}

async fn contents(world: &World, mailbox: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for row in world.all_rows(mailbox, Fields::PLACEMENT).await {
        let content = world.mail.content(scope(1), row.message).await.unwrap();
        texts.push(String::from_utf8(content.to_vec()).unwrap());
    }
    texts
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// So many messages as an mbox.
fn many(count: usize) -> String {
    let mut mbox = String::new();
    for n in 0..count {
        let header = format!("Subject: m{n}\nMessage-ID: <{n}@x>");
        write!(
            mbox,
            "From a@b Mon Jan  5 09:00:00 2026\n{header}\n\nbody {n}\n\n"
        )
        .unwrap();
    }
    mbox
}

/// A source that ends in the middle, as a process does that is killed.
struct Cut<S> {
    source: S,
    left: usize,
}

impl<S: Source> Source for Cut<S> {
    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if self.left == 0 {
            let source = std::io::Error::other("killed");
            return Err(TransferError::File {
                path: "x".into(),
                source,
            });
        }
        self.left -= 1;
        self.source.next()
    }

    fn done(&self) -> u64 {
        self.source.done()
    }

    fn total(&self) -> Option<u64> {
        self.source.total()
    }
}

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
            assert_eq!(counts(&report), (5, 0, 0), "{:?}", report.failures);
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

    /// A killed import goes on where it stood, and a second whole run finds everything there.
    async fn an_import_is_resumed_without_duplicates(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 10,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(95));
        let cut = Cut {
            source: mbox(&file, "in"),
            left: 38,
        };
        let killed = world.mail.import(scope(1), cut, |_| ()).await;
        assert!(
            matches!(killed, Err(TransferError::File { .. })),
            "{killed:?}"
        );
        let there = world.mailbox(scope(1), "in").await.total;
        assert_eq!(there, 30, "whole batches");
        world.check().await;
        let mut progress = Vec::new();
        let report = world
            .mail
            .import(scope(1), mbox(&file, "in"), |report| {
                progress.push((report.done(), report.percent()));
            })
            .await
            .unwrap();
        assert_eq!(counts(&report), (65, 30, 0));
        assert_eq!(report.folders, [(path("in"), 65)].into());
        assert_eq!(report.ended, Ended::Complete);
        assert_eq!(progress.last(), Some(&(95, Some(100))));
        assert!(progress.is_sorted(), "{progress:?}");
        let subjects: Vec<String> = (0..95).map(|n| format!("m{n}")).collect();
        assert_eq!(world.subjects("in").await, subjects);
        let again = import(&world, mbox(&file, "in")).await;
        assert_eq!(counts(&again), (0, 95, 0));
        world.check().await;
    }

    /// What was expunged since comes back, as the same message; what was moved counts as there.
    async fn an_import_after_an_expunge_brings_back(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(4));
        import(&world, mbox(&file, "in")).await;
        let before = world.all_rows("in", Fields::PLACEMENT).await;
        let (from, trash) = (world.id("in").await, world.id("Trash").await);
        world.expunge("in", &uids([1, 2])).await;
        world
            .mail
            .move_messages(scope(1), from, &uids([3]), trash)
            .await
            .unwrap();
        let report = import(&world, mbox(&file, "in")).await;
        assert_eq!(counts(&report), (2, 2, 0));
        let after = world.all_rows("in", Fields::PLACEMENT).await;
        let messages: Vec<_> = after.iter().map(|row| row.message).collect();
        assert_eq!(
            messages,
            [before[3].message, before[0].message, before[1].message]
        );
        world.check().await;
        // A purged one is new again.
        world.expunge("in", &[after[0].uid]).await;
        world.test.clock.advance(Duration::from_hours(24 * 15));
        world.mail.purge().await.unwrap();
        assert_eq!(counts(&import(&world, mbox(&file, "in")).await), (1, 3, 0));
        world.check().await;
    }

    async fn an_import_stops_at_the_quota(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 10,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        let folder = TempDir::new().unwrap();
        let file = put(&folder, "in", many(50));
        world.set_quota(scope(1), 0, 25).await;
        let report = import(&world, mbox(&file, "in")).await;
        assert_eq!(report.ended, Ended::OverQuota(QuotaKind::Messages));
        assert_eq!(counts(&report), (25, 0, 5));
        assert_eq!(
            report.failures[0].reason,
            FailureReason::OverQuota(QuotaKind::Messages)
        );
        world.check().await;
        world.set_quota(scope(1), 0, 0).await;
        assert_eq!(
            counts(&import(&world, mbox(&file, "in")).await),
            (25, 25, 0)
        );
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
            report.failures[0].reason,
            FailureReason::TooLarge { limit: 100_000 }
        );
        assert!(
            report.failures[0]
                .place
                .ends_with(&format!("byte {}", many(1).len()))
        );
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

    async fn a_folder_of_mboxes(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "Inbox", many(1));
        put(&folder, "Projects.mbox", many(2));
        put(&folder, "Projects.sbd/会議", many(3));
        put(&folder, "Projects.sbd/会議.msf", "index");
        put(&folder, "Empty.mbox", "");
        put(&folder, "notes.txt", "text");
        put(&folder, ".hidden", many(1));
        put(&folder, "Half.mbox.part", many(1));
        let report = import(&world, MboxSource::folder(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (6, 0, 0));
        let expected = [
            (path("INBOX"), 1),
            (path("Projects"), 2),
            (path("Projects/会議"), 3),
        ];
        assert_eq!(report.folders, expected.into());
        assert_eq!(world.mailbox(scope(1), "Empty").await.total, 0);
        let subscribed = world.mail.subscriptions(scope(1)).await.unwrap();
        assert!(subscribed.contains(&path("Projects/会議")));
        assert_eq!(report.percent(), Some(100));
        world.check().await;
    }

    async fn a_maildir_with_folders_flags_and_keywords(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(
            &folder,
            "cur/1000000002.b:2,RS",
            "Subject: second\n\nbody\n",
        );
        let first = put(&folder, "new/1000000001.a", "Subject: first\n\n");
        let arrived = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_001);
        fs::File::options()
            .write(true)
            .open(&first)
            .unwrap()
            .set_modified(arrived)
            .unwrap();
        put(&folder, "dovecot-keywords", "0 Work\n1 $Label1\n");
        put(
            &folder,
            "cur/1000000003.c:2,FPTab",
            "Subject: third\r\n\r\n",
        );
        put(&folder, "cur/.hidden", "x");
        put(&folder, "tmp/1.x", "Subject: unfinished\n\n");
        put(
            &folder,
            ".&kAFP4W4IMH8wojCkMMYw4A-/cur/1.x:2,S",
            "Subject: sent\n\n",
        );
        put(&folder, ".案件.会議/cur/1.x:2,", "Subject: utf-8\n\n");
        put(&folder, ".INBOX.Old/new/1.x", "Subject: courier\n\n");
        put(&folder, "Nested/Deep/cur/1.x:2,", "Subject: nested\n\n");
        put(&folder, ".NotAFolder/x", "x");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("cur/9.link:2,")).unwrap();
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (7, 0, 0), "{:?}", report.failures);
        assert_eq!(world.subjects("INBOX").await, ["first", "second", "third"]);
        let rows: Vec<MessageRow> = world.all_rows("INBOX", Fields::PLACEMENT).await;
        assert_eq!(rows[0].flags, Flags::default());
        assert_eq!(rows[0].internal_date.at, Timestamp(1_000_000_001_000));
        assert_eq!(
            rows[1].flags,
            flags(SystemFlags::SEEN.union(SystemFlags::ANSWERED))
        );
        let words = ["$Forwarded", "Work", "$Label1"].map(|word| Keyword::new(word).unwrap());
        let third = SystemFlags::FLAGGED.union(SystemFlags::DELETED);
        assert_eq!(rows[2].flags, Flags::new(third, words).unwrap());
        for (mailbox, subject) in [
            ("送信済みアイテム", "sent"),
            ("案件/会議", "utf-8"),
            ("Old", "courier"),
            ("Nested/Deep", "nested"),
        ] {
            assert_eq!(world.subjects(mailbox).await, [subject], "{mailbox}");
        }
        assert_eq!(
            contents(&world, "INBOX").await[1],
            "Subject: second\r\n\r\nbody\r\n"
        );
        // Flags that change, and a file that moves from new to cur, do not make another message.
        fs::rename(&first, folder.path().join("cur/1000000001.a:2,S")).unwrap();
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (0, 7, 0));
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
        let result = world.mail.import(scope(1), mbox(&text, "x"), |_| ()).await;
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
}
