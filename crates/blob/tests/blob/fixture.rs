//! What the tests share.

use bytes::Bytes;
use hikyaku_blob::{BlobError, ContentHash, Prepared, prepare};
use hikyaku_db::{Database, Lane, WriteTx, params};
use hikyaku_types::{Id as _, TenantId};

pub(crate) fn tenant(number: i64) -> TenantId {
    TenantId::from_i64(number)
}

/// A content of its own for each number, which compresses.
pub(crate) fn content(number: u32) -> Prepared {
    prepare(&text(number))
}

pub(crate) fn text(number: u32) -> Bytes {
    Bytes::from(format!("message {number}\r\n").repeat(100))
}

pub(crate) async fn write<T: Send + 'static>(
    db: &Database,
    work: impl Fn(&WriteTx<'_>) -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    db.write(Lane::Mail, work).await
}

/// The stored count of references; nothing when there is no row.
pub(crate) async fn references(db: &Database, tenant: TenantId, hash: ContentHash) -> Option<i64> {
    db.read(move |tx| {
        Ok::<_, BlobError>(tx.query_opt(
            "SELECT refs FROM blob WHERE tenant_id = ?1 AND hash = ?2",
            params![tenant, &hash],
            |row| row.get(0),
        )?)
    })
    .await
    .unwrap()
}
