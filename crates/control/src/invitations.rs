//! Invitations: a link instead of an initial password (C-16).

use hikyaku_access::{
    links::{self, INVITATION_WINDOW, Link, LinkKind, LinkToken, NewLink},
    sessions::Token,
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{Account, password::PasswordHash};
use hikyaku_notices::Event;
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission, Timestamp};
use serde_json::json;

use crate::{
    AccountRef, Act, Actor, ControlError,
    authenticate::{self, Origin},
    recovery,
};

const INVITATION: [LinkKind; 1] = [LinkKind::Invitation];

/// An invitation of an account that can still be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where it was mailed to; the account's own address when it was handed over.
    pub sent_to: String,
    /// Until when it can be followed.
    pub ends_at: Timestamp,
}

/// Invites the owner of an account to choose a password, by mail to an address that the owner reads
/// already; without one, whoever invites hands the link over. An earlier invitation is withdrawn.
/// Needs `accounts.write`.
pub fn invite(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    to: Option<&EmailAddress>,
    (token, host): (&Token, &str),
) -> Result<Invitation, ControlError> {
    let account = account.find(tx, actor, Permission::AccountsWrite)?;
    // Whoever can set the password of somebody has that person's rights.
    authenticate::must_cover(tx, actor, account.scope)?;
    invite_account(tx, actor, &account, to, (token, host))
}

/// The same for an account that the caller has just made.
pub fn invite_account(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    to: Option<&EmailAddress>,
    (token, host): (&Token, &str),
) -> Result<Invitation, ControlError> {
    let sent_to = to.unwrap_or(&account.address);
    if let Some(to) = to {
        let minutes = u32::try_from(INVITATION_WINDOW.as_secs() / 60).unwrap_or(u32::MAX);
        let page = format!("https://{host}/invite/");
        let kind = (LinkKind::Invitation, Event::Invitation);
        recovery::mail_link(tx, (account, to), kind, (token, minutes), &page)?;
    } else {
        let new = NewLink {
            kind: LinkKind::Invitation,
            scope: account.scope,
            address: sent_to,
            subject: None,
            token: LinkToken {
                token,
                window: INVITATION_WINDOW,
            },
        };
        links::issue(tx, &new)?;
    }
    log(tx, actor, account, "account.invite", Some(sent_to))?;
    Ok(Invitation {
        sent_to: sent_to.to_string(),
        ends_at: tx.now().plus(INVITATION_WINDOW),
    })
}

/// The invitation of an account that can still be followed.
pub fn pending(
    tx: &Tx<'_>,
    actor: &Actor,
    account: &AccountRef,
) -> Result<Invitation, ControlError> {
    let account = account.find(tx, actor, Permission::AccountsRead)?;
    let found = links::pending(tx, account.scope, LinkKind::Invitation)?;
    let (sent_to, ends_at) = found.ok_or(ControlError::NotFound { kind: "invitation" })?;
    Ok(Invitation { sent_to, ends_at })
}

/// Withdraws the invitation of an account.
pub fn withdraw(tx: &WriteTx<'_>, actor: &Actor, account: &AccountRef) -> Result<(), ControlError> {
    let account = account.find(tx, actor, Permission::AccountsWrite)?;
    if links::withdraw(tx, account.scope, LinkKind::Invitation)? == 0 {
        return Err(ControlError::NotFound { kind: "invitation" });
    }
    log(tx, actor, &account, "account.uninvite", None)
}

/// What an invitation is for; without effect. Its page says when it has expired.
pub fn look(tx: &Tx<'_>, token: &Token) -> Result<Link, ControlError> {
    Ok(links::look(tx, token, &INVITATION)?)
}

/// Accepts an invitation: sets the first password.
pub fn accept(
    tx: &WriteTx<'_>,
    token: &Token,
    hash: &PasswordHash,
    origin: Origin,
) -> Result<(), ControlError> {
    let link = links::take(tx, token, &INVITATION)?;
    recovery::set_by_link(tx, &link, hash, "account.accept_invitation", origin)
}

fn log(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    action: &'static str,
    to: Option<&EmailAddress>,
) -> Result<(), ControlError> {
    let scope = account.scope;
    let target = Target::new("account", scope.account, &account.address);
    let act = Act::in_tenant(scope.tenant, action, target)
        .after(json!({ "sent_to": to.map(ToString::to_string) }));
    Ok(actor.log(tx, act)?)
}
