//! The rows of roles that somebody defined.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::{Permission, RoleId, TenantId};

use super::Role;

const COLUMNS: &str = "id, tenant_id, name, note, permissions, updated_at";

/// The role of an id, whoever's it is: the caller looks at its tenant.
pub(super) fn load(tx: &Tx<'_>, id: RoleId) -> Result<Option<Role>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM role WHERE id = ?1");
    tx.query_opt(&sql, params![id], read)
}

/// The same, for a change.
pub(super) fn lock(tx: &Tx<'_>, id: RoleId) -> Result<Option<Role>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM role WHERE id = ?1 FOR UPDATE");
    tx.query_opt(&sql, params![id], read)
}

/// A role that can be given in a tenant, or on the platform, kept from being deleted meanwhile.
pub(crate) fn find_in(
    tx: &Tx<'_>,
    tenant: Option<TenantId>,
    id: RoleId,
) -> Result<Option<Role>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM role WHERE id = ?1 FOR SHARE");
    let found = tx.query_opt(&sql, params![id], read)?;
    Ok(found.filter(|role| role.tenant == tenant))
}

/// The roles of a tenant, or of the platform, by name: there are at most [`super::MAX_ROLES`].
pub(super) fn list(tx: &Tx<'_>, tenant: Option<TenantId>) -> Result<Vec<Role>, DbError> {
    match tenant {
        Some(tenant) => tx.query(OF_TENANT, params![tenant], read),
        None => tx.query(OF_PLATFORM, &[], read),
    }
}

const OF_TENANT: &str = "SELECT id, tenant_id, name, note, permissions, updated_at FROM role
     WHERE tenant_id = ?1 ORDER BY canonical";
const OF_PLATFORM: &str = "SELECT id, tenant_id, name, note, permissions, updated_at FROM role
     WHERE tenant_id IS NULL AND canonical > '' ORDER BY canonical";

fn read(row: &Row<'_>) -> Result<Role, DbError> {
    let tenant: Option<TenantId> = row.get(1)?;
    Ok(Role {
        role: row.get::<RoleId>(0)?.to_string(),
        name: row.get(2)?,
        name_ja: None,
        built_in: false,
        tenant,
        platform: tenant.is_none(),
        note: row.get(3)?,
        permissions: words(row.text(4)?),
        most: None,
        updated_at: row.get(5)?,
    })
}

/// The permissions of a column. A word that this program does not know allows nothing.
pub(crate) fn words(text: &str) -> Vec<Permission> {
    let words = text.split(' ').filter_map(|word| word.parse().ok());
    words.collect()
}

/// The permissions as a column has them: in their own order, each once.
pub(crate) fn joined(permissions: &[Permission]) -> String {
    let all = Permission::ALL.iter();
    let wanted = all.filter(|permission| permissions.contains(permission));
    wanted
        .map(|permission| permission.word())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;

    use super::*;

    #[tokio::test]
    async fn lists_run_along_an_index() {
        assert_only_searches(OF_TENANT.to_owned(), 1).await;
        assert_only_searches(OF_PLATFORM.to_owned(), 0).await;
    }

    #[test]
    fn permissions_come_back_from_their_column() {
        let some = [Permission::LogRead, Permission::AccountsRead];
        assert_eq!(joined(&some), "accounts.read log.read");
        let back = words("accounts.read nonsense log.read");
        assert_eq!(back, [Permission::AccountsRead, Permission::LogRead]);
        assert_eq!(words(""), []);
    }
}
