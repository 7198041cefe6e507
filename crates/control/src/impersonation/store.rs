//! The rows of impersonations.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, ImpersonationId, Secret, TenantId};

use super::{Impersonation, ImpersonationPage, MAX_PAGE};
use crate::{ContentAccess, api_keys};

const SELECT: &str = "SELECT i.id, i.tenant_id, i.account_id, own.local_part, d.name, i.by_tenant,
         i.by_account, i.by_name, i.reason, i.content, i.started_at, i.expires_at, i.ended_at
     FROM impersonation i
     JOIN address own ON own.account_id = i.account_id AND own.kind = 'account'
     JOIN domain d ON d.id = own.domain_id";

pub(super) fn load(tx: &Tx<'_>, id: ImpersonationId) -> Result<Option<Impersonation>, DbError> {
    tx.query_opt(&format!("{SELECT} WHERE i.id = ?1"), params![id], read)
}

pub(super) fn lock(tx: &Tx<'_>, id: ImpersonationId) -> Result<Option<Impersonation>, DbError> {
    let sql = format!("{SELECT} WHERE i.id = ?1 FOR UPDATE OF i");
    tx.query_opt(&sql, params![id], read)
}

pub(super) fn find_by_token(tx: &Tx<'_>, token: &Secret) -> Result<Option<Impersonation>, DbError> {
    let sql = format!("{SELECT} WHERE i.token_hash = ?1");
    tx.query_opt(&sql, params![api_keys::hash(token)], read)
}

pub(super) fn list_of_tenant(
    tx: &Tx<'_>,
    tenant: TenantId,
    page: ImpersonationPage,
) -> Result<Vec<Impersonation>, DbError> {
    let parameters = params![tenant, before(page), limit(page)];
    tx.query(&of_tenant(), parameters, read)
}

pub(super) fn list(tx: &Tx<'_>, page: ImpersonationPage) -> Result<Vec<Impersonation>, DbError> {
    tx.query(&of_all(), params![before(page), limit(page)], read)
}

fn of_tenant() -> String {
    format!("{SELECT} WHERE i.tenant_id = ?1 AND i.id < ?2 ORDER BY i.id DESC LIMIT ?3")
}

fn of_all() -> String {
    format!("{SELECT} WHERE i.id < ?1 ORDER BY i.id DESC LIMIT ?2")
}

fn before(page: ImpersonationPage) -> i64 {
    page.before.map_or(i64::MAX, ImpersonationId::to_i64)
}

fn limit(page: ImpersonationPage) -> u32 {
    page.limit.clamp(1, MAX_PAGE)
}

fn read(row: &Row<'_>) -> Result<Impersonation, DbError> {
    Ok(Impersonation {
        id: row.get(0)?,
        account: AccountScope {
            tenant: row.get(1)?,
            account: row.get(2)?,
        },
        address: format!("{}@{}", row.text(3)?, row.text(4)?),
        by: AccountScope {
            tenant: row.get(5)?,
            account: row.get(6)?,
        },
        by_name: row.get(7)?,
        reason: row.get(8)?,
        content: if row.get(9)? {
            ContentAccess::Open
        } else {
            ContentAccess::Closed
        },
        started_at: row.get(10)?,
        expires_at: row.get(11)?,
        ended_at: row.get(12)?,
    })
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;

    use super::*;

    #[tokio::test]
    async fn lists_run_along_indexes() {
        assert_only_searches(of_tenant(), 3).await;
        assert_only_searches(of_all(), 2).await;
        assert_only_searches(format!("{SELECT} WHERE i.token_hash = ?1"), 1).await;
    }
}
