//! Mail whose contents are objects: everything that is done with mail is done with it too.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use hikyaku_blob::{BlobError, Contents, FolderSync, Objects};
use hikyaku_db::Database;
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    AppendMessage, Fields, Flags, Limits, MailError, Mailstore, Query, Quota, Registry, Which,
};
use hikyaku_types::{ByteSize, MailboxId};
use tempfile::TempDir;

use crate::fixture::{World, message, path, scope, scope_in, uid};

/// Larger stored forms are objects.
const LIMIT: u64 = 2_000;

fn mailstore(db: &Database, folder: &Path) -> Mailstore {
    let objects = Objects::folder(folder.join("objects"), FolderSync::Full);
    let registry = Registry {
        contents: Contents::with_objects(db.clone(), objects, LIMIT),
        ..Registry::default()
    };
    Mailstore::with_registry(db.clone(), Limits::default(), registry)
}

/// A message that does not compress, with a word in its text.
fn large(word: &str) -> Bytes {
    let mut noise = vec![0_u8; 6_000];
    let mut hasher = blake3::Hasher::new();
    hasher.update(word.as_bytes());
    hasher.finalize_xof().fill(&mut noise);
    let mut text = message(word).to_vec();
    for octet in noise {
        // Letters only, at random.
        text.push(b'a' + octet % 26);
        if octet == 0 {
            text.extend_from_slice(b"\r\n");
        }
    }
    text.into()
}

fn objects(folder: &Path) -> usize {
    let mut folders = vec![folder.join("objects")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() != "hikyaku-objects" {
                count += 1;
            }
        }
    }
    count
}

/// A mail store with a folder of objects.
struct Stage {
    world: World,
    folder: TempDir,
}

impl Stage {
    async fn new(test: hikyaku_db::testing::TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(test).await;
        world.mail = mailstore(&world.test.db, folder.path());
        Self { world, folder }
    }

    async fn append(&self, account: i64, content: Bytes) -> Result<(), MailError> {
        self.append_in(scope(account), content).await
    }

    async fn append_in(&self, scope: AccountScope, content: Bytes) -> Result<(), MailError> {
        let inbox = self.inbox_of(scope).await;
        let message = AppendMessage {
            content,
            flags: Flags::default(),
            internal_date: None,
        };
        self.world
            .mail
            .append(scope, inbox, vec![message])
            .await
            .map(drop)
    }

    async fn inbox(&self, account: i64) -> MailboxId {
        self.inbox_of(scope(account)).await
    }

    async fn inbox_of(&self, scope: AccountScope) -> MailboxId {
        let found = self.world.mail.mailbox(scope, &path("INBOX")).await;
        found.unwrap().unwrap().id
    }

    fn objects(&self) -> usize {
        objects(self.folder.path())
    }

    async fn is_sound(&self) {
        let mail = &self.world.mail;
        assert_eq!(mail.check_all().await.unwrap(), []);
        for tenant in mail.tenants_with_contents().await.unwrap() {
            let verified = mail.verify_contents(tenant, None).await.unwrap();
            assert_eq!(verified.faults, []);
        }
    }
}

hikyaku_db::on_both_engines! {
    async fn large_mail_is_appended_read_searched_and_copied(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let mail = &stage.world.mail;
        for word in ["one", "two"] {
            stage.append(1, large(word)).await.unwrap();
        }
        stage.append(1, message("small")).await.unwrap();
        assert_eq!(stage.objects(), 2);
        let inbox = stage.inbox(1).await;
        let query = Query::Body("body of two".into());
        let found = mail.search(scope(1), inbox, &query, "Asia/Tokyo");
        assert_eq!(found.await.unwrap(), [uid(2)]);
        let rows = stage.world.all_rows("INBOX", Fields::ENVELOPE).await;
        let content = mail.content(scope(1), rows[0].message).await.unwrap();
        assert_eq!(content, large("one"));
        // The same content again costs a reference, in whatever mailbox of the tenant.
        stage.append(1, large("one")).await.unwrap();
        stage.world.create(scope(2), Quota::UNLIMITED).await;
        stage.append(2, large("one")).await.unwrap();
        assert_eq!(stage.objects(), 2);
        // Another tenant has an object of its own.
        let other = scope_in(2, 3);
        stage.world.create(other, Quota::UNLIMITED).await;
        stage.append_in(other, large("one")).await.unwrap();
        assert_eq!(stage.objects(), 3);
        stage.is_sound().await;
    }

    async fn large_mail_is_purged_with_its_object(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let mail = &stage.world.mail;
        stage.append(1, large("kept")).await.unwrap();
        stage.append(1, large("gone")).await.unwrap();
        let inbox = stage.inbox(1).await;
        mail.expunge(scope(1), inbox, Which::Exactly(&[uid(2)])).await.unwrap();
        let window = Duration::from_hours(15 * 24);
        stage.world.test.clock.advance(window);
        assert_eq!(mail.purge().await.unwrap().contents, 1);
        assert_eq!(stage.objects(), 2);
        stage.world.test.clock.advance(window);
        let swept = mail.contents().sweep(Duration::from_hours(7 * 24)).await.unwrap();
        assert_eq!((swept.deleted, stage.objects()), (1, 1));
        stage.is_sound().await;
        mail.erase(scope(1)).await.unwrap();
        stage.world.test.clock.advance(window);
        let swept = mail.contents().sweep(Duration::from_hours(7 * 24)).await.unwrap();
        assert_eq!((swept.deleted, stage.objects()), (1, 0));
    }

    async fn what_finds_no_room_leaves_no_object(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let quota = Quota { bytes: ByteSize(5_000), messages: 0 };
        stage.world.create(scope(2), quota).await;
        let refused = stage.append(2, large("large")).await;
        assert!(matches!(refused, Err(MailError::OverQuota(_))), "{refused:?}");
        assert_eq!(stage.objects(), 0);
        stage.is_sound().await;
    }

    async fn a_missing_object_is_named_with_its_messages(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let mail = &stage.world.mail;
        stage.append(1, large("lost")).await.unwrap();
        stage.append(1, large("kept")).await.unwrap();
        let inbox = stage.inbox(1).await;
        let rows = stage.world.all_rows("INBOX", Fields::ENVELOPE).await;
        let content = hikyaku_blob::ContentHash::of(&large("lost"));
        let stored = stage.world.test.db.read(move |tx| {
            hikyaku_blob::load(tx, scope(1).tenant, &content)
        }).await.unwrap();
        let name = stored.object().unwrap().as_str().to_owned();
        std::fs::remove_file(stage.folder.path().join("objects").join(name)).unwrap();
        let error = mail.content(scope(1), rows[0].message).await.unwrap_err();
        assert!(matches!(error, MailError::Content(BlobError::NoObject { .. })), "{error:?}");
        assert!(error.is_damage());
        // A search goes on without it.
        let query = Query::Body("body of".into());
        let found = mail.search(scope(1), inbox, &query, "Asia/Tokyo");
        assert_eq!(found.await.unwrap(), [uid(2)]);
        let verified = mail.verify_contents(scope(1).tenant, None).await.unwrap();
        assert_eq!((verified.contents, verified.faults.len()), (2, 1));
        let hashes = verified.faults.iter().map(|(hash, _)| *hash).collect();
        let affected = mail.affected(scope(1).tenant, hashes).await.unwrap();
        let places: Vec<_> = affected.iter().map(|one| one.place.clone().unwrap()).collect();
        assert_eq!(places, [(path("INBOX"), 1)]);
    }
}
