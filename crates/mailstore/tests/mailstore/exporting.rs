//! Exporting, and importing what was exported.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use bytes::Bytes;
use hikyaku_mailstore::{
    AppendMessage, Fields, Flags, Keyword, MailError, MailboxPath, Quota, SystemFlags,
    transfer::{
        ExportFormat, ExportOptions, ExportReport, FolderNames, ImportOptions, ImportReport,
        MaildirSource, MboxSource, NameEncoding, TransferError,
    },
};
use hikyaku_types::{OffsetTimestamp, Timestamp};
use tempfile::TempDir;

use crate::fixture::{World, message, path, scope};

/// What a mailbox holds, as far as it survives the way through files.
type Held = Vec<(Bytes, Flags, Timestamp)>;

async fn held(world: &World, account: i64, mailbox: &str) -> Held {
    let id = world.mailbox(scope(account), mailbox).await.id;
    let all = hikyaku_mailstore::UidSet::all();
    let rows = world
        .mail
        .rows(scope(account), id, &all, None, 1000, Fields::PLACEMENT)
        .await;
    let mut held = Vec::new();
    for row in rows.unwrap() {
        let content = world
            .mail
            .content(scope(account), row.message)
            .await
            .unwrap();
        held.push((content, row.flags, row.internal_date.at));
    }
    held
}

/// Some mail with everything that is easily lost.
async fn fill(world: &World) {
    world
        .mail
        .create_mailbox(scope(1), &path("案件/v1.2"), None)
        .await
        .unwrap();
    let words = ["$Forwarded", "Work"].map(|word| Keyword::new(word).unwrap());
    let system = SystemFlags::SEEN
        .union(SystemFlags::FLAGGED)
        .union(SystemFlags::ANSWERED);
    let marked = Flags::new(system, words).unwrap();
    let quoted =
        "Subject: quoted\r\n\r\nFrom a@b Mon Jan  5 09:00:00 2026\r\n>From x\r\nFrom y\r\n\r\n";
    let id = world.id("案件/v1.2").await;
    let date = OffsetTimestamp {
        at: Timestamp(1_700_000_000_000),
        offset_minutes: 540,
    };
    let append = |content: Bytes, flags: &Flags| AppendMessage {
        content,
        flags: flags.clone(),
        internal_date: Some(date),
    };
    let messages = vec![
        append(Bytes::from(quoted), &marked),
        append(message("plain"), &Flags::default()),
        append(
            Bytes::from("Subject: header only\r\n\r\n"),
            &SystemFlags::DRAFT.into(),
        ),
        append(Bytes::from("Subject: no body"), &Flags::default()),
        append(Bytes::from("Subject: a\r\n\r\nno end"), &Flags::default()),
        append(
            Bytes::from("Subject: b\r\n\r\nx\r\r\n\r\n\r\n"),
            &Flags::default(),
        ),
        append(
            Bytes::from("Status: RO\r\nContent-Length: 3\r\nSubject: own\r\n\r\nabc\r\n"),
            &Flags::default(),
        ),
    ];
    world.mail.append(scope(1), id, messages).await.unwrap();
    world.fill("INBOX", 30).await;
}

const MBOX: ExportOptions = ExportOptions {
    format: ExportFormat::Mbox,
    names: NameEncoding::Utf7,
};

const MAILDIR: ExportOptions = ExportOptions {
    format: ExportFormat::Maildir,
    names: NameEncoding::Utf7,
};

const UTF8: ExportOptions = ExportOptions {
    names: NameEncoding::Utf8,
    ..MAILDIR
};

async fn export(world: &World, options: ExportOptions, folder: &Path) -> ExportReport {
    let exported = world.mail.export(scope(1), None, options, folder, |_| ());
    exported.await.unwrap()
}

/// What an export wrote comes into another account, with its names kept.
async fn import(world: &World, account: i64, format: ExportFormat, folder: &Path) -> ImportReport {
    world.create(scope(account), Quota::UNLIMITED).await;
    let options = ImportOptions {
        names: FolderNames::Kept,
        ..ImportOptions::default()
    };
    let (mail, scope) = (&world.mail, scope(account));
    let imported = match format {
        ExportFormat::Mbox => {
            let source = MboxSource::folder(folder).unwrap();
            mail.import(scope, source, options, |_| ()).await
        }
        ExportFormat::Maildir => {
            let source = MaildirSource::open(folder).unwrap();
            mail.import(scope, source, options, |_| ()).await
        }
    };
    imported.unwrap()
}

async fn names(world: &World, account: i64) -> (Vec<MailboxPath>, Vec<MailboxPath>) {
    let mailboxes = world.mail.mailboxes(scope(account)).await.unwrap();
    let paths = mailboxes.into_iter().map(|mailbox| mailbox.path).collect();
    let subscribed = world.mail.subscriptions(scope(account)).await.unwrap();
    (paths, subscribed)
}

hikyaku_db::on_both_engines! {
    async fn what_is_exported_is_what_is_imported(test: TestDatabase) {
        let world = World::new(test).await;
        fill(&world).await;
        let mailboxes = ["INBOX", "案件/v1.2", "INBOX/送信済み", "a&-b/C:\\2e"];
        for name in &mailboxes[2..] {
            let created = world.mail.create_mailbox(scope(1), &path(name), None).await;
            created.unwrap();
            world.mail.subscribe(scope(1), &path(name)).await.unwrap();
        }
        world.fill(mailboxes[2], 2).await;
        let mut expected = Vec::new();
        for name in mailboxes {
            expected.push(held(&world, 1, name).await);
        }
        // Files have no milliseconds.
        for (_, _, at) in expected.iter_mut().flatten() {
            *at = Timestamp::from_seconds(at.seconds());
        }
        let named = names(&world, 1).await;
        for (account, options) in [(2, MBOX), (3, MAILDIR), (4, UTF8)] {
            let folder = TempDir::new().unwrap();
            let report = export(&world, options, folder.path()).await;
            let count = expected.iter().map(Vec::len).sum::<usize>() as u64;
            assert_eq!((report.exported, report.percent()), (count, Some(100)));
            assert_eq!(report.folders, named.0.len() as u64);
            let imported = import(&world, account, options.format, folder.path()).await;
            assert_eq!(imported.counts.imported, count, "{:?}", imported.skips);
            let mut found = Vec::new();
            for name in mailboxes {
                found.push(held(&world, account, name).await);
            }
            assert_eq!(found, expected, "{options:?}");
            assert_eq!(names(&world, account).await, named, "{options:?}");
        }
        world.check().await;
    }

    /// A folder that holds something else, or another account's mail, is left alone.
    async fn an_export_does_not_mix_with_others(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 2).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        let folder = TempDir::new().unwrap();
        let export_to = async |account, options, path: &Path| {
            let exported = world.mail.export(scope(account), None, options, path, |_| ());
            exported.await.map(|report| report.exported)
        };
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let refused = export_to(1, MBOX, folder.path()).await;
        assert!(matches!(refused, Err(TransferError::NotEmpty { .. })), "{refused:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let own = folder.path().join("own");
        assert_eq!(export_to(1, MAILDIR, &own).await.unwrap(), 2);
        for (account, options) in [(2, MAILDIR), (1, MBOX), (1, UTF8)] {
            let refused = export_to(account, options, &own).await;
            assert!(matches!(refused, Err(TransferError::OtherExport { .. })), "{refused:?}");
        }
        assert_eq!(export_to(1, MAILDIR, &own).await.unwrap(), 0);
    }

    async fn keywords_without_a_letter_are_counted(test: TestDatabase) {
        let world = World::new(test).await;
        let words: Vec<Keyword> =
            (0..30).map(|n| Keyword::new(&format!("word{n}")).unwrap()).collect();
        let message = AppendMessage {
            content: message("many words"),
            flags: Flags::new(SystemFlags::NONE, words).unwrap(),
            internal_date: None,
        };
        let id = world.id("INBOX").await;
        world.mail.append(scope(1), id, vec![message]).await.unwrap();
        let folder = TempDir::new().unwrap();
        let report = export(&world, MAILDIR, folder.path()).await;
        assert_eq!((report.exported, report.lost_keywords), (1, 4));
    }

    async fn an_interrupted_export_goes_on(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 450).await;
        let whole = TempDir::new().unwrap();
        export(&world, MBOX, whole.path()).await;
        let complete = fs::read(whole.path().join("INBOX.mbox")).unwrap();
        // A run that was killed after its first batch: half of the second is in the file.
        let folder = TempDir::new().unwrap();
        let marker = ".hikyaku-export";
        fs::copy(whole.path().join(marker), folder.path().join(marker)).unwrap();
        let first: usize = messages_in(&complete).take(200).map(<[u8]>::len).sum();
        let part = folder.path().join("INBOX.mbox.part");
        let note = folder.path().join("INBOX.mbox.note");
        let validity = world.mailbox(scope(1), "INBOX").await.uid_validity;
        fs::write(&part, &complete[..first + 777]).unwrap();
        fs::write(&note, format!("{validity} {first} 200\n")).unwrap();
        let report = export(&world, MBOX, folder.path()).await;
        assert_eq!((report.exported, report.skipped), (250, 200));
        assert_eq!(
            fs::read(folder.path().join("INBOX.mbox")).unwrap(),
            complete
        );
        assert!(!part.exists() && !note.exists());
        // A note about another generation of UIDs is not believed.
        fs::write(&part, &complete[..first]).unwrap();
        fs::write(&note, format!("1 {first} 200\n")).unwrap();
        let report = export(&world, MBOX, folder.path()).await;
        assert_eq!((report.exported, report.skipped), (450, 0));
        assert_eq!(
            fs::read(folder.path().join("INBOX.mbox")).unwrap(),
            complete
        );
    }

    async fn a_maildir_is_brought_up_to_date(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 5).await;
        let folder = TempDir::new().unwrap();
        export(&world, MAILDIR, folder.path()).await;
        world.append("INBOX", &["new"]).await;
        let report = export(&world, MAILDIR, folder.path()).await;
        assert_eq!((report.exported, report.skipped), (1, 5));
        assert_eq!(fs::read_dir(folder.path().join("cur")).unwrap().count(), 6);
        assert!(folder.path().join(".Sent/cur").is_dir());
    }

    async fn nobody_else_reads_what_is_exported(test: TestDatabase) {
        let world = World::new(test).await;
        fill(&world).await;
        for format in [MBOX, MAILDIR] {
            let root = TempDir::new().unwrap();
            let folder = root.path().join("made/below");
            export(&world, format, &folder).await;
            let mut waiting = vec![root.path().join("made")];
            let mut files = 0;
            while let Some(path) = waiting.pop() {
                let found = fs::metadata(&path).unwrap();
                let mode = found.permissions().mode() & 0o777;
                if found.is_dir() {
                    assert_eq!(mode, 0o700, "{}", path.display());
                    let entries = fs::read_dir(&path).unwrap();
                    waiting.extend(entries.map(|entry| entry.unwrap().path()));
                } else {
                    assert_eq!(mode, 0o600, "{}", path.display());
                    files += 1;
                }
            }
            assert!(files >= 8, "{files} files as {format:?}");
        }
    }

    async fn one_mailbox_alone(test: TestDatabase) {
        let world = World::new(test).await;
        fill(&world).await;
        let folder = TempDir::new().unwrap();
        let name = path("案件/v1.2");
        let export = async |name| {
            world
                .mail
                .export(
                    scope(1),
                    Some(name),
                    MBOX,
                    folder.path(),
                    |_| (),
                )
                .await
        };
        let report = export(&name).await.unwrap();
        assert_eq!((report.exported, report.folders), (7, 1));
        let text = fs::read_to_string(folder.path().join("案件/v1.2.mbox")).unwrap();
        assert!(text.starts_with("From MAILER-DAEMON Wed Nov 15 07:13:20 2023 +0900\nX-Hikyaku-Export: 3 73\nStatus: RO\nX-Status: AF\nX-Keywords: $Forwarded Work\nSubject: quoted\n\n>From a@b"), "{text}");
        let missing = export(&path("none")).await;
        assert!(matches!(
            missing,
            Err(TransferError::Mail(MailError::NoSuchMailbox))
        ));
    }
}

/// The messages of an mbox without quoted bodies.
fn messages_in(mbox: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = mbox;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = memchr::memmem::find(&rest[1..], b"\nFrom ").map_or(rest.len(), |at| at + 2);
        let (message, after) = rest.split_at(next);
        rest = after;
        Some(message)
    })
}
