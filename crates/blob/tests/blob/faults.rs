//! Stores that fail, stall and lie.

use std::fs;

use hikyaku_blob::{BlobError, ObjectError, Objects};
use hikyaku_testkit::s3::{FakeS3, Fault, On, SECRET};

use crate::{
    fixture::tenant,
    place::{Place, large, options, read_back, store, stored},
};

/// As long as the tests last.
const ALWAYS: usize = usize::MAX;

hikyaku_db::on_both_engines! {
    async fn uploads_survive_trouble_that_passes(test: TestDatabase) {
        let place = Place::S3(FakeS3::start().unwrap());
        let Place::S3(s3) = &place else { unreachable!("made above") };
        let (db, contents) = (&test.db, place.contents(&test.db));
        store(db, &contents, tenant(1), &large(0)).await.unwrap();
        let before = contents.metrics().unwrap();
        let troubles = [
            Fault::Status(500),
            Fault::Status(503),
            Fault::Cut,
            Fault::CutAfterwards,
            Fault::Stall,
        ];
        for (number, fault) in (1..).zip(troubles) {
            s3.fail(On::Put, fault, 1);
            let hash = store(db, &contents, tenant(1), &large(number)).await.unwrap();
            let read = read_back(db, &place.contents(db), tenant(1), hash).await;
            assert_eq!(read, Ok(large(number)), "{fault:?}");
        }
        assert_eq!(place.objects().len(), troubles.len() + 1);
        let after = contents.metrics().unwrap();
        assert_eq!((after.retries - before.retries, after.uploads_failed), (5, 0));
    }

    async fn a_store_that_is_away_is_a_temporary_error(test: TestDatabase) {
        let place = Place::S3(FakeS3::start().unwrap());
        let Place::S3(s3) = &place else { unreachable!("made above") };
        let (db, contents) = (&test.db, place.contents(&test.db));
        let hash = store(db, &contents, tenant(1), &large(0)).await.unwrap();
        for fault in [Fault::Status(503), Fault::Cut, Fault::Stall] {
            s3.fail(On::Put, fault, ALWAYS);
            s3.fail(On::Get, fault, ALWAYS);
            let written = store(db, &contents, tenant(1), &large(1)).await.map(drop);
            let read = read_back(db, &contents, tenant(1), hash).await.map(drop);
            for result in [written, read, contents.check_store().await] {
                let error = result.unwrap_err();
                assert!(error.is_unavailable() && error.is_temporary(), "{fault:?}: {error}");
            }
            s3.heal();
        }
        assert_eq!(read_back(db, &contents, tenant(1), hash).await, Ok(large(0)));
        assert_eq!(place.objects().len(), 1);
    }

    async fn a_lie_is_noticed_and_asked_again(test: TestDatabase) {
        let place = Place::S3(FakeS3::start().unwrap());
        let Place::S3(s3) = &place else { unreachable!("made above") };
        let db = &test.db;
        let hash = store(db, &place.contents(db), tenant(1), &large(0)).await.unwrap();
        let lies = [
            Fault::WrongOctet,
            Fault::Shorter,
            Fault::Half,
            Fault::Status(404),
            Fault::Status(500),
        ];
        for fault in lies {
            s3.fail(On::Get, fault, 1);
            let contents = place.contents(db);
            let read = read_back(db, &contents, tenant(1), hash).await;
            assert_eq!(read, Ok(large(0)), "{fault:?}");
            assert_eq!(contents.metrics().unwrap().retries, 1, "{fault:?}");
        }
        // When it does not stop lying, the content counts as damaged, and never as another.
        s3.fail(On::Get, Fault::WrongOctet, ALWAYS);
        let error = read_back(db, &place.contents(db), tenant(1), hash).await.unwrap_err();
        assert!(matches!(error, BlobError::Corrupt { .. }), "{error}");
    }

    async fn a_missing_object_is_told_from_a_missing_store(test: TestDatabase) {
        for place in Place::all() {
            let db = &test.db;
            let contents = place.contents(db);
            let hash = store(db, &contents, tenant(1), &large(0)).await.unwrap();
            let name = stored(db, tenant(1), hash).await.object().unwrap().clone();
            let file = place.root().join(name.as_str());
            let whole = fs::read(&file).unwrap();
            // The wrong length is noticed before anything is decoded.
            fs::write(&file, [&whole[..], b"x"].concat()).unwrap();
            let error = read_back(db, &contents, tenant(1), hash).await.unwrap_err();
            assert!(matches!(error, BlobError::Corrupt { .. }), "{error}");
            fs::remove_file(&file).unwrap();
            let error = read_back(db, &contents, tenant(1), hash).await.unwrap_err();
            assert_eq!(error, BlobError::NoObject { hash, name });
            assert!(!error.is_temporary());
            fs::remove_file(place.root().join("hikyaku-objects")).unwrap();
            let error = read_back(db, &contents, tenant(1), hash).await.unwrap_err();
            assert!(error.is_temporary(), "{error}");
            test.db.write(hikyaku_db::Lane::Mail, |tx| {
                tx.execute("DELETE FROM blob", &[])?;
                tx.execute("DELETE FROM object_store", &[])
            }).await.unwrap();
        }
    }

    async fn a_wrong_key_is_an_error_without_secrets(test: TestDatabase) {
        let s3 = FakeS3::start().unwrap();
        let mut options = options(&s3);
        options.secret_access_key = format!("{SECRET}-wrong");
        let objects = Objects::s3(&options).unwrap();
        let contents = hikyaku_blob::Contents::with_objects(test.db.clone(), objects, 100);
        let error = store(&test.db, &contents, tenant(1), &large(0)).await.unwrap_err();
        let BlobError::Objects(ObjectError::Unavailable { reason }) = &error else {
            panic!("{error:?}");
        };
        assert!(!reason.contains(SECRET), "{reason}");
        assert!(!format!("{error:?}{contents:?}").contains(SECRET));
    }
}
