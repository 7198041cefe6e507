//! Large contents in a store of objects, of both kinds.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_blob::{BlobError, Contents, FolderSync, ObjectError, Objects, UPLOAD_VALID};

use crate::{
    fixture::{tenant, text},
    place::{LIMIT, Place, is_inline, large, let_go, options, read_back, refer, store, stored},
};

hikyaku_db::on_both_engines! {
    async fn large_contents_are_objects_and_come_back(test: TestDatabase) {
        for place in Place::all() {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let hash = store(db, &contents, tenant(1), &large(1)).await.unwrap();
            assert!(!is_inline(db, tenant(1), hash).await);
            assert_eq!(place.objects().len(), 1);
            // Another process reads it too, and finds it in memory the second time.
            let other = place.contents(&test.db);
            for _ in 0..2 {
                let read = read_back(db, &other, tenant(1), hash).await;
                assert_eq!(read, Ok(large(1)));
            }
            let metrics = other.metrics().unwrap();
            assert_eq!((metrics.reads, metrics.cache_hits), (1, 1));
            // Small ones, and large ones that compress well, stay in the database.
            for content in [text(1), Bytes::from(vec![b'a'; 20 * LIMIT as usize])] {
                let hash = store(db, &contents, tenant(1), &content).await.unwrap();
                assert!(is_inline(db, tenant(1), hash).await);
                assert_eq!(read_back(db, &contents, tenant(1), hash).await, Ok(content));
            }
            assert_eq!(place.objects().len(), 1);
            forget_store(db).await;
        }
    }

    async fn tenants_have_objects_of_their_own(test: TestDatabase) {
        for place in Place::all() {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let tenants = [tenant(1), tenant(2)];
            let prepared = contents.upload(contents.prepare(&large(2)), &tenants).await.unwrap();
            for tenant in tenants {
                refer(db, tenant, prepared.clone()).await.unwrap();
            }
            let hash = *prepared.hash();
            let name = async |number| stored(db, tenant(number), hash).await.object().cloned();
            assert_ne!(name(1).await, name(2).await);
            let error = refer(db, tenant(3), prepared).await.unwrap_err();
            assert_eq!(error, BlobError::NotUploaded { hash, tenant: tenant(3) });
            assert!(error.is_temporary());
            forget_store(db).await;
        }
    }

    async fn what_a_tenant_has_is_not_uploaded_again(test: TestDatabase) {
        for place in Place::all() {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let hash = store(db, &contents, tenant(1), &large(3)).await.unwrap();
            let again = contents.upload(contents.prepare(&large(3)), &[tenant(1)]).await.unwrap();
            assert_eq!(place.objects().len(), 1);
            refer(db, tenant(1), again.clone()).await.unwrap();
            // It goes just before the transaction that counts on it.
            let_go(db, tenant(1), hash).await;
            let_go(db, tenant(1), hash).await;
            let error = refer(db, tenant(1), again.clone()).await.unwrap_err();
            assert_eq!(error, BlobError::NotUploaded { hash, tenant: tenant(1) });
            let uploaded = contents.upload(again, &[tenant(1)]).await.unwrap();
            refer(db, tenant(1), uploaded).await.unwrap();
            // The old object is on its way out; the new one has another name.
            assert_eq!(place.objects().len(), 2);
            assert_eq!(read_back(db, &contents, tenant(1), hash).await, Ok(large(3)));
            forget_store(db).await;
        }
    }

    async fn an_old_upload_is_not_relied_on(test: TestDatabase) {
        let [place, _] = Place::all();
        let (db, contents) = (&test.db, place.contents(&test.db));
        let prepared = contents.upload(contents.prepare(&large(4)), &[tenant(1)]).await.unwrap();
        test.clock.advance(UPLOAD_VALID + Duration::from_secs(1));
        let error = refer(db, tenant(1), prepared.clone()).await.unwrap_err();
        assert!(matches!(error, BlobError::NotUploaded { .. }), "{error}");
        let uploaded = contents.upload(prepared, &[tenant(1)]).await.unwrap();
        refer(db, tenant(1), uploaded).await.unwrap();
    }

    async fn what_was_refused_leaves_nothing(test: TestDatabase) {
        for place in Place::all() {
            let contents = place.contents(&test.db);
            let tenants = [tenant(1), tenant(2)];
            let prepared = contents.upload(contents.prepare(&large(5)), &tenants).await.unwrap();
            assert_eq!(place.objects().len(), 2);
            contents.abandon(&prepared).await;
            assert_eq!(place.objects(), Vec::<String>::new());
            forget_store(&test.db).await;
        }
    }

    async fn another_store_is_noticed(test: TestDatabase) {
        for (place, other) in Place::all().into_iter().zip(Place::all()) {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let hash = store(db, &contents, tenant(1), &large(6)).await.unwrap();
            assert_eq!(contents.check_store().await, Ok(()));
            // An empty mount point, or another bucket.
            let elsewhere = other.contents(db);
            let wrong = |result: Result<(), BlobError>| {
                let error = result.unwrap_err();
                let is_wrong =
                    matches!(error, BlobError::Objects(ObjectError::WrongStore { .. }));
                assert!(is_wrong && error.is_temporary(), "{error}");
            };
            wrong(elsewhere.check_store().await);
            wrong(store(db, &elsewhere, tenant(1), &large(7)).await.map(drop));
            // Nothing is said to be missing, and nothing is deleted.
            wrong(read_back(db, &elsewhere, tenant(1), hash).await.map(drop));
            wrong(elsewhere.sweep(Duration::ZERO).await.map(drop));
            assert_eq!(other.objects(), Vec::<String>::new());
            let_go(db, tenant(1), hash).await;
            forget_store(db).await;
        }
    }

    async fn several_processes_may_begin_at_once(test: TestDatabase) {
        for place in Place::all() {
            let tasks: Vec<_> = (0..6)
                .map(|number| {
                    let (db, contents) = (test.db.clone(), place.contents(&test.db));
                    tokio::spawn(async move {
                        store(&db, &contents, tenant(1), &large(number)).await
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
            assert_eq!(place.objects().len(), 6);
            forget_store(&test.db).await;
            test.db.write(hikyaku_db::Lane::Mail, |tx| {
                tx.execute("DELETE FROM blob", &[])
            }).await.unwrap();
        }
    }

    async fn without_a_store_objects_cannot_be_read(test: TestDatabase) {
        let [place, _] = Place::all();
        let hash = store(&test.db, &place.contents(&test.db), tenant(1), &large(8)).await.unwrap();
        let none = Contents::in_database();
        let error = read_back(&test.db, &none, tenant(1), hash).await.unwrap_err();
        assert!(error.is_unavailable(), "{error}");
        let unread = stored(&test.db, tenant(1), hash).await;
        assert_eq!(unread.open(), Err(BlobError::NotFetched { hash }));
    }
}

/// So that the next store of the same test can be the right one.
async fn forget_store(db: &hikyaku_db::Database) {
    db.write(hikyaku_db::Lane::Mail, |tx| {
        tx.execute("DELETE FROM object_store", &[])?;
        tx.execute("DELETE FROM blob", &[])
    })
    .await
    .unwrap();
}

#[test]
fn what_cannot_be_a_store_is_refused() {
    let s3 = hikyaku_testkit::s3::FakeS3::start().unwrap();
    let mut wrong = options(&s3);
    wrong.transport = hikyaku_blob::S3Transport::Encrypted;
    let error = Objects::s3(&wrong).unwrap_err();
    assert!(error.to_string().contains("allow_http"), "{error}");
    let mut wrong = options(&s3);
    wrong.prefix = "a//b".to_owned();
    assert!(Objects::s3(&wrong).is_err());
}

#[test]
fn secrets_are_not_shown() {
    let s3 = hikyaku_testkit::s3::FakeS3::start().unwrap();
    let objects = Objects::s3(&options(&s3)).unwrap();
    let folder = Objects::folder("/nowhere".into(), FolderSync::Full);
    let shown = format!("{:?} {objects:?} {folder:?}", options(&s3));
    assert!(shown.contains("one/store"), "{shown}");
    for secret in [hikyaku_testkit::s3::SECRET, hikyaku_testkit::s3::KEY_ID] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
