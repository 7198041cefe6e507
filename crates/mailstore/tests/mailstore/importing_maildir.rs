//! Importing Maildirs.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use hikyaku_mailstore::{
    Fields, Flags, Keyword, MessageRow, SystemFlags,
    transfer::{Found, MaildirSource, SkipReason, Source as _},
};
use hikyaku_types::Timestamp;
use tempfile::TempDir;

use crate::{
    fixture::{World, flags, path, scope},
    transfers::{contents, counts, import, put},
};

hikyaku_db::on_both_engines! {
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
        put(&folder, "&MLQw33ux-/cur/1.x:2,", "Subject: trash\n\n");
        put(&folder, ".NotAFolder/x", "x");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("cur/9.link:2,")).unwrap();
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (8, 0, 0), "{:?}", report.skips);
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
            ("Sent", "sent"),
            ("案件/会議", "utf-8"),
            ("INBOX/Old", "courier"),
            ("Nested/Deep", "nested"),
            ("Trash", "trash"),
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
        assert_eq!(counts(&report), (0, 8, 0));
        world.check().await;
    }

    /// Every folder below INBOX is how such a server showed them, not how its user named them.
    async fn folders_below_inbox_are_at_the_top(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "cur/1.a:2,", "Subject: a\n\n");
        put(&folder, ".INBOX.Sent/cur/1.b:2,", "Subject: b\n\n");
        put(&folder, ".INBOX.Work.2026/cur/1.c:2,", "Subject: c\n\n");
        put(&folder, "courierimapsubscribed", "INBOX.Sent\n");
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (3, 0, 0));
        assert_eq!(world.subjects("Sent").await, ["b"]);
        assert_eq!(world.subjects("Work/2026").await, ["c"]);
        let subscribed = world.mail.subscriptions(scope(1)).await.unwrap();
        assert!(!subscribed.contains(&path("Work/2026")), "{subscribed:?}");
        world.check().await;
    }

    /// Dovecot's layout `fs`, without mail at the top.
    async fn nested_folders_without_a_root(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        put(&folder, "INBOX/new/1.a", "Subject: a\n\n");
        put(&folder, "案件/会議/cur/1.b:2,S", "Subject: b\n\n");
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (2, 0, 0));
        assert_eq!(world.subjects("INBOX").await, ["a"]);
        assert_eq!(world.subjects("案件/会議").await, ["b"]);
        world.check().await;
    }

    /// What a server that is still at work does, and what cannot be read.
    async fn files_that_move_vanish_or_are_compressed(test: TestDatabase) {
        let world = World::new(test).await;
        let folder = TempDir::new().unwrap();
        let moved = put(&folder, "new/1.moved", "Subject: moved\n\n");
        let gone = put(&folder, "cur/2.gone:2,", "Subject: gone\n\n");
        put(&folder, "cur/3.zlib:2,S", b"\x1f\x8b\x08\0compressed");
        let swapped = put(&folder, "cur/4.swapped:2,", "Subject: swapped\n\n");
        put(&folder, "cur/5.last:2,", "Subject: last\n\n");
        let mut source = MaildirSource::open(folder.path()).unwrap();
        // The folder is listed; then its server goes on.
        assert!(matches!(source.next().unwrap(), Some(Found::Folder(_))));
        fs::rename(&moved, folder.path().join("cur/1.moved:2,S")).unwrap();
        fs::remove_file(&gone).unwrap();
        fs::remove_file(&swapped).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &swapped).unwrap();
        let mut found = Vec::new();
        while let Some(next) = source.next().unwrap() {
            found.push(match next {
                Found::Message(message) => {
                    assert_eq!(message.flags.is_seen(), found.is_empty());
                    "message"
                }
                Found::Unusable { reason, .. } => reason.code(),
                other => panic!("{other:?}"),
            });
        }
        let expected = ["message", "vanished", "compressed", "unreadable", "message"];
        assert_eq!(found, expected);
        let report = import(&world, MaildirSource::open(folder.path()).unwrap()).await;
        assert_eq!(counts(&report), (2, 0, 1));
        assert_eq!(report.skips[0].reason, SkipReason::Compressed("gzip"));
        assert!(Path::new(&report.skips[0].place.file).is_absolute());
        world.check().await;
    }
}
