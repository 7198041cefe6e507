//! Domains that stand for another one: every address of that one is also an address of this one.

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::DomainId;

use super::{by_id, remove};
use crate::{DirectoryError, TenantScope, contracts, plans::Feature};

/// Lets a domain stand for another one of the same tenant, or for itself again.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`], [`DirectoryError::NotContracted`];
/// [`DirectoryError::AliasDomain`] when the domain has addresses or aliases of its own, or the
/// other one is an alias or the same.
pub fn set_alias_of(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
    target: Option<DomainId>,
) -> Result<(), DirectoryError> {
    // Under the tenant's lock no other domain of it becomes or loses an alias meanwhile.
    contracts::lock(tx, scope)?;
    let domain = by_id(tx, scope, id, "FOR UPDATE")?;
    if let Some(target) = target {
        contracts::terms(tx, scope)?.require(Feature::DomainAliases)?;
        let target = by_id(tx, scope, target, "FOR UPDATE")?;
        let problem = if target.id == domain.id {
            Some("it is the domain itself")
        } else if target.alias_of.is_some() {
            Some("the other domain is an alias itself")
        } else {
            remove::what_is_left(tx, &domain)?
        };
        if let Some(problem) = problem {
            return Err(DirectoryError::AliasDomain {
                domain: domain.name,
                problem,
            });
        }
    }
    tx.execute(
        "UPDATE domain SET alias_of_id = ?3, catch_all_account_id = NULL, updated_at = ?4
         WHERE tenant_id = ?1 AND id = ?2 AND COALESCE(alias_of_id, 0) <> ?5",
        params![
            scope.tenant,
            id,
            target,
            tx.now(),
            target.map_or(0, hikyaku_types::Id::to_i64),
        ],
    )?;
    tx.hint(Hint::Directory);
    Ok(())
}
