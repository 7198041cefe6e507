//! Acting as somebody else (OP-20, F-44).
//!
//! An administrator stays signed in as the own account and shows a second token beside it; as long
//! as that lasts, requests have the target as their principal.
//!
//! Invariants:
//! - The target's rights and limits hold, never more: no right of the administrator is added, and
//!   what the target would have on the whole platform after a second factor is not there. Nobody
//!   acts as somebody who may do more than the administrator.
//! - There is a reason, an end after [`LASTS`], and an entry in the tenant's log that the target
//!   sees too. Acts are logged with the administrator as actor, on behalf of the target.
//! - Mail is closed unless the administrator has the permission for it *and* the tenant has given
//!   its consent, when it began and at each request.
//! - It does not nest, and does not reach passwords and second factors
//!   ([`Actor::own_credentials`]).

mod consent;
mod store;

use std::time::Duration;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::{Account, AccountScope, TenantScope};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_oplog::Target;
use hikyaku_types::{ImpersonationId, Permission, Secret, TenantId, Timestamp};
use serde_json::json;

pub use consent::{Consent, consent, set_consent};

use crate::{
    Act, Actor, ContentAccess, ControlError, Impersonator, api_keys,
    authenticate::{self, Origin, Proof},
};

/// How long an impersonation lasts at most: 60 min, a call with the person.
pub const LASTS: Duration = Duration::from_hours(1);
/// Characters of a reason at most.
pub const MAX_REASON_CHARS: usize = 500;
/// Impersonations of one page at most.
pub const MAX_PAGE: u32 = 500;

/// One time that an administrator acted as somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Impersonation {
    /// Its id.
    pub id: ImpersonationId,
    /// As whom.
    pub account: AccountScope,
    /// The account's address.
    pub address: String,
    /// The administrator.
    pub by: AccountScope,
    /// The administrator's address at the time.
    pub by_name: String,
    /// Why.
    pub reason: String,
    /// Whether mail may be read.
    pub content: ContentAccess,
    /// When it began.
    pub started_at: Timestamp,
    /// When it is over by itself.
    pub expires_at: Timestamp,
    /// When somebody ended it before.
    pub ended_at: Option<Timestamp>,
}

/// An impersonation to begin.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Why: what the target and the tenant's administrators will read.
    pub reason: String,
    /// Whether mail is to be read.
    pub content: ContentAccess,
}

/// Begins to act as an account that the actor sees.
///
/// # Errors
/// [`ControlError::Forbidden`] with the permission that is lacking, or one that the target has and
/// the actor has not; the conflicts `impersonating`, `persons_only`, `account_not_active`,
/// `no_consent`.
pub fn begin(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    begin: &Begin,
    token: &api_keys::Token,
) -> Result<Impersonation, ControlError> {
    let (by, by_name) = (own(actor)?, actor.principal.logged().name);
    let (target, domain) = (account.scope, account.domain);
    actor.in_domain(Permission::Impersonate, target.tenant, domain, "account")?;
    if by == target {
        return Err(ControlError::invalid("account", "this is your own account"));
    }
    let reason = valid_reason(&begin.reason)?;
    authenticate::must_cover(tx, actor, target)?;
    if authenticate::person(tx, target, Proof::Password, Origin::default())?.is_none() {
        let detail = "the account, or its tenant, is not active: nobody can act as it";
        return Err(ControlError::conflict("account_not_active", detail));
    }
    if begin.content == ContentAccess::Open {
        actor.in_domain(Permission::ContentRead, target.tenant, domain, "account")?;
        must_consent(tx, target.tenant)?;
    }
    let id: ImpersonationId = tx.new_id();
    tx.execute(
        "INSERT INTO impersonation (id, tenant_id, account_id, by_tenant, by_account, by_name,
             reason, content, started_at, expires_at, token_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            target.tenant,
            target.account,
            by.tenant,
            by.account,
            &by_name,
            &reason,
            begin.content == ContentAccess::Open,
            tx.now(),
            tx.now().plus(LASTS),
            token.hash(),
        ],
    )?;
    let made = store::load(tx, id)?.ok_or_else(unknown)?;
    tell(tx, &made)?;
    let act = act(&made, "impersonation.begin").because(&reason);
    let details = json!({
        "impersonation": id,
        "content": begin.content,
        "expires_at": made.expires_at,
    });
    actor.log(tx, act.after(details))?;
    Ok(made)
}

/// Ends an impersonation before its time: the administrator does, the person acted as, or an
/// administrator of the tenant. One that is over stays as it is.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn end(tx: &WriteTx<'_>, actor: &Actor, id: ImpersonationId) -> Result<(), ControlError> {
    let found = store::lock(tx, id)?.ok_or_else(unknown)?;
    let tenant = found.account.tenant;
    let is_current = actor
        .impersonator
        .as_ref()
        .is_some_and(|own| own.impersonation == id);
    let is_own = actor.impersonator.is_none()
        && [Some(found.by), Some(found.account)].contains(&actor.own_account());
    let may = |permission| actor.rights.in_tenant(permission, tenant);
    if !is_current && !is_own && !may(Permission::SecurityWrite) {
        return Err(if may(Permission::LogRead) {
            ControlError::Forbidden(Permission::SecurityWrite)
        } else {
            unknown()
        });
    }
    if found.ended_at.is_some() || found.expires_at <= tx.now() {
        return Ok(());
    }
    tx.execute(
        "UPDATE impersonation SET ended_at = ?2 WHERE id = ?1",
        params![id, tx.now()],
    )?;
    let act = act(&found, "impersonation.end");
    actor.log(tx, act.after(json!({ "impersonation": id })))?;
    Ok(())
}

/// The actor of somebody who shows the token of an impersonation beside the own session; nothing
/// when it is over, or what allowed it is.
pub fn assume(tx: &Tx<'_>, actor: &Actor, token: &Secret) -> Result<Option<Actor>, DbError> {
    let Some(running) = store::find_by_token(tx, token)? else {
        return Ok(None);
    };
    let (target, tenant) = (running.account, running.account.tenant);
    let is_over = running.ended_at.is_some() || running.expires_at <= tx.now();
    let is_own = actor.impersonator.is_none() && actor.own_account() == Some(running.by);
    let may = |permission| actor.rights.in_tenant(permission, tenant);
    if is_over || !is_own || !may(Permission::Impersonate) {
        return Ok(None);
    }
    let origin = Origin {
        address: actor.address,
        request: actor.request,
    };
    let Some(mut assumed) = authenticate::person(tx, target, Proof::Password, origin)? else {
        return Ok(None);
    };
    if actor.rights.lack(&assumed.rights).is_some() {
        return Ok(None);
    }
    let scope = TenantScope { tenant };
    let is_open = running.content == ContentAccess::Open
        && may(Permission::ContentRead)
        && consent::in_force(tx, scope)?;
    assumed.impersonator = Some(Impersonator {
        principal: actor.principal.clone(),
        impersonation: running.id,
        content: if is_open {
            ContentAccess::Open
        } else {
            ContentAccess::Closed
        },
    });
    Ok(Some(assumed))
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImpersonationPage {
    /// Only from before this one: lists go from the newest to the oldest.
    pub before: Option<ImpersonationId>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// Those in a tenant, or without one all of them, newest first.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<TenantId>,
    page: ImpersonationPage,
) -> Result<Vec<Impersonation>, ControlError> {
    if let Some(tenant) = tenant {
        actor.in_tenant(Permission::LogRead, tenant)?;
        Ok(store::list_of_tenant(tx, tenant, page)?)
    } else {
        actor.on_platform(Permission::LogRead)?;
        Ok(store::list(tx, page)?)
    }
}

/// The one that the actor is in.
pub fn current(tx: &Tx<'_>, actor: &Actor) -> Result<Option<Impersonation>, DbError> {
    match &actor.impersonator {
        Some(own) => store::load(tx, own.impersonation),
        None => Ok(None),
    }
}

/// The account of a person in person.
fn own(actor: &Actor) -> Result<AccountScope, ControlError> {
    if actor.impersonator.is_some() {
        let detail = "you act as somebody else already: end that first";
        return Err(ControlError::conflict("impersonating", detail));
    }
    actor.own_account().ok_or_else(|| {
        let detail = "only a person who signed in can act as somebody else";
        ControlError::conflict("persons_only", detail)
    })
}

fn must_consent(tx: &WriteTx<'_>, tenant: TenantId) -> Result<(), ControlError> {
    if consent::in_force(tx, TenantScope { tenant })? {
        return Ok(());
    }
    Err(ControlError::conflict(
        "no_consent",
        "the tenant has not allowed the operator to read mail: its administrators can",
    ))
}

fn valid_reason(text: &str) -> Result<String, ControlError> {
    let reason = text.trim();
    let length = reason.chars().count();
    if length == 0 || length > MAX_REASON_CHARS || reason.contains('\0') {
        let detail = format!("say why, in at most {MAX_REASON_CHARS} characters");
        return Err(ControlError::invalid("reason", detail));
    }
    Ok(reason.to_owned())
}

/// The person is told by mail.
fn tell(tx: &WriteTx<'_>, made: &Impersonation) -> Result<(), ControlError> {
    let variables = json!({ "by": made.by_name, "reason": made.reason });
    let notice = Notice::new(
        Event::Impersonated,
        made.account.tenant_scope(),
        Recipient::Account(made.account),
        variables,
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    Ok(())
}

fn act(of: &Impersonation, action: &'static str) -> Act {
    let target = Target::new("account", of.account.account, &of.address);
    Act::in_tenant(of.account.tenant, action, target).shown_to(of.account.account)
}

fn unknown() -> ControlError {
    ControlError::NotFound {
        kind: "impersonation",
    }
}
