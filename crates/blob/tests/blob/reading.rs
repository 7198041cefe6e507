//! Reading contents back, and noticing damage.

use bytes::Bytes;
use hikyaku_blob::{BlobError, ContentHash, Encoding, add_reference, prepare, read};
use hikyaku_db::{Database, params};

use crate::fixture::{tenant, write};

async fn store(db: &Database, content: &Bytes) -> ContentHash {
    let prepared = prepare(content);
    let hash = *prepared.hash();
    write(db, move |tx| add_reference(tx, tenant(1), &prepared, 1))
        .await
        .unwrap();
    hash
}

async fn read_back(db: &Database, hash: ContentHash) -> Result<Bytes, BlobError> {
    db.read(move |tx| read(tx, tenant(1), &hash)).await
}

async fn damage(db: &Database, hash: ContentHash, what: &'static str) {
    let sql = format!("UPDATE blob SET {what} WHERE tenant_id = ?1 AND hash = ?2");
    let changed = write(db, move |tx| {
        Ok(tx.execute(&sql, params![tenant(1), &hash])?)
    })
    .await;
    assert_eq!(changed, Ok(1));
}

hikyaku_db::on_both_engines! {
    async fn what_is_read_is_what_was_written(test: TestDatabase) {
        let mut noise = vec![0; 50_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for (content, encoding) in [
            (Bytes::new(), Encoding::Raw),
            (Bytes::from_static(b"short"), Encoding::Raw),
            (
                Bytes::from("日本語の本文。\r\n".repeat(500)),
                Encoding::Zstd,
            ),
            (Bytes::from(noise), Encoding::Raw),
            (Bytes::from(vec![b'x'; 3 << 20]), Encoding::Zstd),
        ] {
            let prepared = prepare(&content);
            assert_eq!(prepared.size(), content.len() as u64);
            assert_eq!(prepared.encoding(), encoding, "{} bytes", content.len());
            let hash = store(&test.db, &content).await;
            assert_eq!(read_back(&test.db, hash).await, Ok(content));
        }
    }

    async fn damage_is_noticed(test: TestDatabase) {
        let content = Bytes::from("text that compresses ".repeat(500));
        let hash = store(&test.db, &content).await;
        let expect = async |reason: &str| {
            let error = read_back(&test.db, hash).await.unwrap_err();
            assert!(matches!(error, BlobError::Corrupt { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        };
        damage(&test.db, hash, "size = size + 1").await;
        expect("cannot be decompressed").await;
        damage(&test.db, hash, "size = size - 1, encoding = 0").await;
        expect("wrong length").await;
        damage(&test.db, hash, "size = stored_size").await;
        expect("wrong hash").await;
    }

    async fn what_a_newer_program_stored_is_not_guessed_at(test: TestDatabase) {
        let hash = store(&test.db, &Bytes::from_static(b"content")).await;
        damage(&test.db, hash, "encoding = 2").await;
        let unknown = |what, code| Err(BlobError::Unknown { hash, what, code });
        assert_eq!(read_back(&test.db, hash).await, unknown("encoding", 2));
        damage(&test.db, hash, "place = 1, object_name = 'x'").await;
        assert_eq!(read_back(&test.db, hash).await, unknown("place", 1));
    }
}
