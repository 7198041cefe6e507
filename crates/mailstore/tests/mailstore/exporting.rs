//! Exporting, and importing what was exported.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use bytes::Bytes;
use hikyaku_mailstore::{
    AppendMessage, Fields, Flags, Keyword, MailError, Quota, SystemFlags,
    transfer::{ExportFormat, ExportReport, MaildirSource, MboxSource, TransferError},
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
    ];
    world.mail.append(scope(1), id, messages).await.unwrap();
    world.fill("INBOX", 30).await;
}

async fn export(world: &World, format: ExportFormat, folder: &Path) -> ExportReport {
    world
        .mail
        .export(scope(1), None, format, folder, |_| ())
        .await
        .unwrap()
}

hikyaku_db::on_both_engines! {
    async fn what_is_exported_is_what_is_imported(test: TestDatabase) {
        let world = World::new(test).await;
        fill(&world).await;
        let expected = [
            held(&world, 1, "INBOX").await,
            held(&world, 1, "案件/v1.2").await,
        ];
        for (account, format) in [(2, ExportFormat::Mbox), (3, ExportFormat::Maildir)] {
            let folder = TempDir::new().unwrap();
            let report = export(&world, format, folder.path()).await;
            assert_eq!(
                (report.exported, report.folders, report.percent()),
                (33, 8, Some(100))
            );
            world.create(scope(account), Quota::UNLIMITED).await;
            let imported = match format {
                ExportFormat::Mbox => {
                    let source = MboxSource::folder(folder.path()).unwrap();
                    world.mail.import(scope(account), source, |_| ()).await
                }
                ExportFormat::Maildir => {
                    let source = MaildirSource::open(folder.path()).unwrap();
                    world.mail.import(scope(account), source, |_| ()).await
                }
            };
            assert_eq!(imported.unwrap().imported, 33);
            let found = [
                held(&world, account, "INBOX").await,
                held(&world, account, "案件/v1.2").await,
            ];
            let mut expected = expected.clone();
            // Files have no milliseconds.
            for (_, _, at) in expected.iter_mut().flatten() {
                *at = Timestamp::from_seconds(at.seconds());
            }
            assert_eq!(found, expected, "{format:?}");
        }
        world.check().await;
    }

    async fn an_interrupted_export_goes_on(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 450).await;
        let whole = TempDir::new().unwrap();
        export(&world, ExportFormat::Mbox, whole.path()).await;
        let complete = fs::read(whole.path().join("INBOX.mbox")).unwrap();
        // A run that was killed after its first batch: half of the second is in the file.
        let folder = TempDir::new().unwrap();
        let first: usize = messages_in(&complete).take(200).map(<[u8]>::len).sum();
        let part = folder.path().join("INBOX.mbox.part");
        let note = folder.path().join("INBOX.mbox.note");
        let validity = world.mailbox(scope(1), "INBOX").await.uid_validity;
        fs::write(&part, &complete[..first + 777]).unwrap();
        fs::write(&note, format!("{validity} {first} 200\n")).unwrap();
        let report = export(&world, ExportFormat::Mbox, folder.path()).await;
        assert_eq!((report.exported, report.skipped), (250, 200));
        assert_eq!(
            fs::read(folder.path().join("INBOX.mbox")).unwrap(),
            complete
        );
        assert!(!part.exists() && !note.exists());
        // A note about another generation of UIDs is not believed.
        fs::write(&part, &complete[..first]).unwrap();
        fs::write(&note, format!("1 {first} 200\n")).unwrap();
        let report = export(&world, ExportFormat::Mbox, folder.path()).await;
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
        export(&world, ExportFormat::Maildir, folder.path()).await;
        world.append("INBOX", &["new"]).await;
        let report = export(&world, ExportFormat::Maildir, folder.path()).await;
        assert_eq!((report.exported, report.skipped), (1, 5));
        assert_eq!(fs::read_dir(folder.path().join("cur")).unwrap().count(), 6);
        assert!(folder.path().join(".Sent/cur").is_dir());
    }

    async fn nobody_else_reads_what_is_exported(test: TestDatabase) {
        let world = World::new(test).await;
        fill(&world).await;
        for format in [ExportFormat::Mbox, ExportFormat::Maildir] {
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
                    ExportFormat::Mbox,
                    folder.path(),
                    |_| (),
                )
                .await
        };
        let report = export(&name).await.unwrap();
        assert_eq!((report.exported, report.folders), (3, 1));
        let text = fs::read_to_string(folder.path().join("案件/v1.2.mbox")).unwrap();
        assert!(text.starts_with("From MAILER-DAEMON Wed Nov 15 07:13:20 2023 +0900\nStatus: RO\nX-Status: AF\nX-Keywords: $Forwarded Work\nSubject: quoted\n\n>From a@b"), "{text}");
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
