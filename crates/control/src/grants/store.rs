//! The rows of grants.

use std::fmt::Write as _;

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{GrantId, Id as _, TenantId};

use super::{Grant, GrantQuery, MAX_PAGE};
use crate::{Within, roles};

const SELECT: &str = "SELECT g.id, g.tenant_id, g.account_id, own.local_part, d.name, g.role,
         r.name, g.place, g.domain_id, only_in.name, g.expires_at, g.note, g.granted_by,
         g.created_at
     FROM role_grant g
     JOIN address own ON own.account_id = g.account_id AND own.kind = 'account'
     JOIN domain d ON d.id = own.domain_id
     LEFT JOIN domain only_in ON only_in.id = g.domain_id
     LEFT JOIN role r ON r.id = g.role_id";

/// One grant, whoever's it is: the caller looks at where it holds.
pub(super) fn load(tx: &Tx<'_>, id: GrantId) -> Result<Option<Grant>, DbError> {
    tx.query_opt(&format!("{SELECT} WHERE g.id = ?1"), params![id], read)
}

pub(super) fn list_of_tenant(
    tx: &Tx<'_>,
    tenant: TenantId,
    query: &GrantQuery,
) -> Result<Vec<Grant>, DbError> {
    let mut params: Vec<Value<'_>> = params![tenant, after(query), limit(query)].to_vec();
    params.extend(query.account.map(Value::from));
    params.extend(query.role.as_deref().map(storable));
    tx.query(&of_tenant(query), &params, read)
}

pub(super) fn list_of_platform(tx: &Tx<'_>, query: &GrantQuery) -> Result<Vec<Grant>, DbError> {
    let mut params: Vec<Value<'_>> = params![after(query), limit(query)].to_vec();
    params.extend(query.account.map(Value::from));
    params.extend(query.role.as_deref().map(storable));
    tx.query(&of_platform(query), &params, read)
}

fn of_tenant(query: &GrantQuery) -> String {
    let more = conditions(query, 4);
    format!("{SELECT} WHERE g.tenant_id = ?1 AND g.id > ?2{more} ORDER BY g.id LIMIT ?3")
}

fn of_platform(query: &GrantQuery) -> String {
    let more = conditions(query, 3);
    format!("{SELECT} WHERE g.place = 'platform' AND g.id > ?1{more} ORDER BY g.id LIMIT ?2")
}

fn conditions(query: &GrantQuery, first: usize) -> String {
    let mut text = String::new();
    let mut next = first;
    for (wanted, column) in [
        (query.account.is_some(), "account_id"),
        (query.role.is_some(), "role"),
    ] {
        if wanted {
            let _ = write!(text, " AND g.{column} = ?{next}");
            next += 1;
        }
    }
    text
}

fn after(query: &GrantQuery) -> i64 {
    query.after.map_or(0, GrantId::to_i64)
}

fn limit(query: &GrantQuery) -> u32 {
    query.limit.clamp(1, MAX_PAGE)
}

/// No column holds U+0000, and no parameter may.
fn storable(text: &str) -> Value<'static> {
    text.replace('\0', "\u{FFFD}").into()
}

fn read(row: &Row<'_>) -> Result<Grant, DbError> {
    let (tenant, role): (TenantId, String) = (row.get(1)?, row.get(5)?);
    let defined: Option<String> = row.get(6)?;
    let role_name = match roles::built_in(&role) {
        Some(role) => role.en.to_owned(),
        None => defined.unwrap_or_else(|| role.clone()),
    };
    let within = match (row.text(7)?, row.get::<Option<_>>(8)?) {
        ("platform", _) => Within::Platform,
        (_, Some(domain)) => Within::Domain(tenant, domain),
        (_, None) => Within::Tenant(tenant),
    };
    Ok(Grant {
        id: row.get(0)?,
        account: AccountScope {
            tenant,
            account: row.get(2)?,
        },
        address: format!("{}@{}", row.text(3)?, row.text(4)?),
        role,
        role_name,
        within,
        domain: row.get(9)?,
        expires_at: row.get(10)?,
        note: row.get(11)?,
        granted_by: row.get(12)?,
        created_at: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;
    use hikyaku_types::AccountId;

    use super::*;

    #[tokio::test]
    async fn lists_run_along_indexes() {
        let queries = [
            GrantQuery::default(),
            GrantQuery {
                account: Some(AccountId::from_i64(1)),
                ..Default::default()
            },
        ];
        for (more, query) in queries.iter().enumerate() {
            assert_only_searches(of_tenant(query), 3 + more).await;
            assert_only_searches(of_platform(query), 2 + more).await;
        }
    }
}
