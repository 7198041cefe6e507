//! Deleting objects that nothing needs, and no others.

use std::{fs, time::Duration};

use hikyaku_blob::{BlobError, GRACE_MIN, Swept, add_reference, release};
use hikyaku_db::Lane;
use hikyaku_testkit::s3::{Fault, On};

use crate::{
    fixture::{tenant, write},
    place::{Place, large, let_go, read_back, refer, store},
};

const GRACE: Duration = Duration::from_hours(7 * 24);
const MOMENT: Duration = Duration::from_secs(1);

/// Writers that share a content.
const WRITERS: u32 = 6;
const ROUNDS: u32 = 12;

const NOTHING: Swept = swept(0, 0);

const fn swept(deleted: u64, forgotten: u64) -> Swept {
    Swept { deleted, forgotten }
}

hikyaku_db::on_both_engines! {
    async fn what_lost_its_content_goes_after_the_grace_time(test: TestDatabase) {
        for place in Place::all() {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let kept = store(db, &contents, tenant(1), &large(1)).await.unwrap();
            let gone = store(db, &contents, tenant(1), &large(2)).await.unwrap();
            test.clock.advance(GRACE + GRACE);
            let_go(db, tenant(1), gone).await;
            // A backup that began now may still copy it.
            test.clock.advance(GRACE.saturating_sub(MOMENT));
            assert_eq!(contents.sweep(GRACE).await, Ok(NOTHING));
            assert_eq!(place.objects().len(), 2);
            test.clock.advance(MOMENT + MOMENT);
            assert_eq!(contents.sweep(GRACE).await, Ok(swept(1, 0)));
            assert_eq!(place.objects().len(), 1);
            assert_eq!(contents.sweep(GRACE).await, Ok(NOTHING));
            assert_eq!(read_back(db, &contents, tenant(1), kept).await, Ok(large(1)));
            clear(db).await;
        }
    }

    async fn an_upload_without_a_transaction_is_found(test: TestDatabase) {
        for place in Place::all() {
            let (db, contents) = (&test.db, place.contents(&test.db));
            let kept = store(db, &contents, tenant(1), &large(1)).await.unwrap();
            // The process ended here.
            drop(contents.upload(contents.prepare(&large(2)), &[tenant(1)]).await.unwrap());
            test.clock.advance(GRACE.saturating_sub(Duration::from_hours(1)));
            assert_eq!(contents.sweep(GRACE).await, Ok(NOTHING));
            test.clock.advance(Duration::from_hours(2));
            assert_eq!(contents.sweep(GRACE).await, Ok(swept(0, 1)));
            assert_eq!(contents.sweep(GRACE).await, Ok(NOTHING));
            assert_eq!(place.objects().len(), 2);
            test.clock.advance(GRACE + MOMENT);
            assert_eq!(contents.sweep(GRACE).await, Ok(swept(1, 0)));
            assert_eq!(place.objects().len(), 1);
            assert_eq!(read_back(db, &contents, tenant(1), kept).await, Ok(large(1)));
            clear(db).await;
        }
    }

    async fn a_lost_race_leaves_one_object(test: TestDatabase) {
        let [place, _] = Place::all();
        let (db, contents) = (&test.db, place.contents(&test.db));
        let one = contents.upload(contents.prepare(&large(1)), &[tenant(1)]).await.unwrap();
        let other = contents.upload(contents.prepare(&large(1)), &[tenant(1)]).await.unwrap();
        let hash = *one.hash();
        refer(db, tenant(1), one).await.unwrap();
        refer(db, tenant(1), other).await.unwrap();
        assert_eq!(place.objects().len(), 2);
        test.clock.advance(GRACE + Duration::from_hours(1));
        assert_eq!(contents.sweep(GRACE).await, Ok(swept(0, 1)));
        test.clock.advance(GRACE + MOMENT);
        assert_eq!(contents.sweep(GRACE).await, Ok(swept(1, 0)));
        assert_eq!(read_back(db, &contents, tenant(1), hash).await, Ok(large(1)));
    }

    /// References to one content come and go from all sides, its objects with them; whoever holds a
    /// reference can read, and after the last grace time only what is referred to is left.
    async fn no_object_is_lost(test: TestDatabase) {
        for place in Place::all() {
            let tasks: Vec<_> = (0..WRITERS)
                .map(|_| {
                    let (db, contents) = (test.db.clone(), place.contents(&test.db));
                    tokio::spawn(async move {
                        for _ in 0..ROUNDS {
                            let hash = persist(&db, &contents).await;
                            let read = read_back(&db, &contents, tenant(1), hash).await;
                            assert_eq!(read, Ok(large(1)));
                            write(&db, move |tx| release(tx, tenant(1), &hash, 1)).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let contents = place.contents(&test.db);
            let hash = persist(&test.db, &contents).await;
            for _ in 0..2 {
                test.clock.advance(GRACE + Duration::from_hours(1));
                // Several processes sweep at the same time.
                let others = place.contents(&test.db);
                let (one, other) = tokio::join!(contents.sweep(GRACE), others.sweep(GRACE));
                one.unwrap();
                other.unwrap();
            }
            assert_eq!(place.objects().len(), 1);
            let read = read_back(&test.db, &place.contents(&test.db), tenant(1), hash).await;
            assert_eq!(read, Ok(large(1)));
            clear(&test.db).await;
        }
    }

    async fn a_sweep_that_was_stopped_goes_on(test: TestDatabase) {
        let [_, place] = Place::all();
        let Place::S3(s3) = &place else { unreachable!("the second is the S3") };
        let (db, contents) = (&test.db, place.contents(&test.db));
        for number in 0..5 {
            let hash = store(db, &contents, tenant(1), &large(number)).await.unwrap();
            let_go(db, tenant(1), hash).await;
        }
        test.clock.advance(GRACE + MOMENT);
        s3.fail(On::Delete, Fault::Status(500), usize::MAX);
        assert!(contents.sweep(GRACE).await.unwrap_err().is_unavailable());
        s3.heal();
        s3.fail(On::Delete, Fault::CutAfterwards, 1);
        assert_eq!(contents.sweep(GRACE).await, Ok(swept(5, 0)));
        assert_eq!(place.objects(), Vec::<String>::new());
    }

    async fn a_grace_time_that_is_too_short_is_not_obeyed(test: TestDatabase) {
        let [place, _] = Place::all();
        let (db, contents) = (&test.db, place.contents(&test.db));
        let hash = store(db, &contents, tenant(1), &large(1)).await.unwrap();
        let_go(db, tenant(1), hash).await;
        test.clock.advance(GRACE_MIN.saturating_sub(MOMENT));
        assert_eq!(contents.sweep(Duration::ZERO).await, Ok(NOTHING));
        test.clock.advance(MOMENT + MOMENT);
        assert_eq!(contents.sweep(Duration::ZERO).await, Ok(swept(1, 0)));
    }

    async fn many_objects_are_swept_page_by_page(test: TestDatabase) {
        let [place, _] = Place::all();
        let (db, contents) = (&test.db, place.contents(&test.db));
        let kept = store(db, &contents, tenant(1), &large(1)).await.unwrap();
        // Uploads of a day, one or more an hour.
        for number in 0..450 {
            if number % 20 == 0 {
                test.clock.advance(Duration::from_hours(1));
            }
            let prepared = contents.prepare(&large((number % 200) as u8 + 2));
            drop(contents.upload(prepared, &[tenant(1)]).await.unwrap());
        }
        // What is none of ours is left alone.
        fs::create_dir(place.root().join("lost+found")).unwrap();
        fs::write(place.root().join("20260105").join("README"), "x").unwrap();
        test.clock.advance(GRACE + Duration::from_hours(1));
        assert_eq!(contents.sweep(GRACE).await, Ok(swept(0, 450)));
        test.clock.advance(GRACE + MOMENT);
        assert_eq!(contents.sweep(GRACE).await, Ok(swept(450, 0)));
        assert_eq!(place.objects().len(), 2);
        assert!(place.root().join("20260105/README").exists());
        assert_eq!(read_back(db, &contents, tenant(1), kept).await, Ok(large(1)));
    }
}

/// What every caller does: uploads, refers, and begins again when the content it counted on went.
async fn persist(
    db: &hikyaku_db::Database,
    contents: &hikyaku_blob::Contents,
) -> hikyaku_blob::ContentHash {
    let mut prepared = contents.prepare(&large(1));
    let hash = *prepared.hash();
    loop {
        prepared = contents.upload(prepared, &[tenant(1)]).await.unwrap();
        let job = prepared.clone();
        match write(db, move |tx| add_reference(tx, tenant(1), &job, 1)).await {
            Err(BlobError::NotUploaded { .. }) => {}
            done => {
                done.unwrap();
                return hash;
            }
        }
    }
}

async fn clear(db: &hikyaku_db::Database) {
    db.write(Lane::Mail, |tx| {
        for table in ["object_store", "object_garbage", "blob"] {
            tx.execute(&format!("DELETE FROM {table}"), &[])?;
        }
        Ok::<_, BlobError>(())
    })
    .await
    .unwrap();
}
