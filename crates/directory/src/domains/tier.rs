//! The tier of a domain: one size for all its mailboxes (O-001, C-02, T-041).

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::{ByteSize, DomainId};

use super::by_id;
use crate::{DirectoryError, PlatformScope, TenantScope, contracts, plans::QuotaMode};

/// Sets the size of all mailboxes of a domain, or lets the plan decide again. The limits of the
/// mailboxes that exist are the mail store's: the caller sets them.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`]; [`DirectoryError::TierNotPossible`] where only the pool
/// counts, or for the size 0.
pub fn set_tier(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    id: DomainId,
    size: Option<ByteSize>,
) -> Result<(), DirectoryError> {
    contracts::lock(tx, scope)?;
    let domain = by_id(tx, scope, id, "FOR UPDATE")?;
    if let Some(size) = size {
        if contracts::terms(tx, scope)?.quota_mode == QuotaMode::PoolOnly {
            return Err(DirectoryError::TierNotPossible("only the pool counts"));
        }
        if size.bytes() == 0 {
            return Err(DirectoryError::TierNotPossible(
                "give a size above 0, or null for sizes of their own",
            ));
        }
    }
    tx.execute(
        "UPDATE domain SET mailbox_quota_bytes = ?3, updated_at = ?4
         WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, domain.id, size, tx.now()],
    )?;
    tx.hint(Hint::Directory);
    Ok(())
}
