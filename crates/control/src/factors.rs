//! Second factors as their owner manages them (US-04), and as administrators take lost ones away.
//!
//! Changes need a password or a code that was shown within
//! [`hikyaku_access::sessions::FRESH_FOR`]; each is in the operation log, and its owner is told.

mod errors;

use hikyaku_access::{
    browsers,
    factors::{
        self, BackupCodes, Demand, Factor, FactorKind, Overview, TotpSetup, Vault,
        replace_backup_codes,
    },
    links::LinkToken,
    policy::{self, FactorMethod, SecurityPolicy},
    sessions::{self, Session, SessionState, Shown, Token},
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{AccountScope, accounts};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, FactorId, Permission, Secret};
use serde_json::json;

use crate::{
    AccountRef, Act, Actor, ControlError,
    authenticate::{self, Origin},
    session::{self, Opened, Requirement},
};

/// A session whose owner changes the own factors.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The token of the session.
    pub token: Token,
    /// From where it is asked.
    pub origin: Origin,
}

/// How fresh the proof has to be that it is the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Any,
    Fresh,
}

impl Owner {
    /// The session, complete or waiting for exactly this.
    fn session(&self, tx: &Tx<'_>, fresh: Freshness) -> Result<Session, ControlError> {
        let states = [SessionState::Complete, SessionState::Enrol];
        let session = session::held(tx, &self.token, &states)?;
        if fresh == Freshness::Fresh && !session.is_fresh(tx.now()) {
            return Err(ControlError::conflict(
                "not_fresh",
                "show your password or a code again first: POST /api/v1/session/confirm",
            ));
        }
        Ok(session)
    }
}

/// The factors of the own account, and which kinds it may have.
pub fn list(tx: &Tx<'_>, owner: &Owner) -> Result<(Overview, Vec<FactorMethod>), ControlError> {
    let session = owner.session(tx, Freshness::Any)?;
    let policy = policy::load(tx, session.scope.tenant_scope())?;
    let overview = session::overview(tx, session.scope)?;
    Ok((overview, policy.second_factor.methods))
}

/// Enters an authenticator.
pub fn begin_totp(
    tx: &WriteTx<'_>,
    owner: &Owner,
    vault: &Vault,
    label: &str,
    setup: &TotpSetup,
) -> Result<FactorId, ControlError> {
    let session = owner.session(tx, Freshness::Fresh)?;
    allowed(tx, session.scope, FactorMethod::Totp)?;
    Ok(factors::begin_totp(tx, session.scope, vault, label, setup)?)
}

/// Confirms an authenticator by its first code. The session goes on under another token, and as
/// one that has shown a second factor.
pub fn confirm_totp(
    tx: &WriteTx<'_>,
    owner: &Owner,
    next: &Token,
    vault: &Vault,
    (id, code): (FactorId, &Secret),
) -> Result<Opened, ControlError> {
    let session = owner.session(tx, Freshness::Fresh)?;
    factors::confirm_totp(tx, session.scope, vault, id, code)?;
    let actor = session::own_actor(tx, &session, owner.origin)?;
    record(tx, &actor, session.scope, "factor.add", "TOTP")?;
    let state = session::after_factor(tx, session.scope)?;
    let tokens = (&owner.token, next);
    session::advance(tx, &session, tokens, state, Shown::Factor, None)
}

/// Enters an address for codes and mails it the link that confirms it (N-03).
pub fn begin_email(
    tx: &WriteTx<'_>,
    owner: &Owner,
    address: &EmailAddress,
    link: &Token,
    host: &str,
) -> Result<FactorId, ControlError> {
    let session = owner.session(tx, Freshness::Fresh)?;
    let policy = allowed(tx, session.scope, FactorMethod::Email)?;
    let minutes = policy.second_factor.link_minutes;
    let window = std::time::Duration::from_secs(u64::from(minutes) * 60);
    let token = LinkToken {
        token: link,
        window,
    };
    let id = factors::begin_email(tx, session.scope, address, token)?;
    let notice = Notice::new(
        Event::FactorAddressConfirm,
        session.scope.tenant_scope(),
        Recipient::Address(address.clone(), session.language),
        json!({
            "link": format!("https://{host}/confirm/{}", link.to_secret().expose()),
            "minutes": minutes,
            "address": session.address.to_string(),
        }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    Ok(id)
}

/// Removes a factor.
pub fn remove(tx: &WriteTx<'_>, owner: &Owner, id: FactorId) -> Result<(), ControlError> {
    let session = owner.session(tx, Freshness::Fresh)?;
    let policy = policy::load(tx, session.scope.tenant_scope())?;
    // Without the grace: who has one keeps one, where one is required.
    let demand = match session::requirement(tx, session.scope, &policy)? {
        Requirement::Optional => Demand::Optional,
        Requirement::From(_) | Requirement::Now => Demand::Required,
    };
    let factor = factors::remove(tx, session.scope, id, demand)?;
    let actor = session::own_actor(tx, &session, owner.origin)?;
    record(tx, &actor, session.scope, "factor.remove", name_of(&factor))
}

/// Puts new backup codes in place of the earlier ones.
pub fn new_backup_codes(
    tx: &WriteTx<'_>,
    owner: &Owner,
    vault: &Vault,
    codes: &BackupCodes,
) -> Result<(), ControlError> {
    let session = owner.session(tx, Freshness::Fresh)?;
    replace_backup_codes(tx, session.scope, vault, codes)?;
    let actor = session::own_actor(tx, &session, owner.origin)?;
    record(
        tx,
        &actor,
        session.scope,
        "factor.backup_codes",
        "backup codes",
    )
}

/// Takes all factors of an account away whose owner has lost them (`credentials.reset`). All its
/// sessions end.
pub fn reset(tx: &WriteTx<'_>, actor: &Actor, account: &AccountRef) -> Result<usize, ControlError> {
    let account = account.find(tx, actor, Permission::CredentialsReset)?;
    authenticate::must_cover(tx, actor, account.scope)?;
    let removed = factors::remove_all(tx, account.scope)?;
    sessions::revoke_all(tx, account.scope, None)?;
    browsers::forget_all(tx, account.scope)?;
    record(tx, actor, account.scope, "factor.reset", "reset")?;
    Ok(removed)
}

/// The policy, when it allows a kind of factor.
fn allowed(
    tx: &Tx<'_>,
    scope: AccountScope,
    method: FactorMethod,
) -> Result<SecurityPolicy, ControlError> {
    let policy = policy::load(tx, scope.tenant_scope())?;
    if policy.second_factor.methods.contains(&method) {
        return Ok(policy);
    }
    Err(ControlError::conflict(
        "method_not_allowed_here",
        "your administrator does not allow second factors of this kind",
    ))
}

/// Writes a change down, and tells the owner.
pub(crate) fn record(
    tx: &WriteTx<'_>,
    actor: &Actor,
    scope: AccountScope,
    action: &'static str,
    what: &str,
) -> Result<(), ControlError> {
    let account = accounts::load(tx, scope)?;
    let notice = Notice::new(
        Event::FactorChanged,
        scope.tenant_scope(),
        Recipient::Account(scope),
        json!({ "what": format!("{action}: {what}"), "by": actor.principal.logged().name }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    let target = Target::new("account", scope.account, &account.address);
    let act = Act::in_tenant(scope.tenant, action, target).after(json!({ "factor": what }));
    Ok(actor.log(tx, act)?)
}

/// What to call a factor in a notice.
fn name_of(factor: &Factor) -> &'static str {
    match factor.kind {
        FactorKind::Totp => "TOTP",
        FactorKind::Email => "e-mail",
    }
}
