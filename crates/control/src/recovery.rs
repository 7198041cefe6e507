//! Forgotten passwords (U-029, C-15), the recovery address (U-028), and the links that confirm
//! addresses.

use std::time::Duration;

use hikyaku_access::{
    links::{self, Link, LinkError, LinkKind, LinkToken, NewLink, RESETS_PER_HOUR_MAX},
    policy,
    sessions::{self, SessionState, Token},
};
use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::{
    Account, AccountScope, AccountStatus, LoginName, accounts, password::PasswordHash,
};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_oplog::Target;
use hikyaku_types::EmailAddress;
use serde_json::json;

use crate::{
    Act, Actor, ControlError, authenticate,
    authenticate::Origin,
    factors::{self, Owner},
    session,
};

/// The kinds that [`confirm`] follows.
const CONFIRMING: [LinkKind; 2] = [LinkKind::FactorAddress, LinkKind::RecoveryAddress];
const RESET: [LinkKind; 1] = [LinkKind::PasswordReset];
const HOUR: Duration = Duration::from_hours(1);

/// Mails a link to whoever forgot the password of an account, if there is such an account, if it
/// may, and if it got few of them lately. What of that was the case nobody learns: the caller
/// answers before this is done. Says whether a link was mailed, for tests and metrics.
pub fn request_reset(
    tx: &WriteTx<'_>,
    login: &LoginName,
    token: &Token,
    host: &str,
    origin: Origin,
) -> Result<bool, ControlError> {
    let Some(account) = owner_of(tx, login)? else {
        return Ok(false);
    };
    let scope = account.scope;
    let policy = policy::load(tx, scope.tenant_scope())?;
    let since = tx.now().minus(HOUR);
    hikyaku_access::factors::lock(tx, scope)?;
    let lately = links::issued_since(tx, scope, LinkKind::PasswordReset, since)?;
    if !policy.reset.enabled || lately >= RESETS_PER_HOUR_MAX {
        return Ok(false);
    }
    let Some(to) = destination(tx, &account, policy.reset)? else {
        return Ok(false);
    };
    let minutes = policy.reset.link_minutes;
    mail_link(
        tx,
        (&account, &to),
        (LinkKind::PasswordReset, Event::PasswordReset),
        (token, minutes),
        &format!("https://{host}/reset/"),
    )?;
    let target = Target::new("account", scope.account, &account.address);
    let mut actor = Actor::system("password-reset");
    actor.address = origin.address;
    actor.request = origin.request;
    actor.log(
        tx,
        Act::in_tenant(scope.tenant, "password.reset_requested", target),
    )?;
    Ok(true)
}

/// Whose password a link sets; without effect.
pub fn look(tx: &Tx<'_>, token: &Token) -> Result<Link, ControlError> {
    links::look(tx, token, &RESET).map_err(alike)
}

/// Sets the password by a link. All sessions end; second factors stay required.
pub fn reset(
    tx: &WriteTx<'_>,
    token: &Token,
    hash: &PasswordHash,
    origin: Origin,
) -> Result<(), ControlError> {
    let link = links::take(tx, token, &RESET).map_err(alike)?;
    set_by_link(tx, &link, hash, "password.reset", origin)
}

/// Sets the password of the account of a link, as its owner.
pub(crate) fn set_by_link(
    tx: &WriteTx<'_>,
    link: &Link,
    hash: &PasswordHash,
    action: &'static str,
    origin: Origin,
) -> Result<(), ControlError> {
    let scope = link.account.scope;
    if link.account.status != AccountStatus::Active {
        return Err(ControlError::NotFound { kind: "link" });
    }
    let proof = authenticate::Proof::Password;
    let actor = authenticate::person(tx, scope, proof, origin)?;
    let actor = actor.ok_or(ControlError::NotFound { kind: "link" })?;
    session::replace(tx, &actor, scope, hash, action)?;
    sessions::revoke_all(tx, scope, None)?;
    for kind in [LinkKind::PasswordReset, LinkKind::Invitation] {
        if kind != link.kind {
            links::withdraw(tx, scope, kind)?;
        }
    }
    Ok(())
}

/// The confirmed recovery address of an account.
pub fn address_of(tx: &Tx<'_>, scope: AccountScope) -> Result<Option<EmailAddress>, ControlError> {
    let found: Option<Option<String>> = tx.query_opt(
        "SELECT recovery_address FROM web_account WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    Ok(found.flatten().and_then(|text| text.parse().ok()))
}

/// The recovery address of the own account, and one that waits for its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// In force.
    pub address: Option<String>,
    /// Waiting for its link.
    pub pending: Option<String>,
}

/// The recovery address of the own account.
pub fn show(tx: &Tx<'_>, owner: &Owner) -> Result<Recovery, ControlError> {
    let session = session::held(tx, &owner.token, &[SessionState::Complete])?;
    let pending = links::pending(tx, session.scope, LinkKind::RecoveryAddress)?;
    Ok(Recovery {
        address: address_of(tx, session.scope)?.map(|address| address.to_string()),
        pending: pending.map(|(address, _)| address),
    })
}

/// Mails a link that makes an address the recovery address. Needs the password anew.
pub fn begin(
    tx: &WriteTx<'_>,
    owner: &Owner,
    address: &EmailAddress,
    link: &Token,
    host: &str,
) -> Result<(), ControlError> {
    let session = fresh(tx, owner)?;
    let account = accounts::load(tx, session.scope)?;
    if hikyaku_access::factors::leads_home(tx, session.scope, address)? {
        return Err(ControlError::invalid(
            "address",
            "this address leads to the account's own mailbox: enter one of another mailbox",
        ));
    }
    let policy = policy::load(tx, session.scope.tenant_scope())?;
    mail_link(
        tx,
        (&account, address),
        (LinkKind::RecoveryAddress, Event::RecoveryAddressConfirm),
        (link, policy.second_factor.link_minutes),
        &format!("https://{host}/confirm/"),
    )
}

/// Takes the recovery address away. Needs the password anew.
pub fn remove(tx: &WriteTx<'_>, owner: &Owner) -> Result<(), ControlError> {
    let session = fresh(tx, owner)?;
    links::withdraw(tx, session.scope, LinkKind::RecoveryAddress)?;
    let actor = session::own_actor(tx, &session, owner.origin)?;
    store(tx, &actor, session.scope, None)
}

/// What a confirming link is for; without effect.
pub fn look_confirmation(tx: &Tx<'_>, token: &Token) -> Result<Link, ControlError> {
    Ok(links::look(tx, token, &CONFIRMING)?)
}

/// Confirms the address that a link was mailed to.
pub fn confirm(tx: &WriteTx<'_>, token: &Token, origin: Origin) -> Result<LinkKind, ControlError> {
    let link = links::take(tx, token, &CONFIRMING)?;
    let scope = link.account.scope;
    let proof = authenticate::Proof::Password;
    let actor = authenticate::person(tx, scope, proof, origin)?;
    let actor = actor.ok_or(ControlError::NotFound { kind: "link" })?;
    if let Some(factor) = link.subject {
        hikyaku_access::factors::confirm_email(tx, scope, factor)?;
        factors::record(tx, &actor, scope, "factor.add", "e-mail")?;
    } else {
        store(tx, &actor, scope, link.address.as_ref())?;
    }
    Ok(link.kind)
}

fn fresh(tx: &Tx<'_>, owner: &Owner) -> Result<sessions::Session, ControlError> {
    let session = session::held(tx, &owner.token, &[SessionState::Complete])?;
    if session.is_fresh(tx.now()) {
        return Ok(session);
    }
    Err(ControlError::conflict(
        "not_fresh",
        "show your password or a code again first: POST /api/v1/session/confirm",
    ))
}

fn store(
    tx: &WriteTx<'_>,
    actor: &Actor,
    scope: AccountScope,
    address: Option<&EmailAddress>,
) -> Result<(), ControlError> {
    hikyaku_access::factors::lock(tx, scope)?;
    let before = address_of(tx, scope)?.map(|address| address.to_string());
    let after = address.map(ToString::to_string);
    tx.execute(
        "UPDATE web_account SET recovery_address = ?3 WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account, after.clone()],
    )?;
    let account = accounts::load(tx, scope)?;
    let target = Target::new("account", scope.account, &account.address);
    let act = Act::in_tenant(scope.tenant, "account.recovery_address", target)
        .before(json!({ "recovery_address": before }))
        .after(json!({ "recovery_address": after }));
    Ok(actor.log(tx, act)?)
}

/// Makes a link and mails it.
pub(crate) fn mail_link(
    tx: &WriteTx<'_>,
    (account, to): (&Account, &EmailAddress),
    (kind, event): (LinkKind, Event),
    (token, minutes): (&Token, u32),
    page: &str,
) -> Result<(), ControlError> {
    links::issue(
        tx,
        &NewLink {
            kind,
            scope: account.scope,
            address: to,
            subject: None,
            token: LinkToken {
                token,
                window: Duration::from_secs(u64::from(minutes) * 60),
            },
        },
    )?;
    let notice = Notice::new(
        event,
        account.scope.tenant_scope(),
        Recipient::Address(to.clone(), account.language),
        json!({
            "link": format!("{page}{}", token.to_secret().expose()),
            "minutes": minutes,
            "hours": minutes / 60,
            "address": account.address.to_string(),
        }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    Ok(())
}

/// The living account that somebody means.
fn owner_of(tx: &Tx<'_>, login: &LoginName) -> Result<Option<Account>, ControlError> {
    let scope = hikyaku_access::sign_in::scope_of(tx, login)?;
    let Some(scope) = scope else {
        return Ok(None);
    };
    let account = accounts::load(tx, scope)?;
    Ok((account.status == AccountStatus::Active).then_some(account))
}

/// Where a reset goes: to the recovery address; else, where the policy says so, to the own mailbox,
/// which its owner may still read in a mail program (C-15).
fn destination(
    tx: &Tx<'_>,
    account: &Account,
    policy: policy::ResetPolicy,
) -> Result<Option<EmailAddress>, ControlError> {
    if let Some(address) = address_of(tx, account.scope)? {
        return Ok(Some(address));
    }
    let rights = authenticate::rights_of(tx, account.scope)?;
    let is_administrator = rights.iter().next().is_some();
    let own = if is_administrator {
        policy.own_mailbox_of_administrators
    } else {
        policy.own_mailbox
    };
    Ok(own.then(|| account.address.clone()))
}

/// Whatever is wrong with a link to a password: it is not valid, and why is not told.
fn alike(error: LinkError) -> ControlError {
    match error {
        LinkError::Db(error) => error.into(),
        _ => ControlError::NotFound { kind: "link" },
    }
}
