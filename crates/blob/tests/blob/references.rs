//! Counting references.

use hikyaku_blob::{
    BlobError, Released, add_reference, add_references, add_references_by_hash, release,
    release_many,
};

use crate::fixture::{content, references, tenant, write};

hikyaku_db::on_both_engines! {
    async fn a_content_is_stored_once_and_goes_with_its_last_reference(test: TestDatabase) {
        let (db, one) = (&test.db, content(1));
        let hash = *one.hash();
        let adding = one.clone();
        write(db, move |tx| {
            add_reference(tx, tenant(1), &adding, 1)?;
            add_reference(tx, tenant(1), &adding, 2)
        })
        .await
        .unwrap();
        assert_eq!(references(db, tenant(1), hash).await, Some(3));
        write(db, move |tx| {
            add_references_by_hash(tx, tenant(1), &hash, 1)
        })
        .await
        .unwrap();
        let released = write(db, move |tx| release(tx, tenant(1), &hash, 3))
            .await
            .unwrap();
        assert_eq!(released, Released::Kept);
        let released = write(db, move |tx| release(tx, tenant(1), &hash, 1))
            .await
            .unwrap();
        assert_eq!(released, Released::Gone);
        assert_eq!(references(db, tenant(1), hash).await, None);
    }

    async fn tenants_share_nothing(test: TestDatabase) {
        let (db, one) = (&test.db, content(1));
        let hash = *one.hash();
        write(db, move |tx| {
            add_reference(tx, tenant(1), &one, 1)?;
            add_reference(tx, tenant(2), &one, 1)
        })
        .await
        .unwrap();
        write(db, move |tx| release(tx, tenant(1), &hash, 1))
            .await
            .unwrap();
        assert_eq!(references(db, tenant(1), hash).await, None);
        assert_eq!(references(db, tenant(2), hash).await, Some(1));
        let missing = write(db, move |tx| {
            add_references_by_hash(tx, tenant(1), &hash, 1)
        })
        .await;
        assert_eq!(missing, Err(BlobError::Missing { hash }));
        let read = db
            .read(move |tx| hikyaku_blob::read(tx, tenant(1), &hash))
            .await;
        assert_eq!(read, Err(BlobError::Missing { hash }));
    }

    async fn more_references_than_there_are_cannot_be_released(test: TestDatabase) {
        let (db, one) = (&test.db, content(1));
        let hash = *one.hash();
        write(db, move |tx| add_reference(tx, tenant(1), &one, 2))
            .await
            .unwrap();
        let too_many = BlobError::TooFewReferences {
            hash,
            stored: 2,
            released: 3,
        };
        let released = write(db, move |tx| release(tx, tenant(1), &hash, 3)).await;
        assert_eq!(released, Err(too_many.clone()));
        let released = write(db, move |tx| release_many(tx, tenant(1), [(hash, 3)])).await;
        assert_eq!(released, Err(too_many));
        assert_eq!(references(db, tenant(1), hash).await, Some(2));
        let missing = write(db, move |tx| release(tx, tenant(2), &hash, 1)).await;
        assert_eq!(missing, Err(BlobError::Missing { hash }));
    }

    /// More contents than one statement takes, some twice, some kept.
    async fn many_contents_at_once(test: TestDatabase) {
        let db = &test.db;
        let contents: Vec<_> = (0..150).map(content).collect();
        let hashes: Vec<_> = contents.iter().map(|content| *content.hash()).collect();
        write(db, move |tx| {
            let twice = contents.iter().take(20).map(|content| (content, 1));
            let all = contents.iter().rev().map(|content| (content, 2));
            add_references(tx, tenant(1), all.chain(twice))
        })
        .await
        .unwrap();
        for (number, hash) in hashes.iter().enumerate() {
            let expected = if number < 20 { 3 } else { 2 };
            assert_eq!(references(db, tenant(1), *hash).await, Some(expected));
        }
        let releasing = hashes.clone();
        let gone = write(db, move |tx| {
            release_many(tx, tenant(1), releasing.iter().map(|hash| (*hash, 2)))
        })
        .await
        .unwrap();
        assert_eq!(gone, 130);
        for (number, hash) in hashes.iter().enumerate() {
            let expected = (number < 20).then_some(1);
            assert_eq!(references(db, tenant(1), *hash).await, expected);
        }
        let nothing = write(db, |tx| release_many(tx, tenant(1), [])).await;
        assert_eq!(nothing, Ok(0));
    }
}
