//! A tenant's consent to its mail being read by the operator's people (F-44).

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::TenantScope;
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, TenantId, Timestamp};
use serde_json::json;

use crate::{Act, Actor, ControlError};

/// What a tenant allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who did.
    pub given_by: String,
    /// When.
    pub given_at: Timestamp,
    /// Until when; nothing: until it is taken back.
    pub expires_at: Option<Timestamp>,
}

/// What a tenant allows now; nothing is the default.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn consent(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: TenantId,
) -> Result<Option<Consent>, ControlError> {
    let scope = actor.in_tenant(Permission::SecurityRead, tenant)?;
    Ok(load(tx, scope)?)
}

/// Gives or takes back the consent of the own tenant. Nobody gives it for somebody else's: neither
/// the operator, nor who acts as somebody.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach; the conflict `own_tenant_only`.
pub fn set_consent(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: TenantId,
    wanted: Option<Option<Timestamp>>,
) -> Result<Option<Consent>, ControlError> {
    let scope = actor.in_tenant(Permission::SecurityWrite, tenant)?;
    let own = actor.own_account().map(|own| own.tenant);
    if own != Some(tenant) || actor.impersonator.is_some() {
        let detail = "only the tenant's own administrators, in person, decide about its mail";
        return Err(ControlError::conflict("own_tenant_only", detail));
    }
    if wanted.flatten().is_some_and(|end| end <= tx.now()) {
        let detail = "the end lies in the past: name a later one, or none";
        return Err(ControlError::invalid("expires_at", detail));
    }
    let before = load(tx, scope)?;
    match wanted {
        Some(end) => tx.execute(
            "INSERT INTO content_consent (tenant_id, given_by, given_at, expires_at)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant_id) DO UPDATE SET given_by = excluded.given_by,
                 given_at = excluded.given_at, expires_at = excluded.expires_at",
            params![tenant, actor.principal.logged().name, tx.now(), end],
        )?,
        None => tx.execute(
            "DELETE FROM content_consent WHERE tenant_id = ?1",
            params![tenant],
        )?,
    };
    let after = load(tx, scope)?;
    let target = Target::new("tenant", tenant, tenant);
    let act = Act::in_tenant(tenant, "content_consent.change", target);
    actor.log(
        tx,
        act.before(logged(before.as_ref()))
            .after(logged(after.as_ref())),
    )?;
    Ok(after)
}

pub(super) fn in_force(tx: &Tx<'_>, scope: TenantScope) -> Result<bool, DbError> {
    load(tx, scope).map(|found| found.is_some())
}

/// One that has expired is none.
fn load(tx: &Tx<'_>, scope: TenantScope) -> Result<Option<Consent>, DbError> {
    tx.query_opt(
        "SELECT given_by, given_at, expires_at FROM content_consent
         WHERE tenant_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        params![scope.tenant, tx.now()],
        |row| {
            Ok(Consent {
                given_by: row.get(0)?,
                given_at: row.get(1)?,
                expires_at: row.get(2)?,
            })
        },
    )
}

fn logged(consent: Option<&Consent>) -> serde_json::Value {
    match consent {
        Some(consent) => json!({ "given": true, "expires_at": consent.expires_at }),
        None => json!({ "given": false }),
    }
}
