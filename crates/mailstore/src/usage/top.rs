//! The largest mailboxes of a tenant, day by day.

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::TenantScope;
use hikyaku_types::{AccountId, ByteSize, Timestamp};

use crate::error::MailError;

/// Mailboxes of a tenant that are written down for a day (20).
pub const TOP_PLACES: u32 = 20;

/// One of the largest mailboxes of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopAccount {
    /// From 1.
    pub place: u32,
    /// The account; it may be gone.
    pub account: AccountId,
    /// The address it had.
    pub address: String,
    /// What it held.
    pub used: ByteSize,
    /// How many messages that was.
    pub messages: u64,
    /// What it might hold; 0: no limit.
    pub quota: ByteSize,
}

/// Writes a tenant's list of a day, from the mailboxes as they were measured last. Once is enough:
/// a list that is there stays.
pub fn record_top(tx: &WriteTx<'_>, scope: TenantScope, day: Timestamp) -> Result<(), MailError> {
    tx.execute(RECORD, params![scope.tenant, day, TOP_PLACES])?;
    Ok(())
}

const RECORD: &str = "INSERT INTO usage_top (tenant_id, at, place, account_id, address, \
     used_bytes, used_messages, quota_bytes) \
     SELECT x.tenant_id, CAST(?2 AS BIGINT), \
     ROW_NUMBER() OVER (ORDER BY x.used_bytes DESC, x.account_id DESC), x.account_id, \
     ad.canonical, x.used_bytes, x.used_messages, x.quota_bytes \
     FROM (SELECT u.tenant_id, u.account_id, u.used_bytes, u.used_messages, u.quota_bytes \
     FROM usage_account u WHERE u.tenant_id = ?1 \
     ORDER BY u.used_bytes DESC, u.account_id DESC LIMIT ?3) x \
     JOIN address ad ON ad.account_id = x.account_id AND ad.kind = 'account' \
     WHERE x.account_id > 0 ON CONFLICT (tenant_id, at, place) DO NOTHING";

/// The list of the last day at or before an instant, with that day.
pub fn top(
    tx: &Tx<'_>,
    scope: TenantScope,
    until: Timestamp,
) -> Result<Option<(Timestamp, Vec<TopAccount>)>, MailError> {
    let day = tx.query_opt(LAST_DAY, params![scope.tenant, until], |row| {
        row.get::<Timestamp>(0)
    })?;
    let Some(day) = day else { return Ok(None) };
    let list = tx.query(
        "SELECT place, account_id, address, used_bytes, used_messages, quota_bytes \
         FROM usage_top WHERE tenant_id = ?1 AND at = ?2 ORDER BY place",
        params![scope.tenant, day],
        |row| {
            Ok(TopAccount {
                place: row.get(0)?,
                account: row.get(1)?,
                address: row.get(2)?,
                used: row.get(3)?,
                messages: row.get(4)?,
                quota: row.get(5)?,
            })
        },
    )?;
    Ok(Some((day, list)))
}

const LAST_DAY: &str =
    "SELECT at FROM usage_top WHERE tenant_id = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn days_are_searched_for() {
        hikyaku_db::testing::assert_only_searches(LAST_DAY.to_owned(), 2).await;
    }
}
