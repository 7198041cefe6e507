//! One row, carried out.

use std::time::Duration;

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    AccountKind, AccountScope,
    accounts::Account,
    credentials::{self, MustChange},
    password::PasswordHash,
};
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission};
use serde_json::json;

use super::{Draft, Flaw, columns::Column, options::Mode, report::Action};
use crate::{AccountRef, Act, Actor, ControlError, accounts};

/// A row that is ready to be carried out.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) draft: Draft,
    pub(super) action: Action,
    /// The hash of its password, and whether we made it up.
    pub(super) password: Option<(PasswordHash, MustChange)>,
    pub(super) warning: String,
}

/// Who carries out, with what new accounts get.
#[derive(Debug, Clone)]
pub(super) struct Hand {
    pub(super) actor: Actor,
    pub(super) template: Option<String>,
    pub(super) restore_window: Duration,
}

/// What a row comes to: whether its account exists decides, as far as the mode lets it.
pub(super) fn action(
    tx: &Tx<'_>,
    actor: &Actor,
    mode: Mode,
    address: &EmailAddress,
) -> Result<Result<Action, Flaw>, ControlError> {
    let found = match find(tx, actor, address) {
        Ok(_) => true,
        Err(ControlError::NotFound { .. } | ControlError::NoSuch { .. }) => false,
        Err(error @ ControlError::Db(_)) => return Err(error),
        Err(error) => return Ok(Err(flaw_of(&error))),
    };
    let wrong = |detail: &str| Ok(Err(Flaw::in_column(Column::Address, detail)));
    match (mode, found) {
        (Mode::Add, true) => {
            wrong("the address exists already: use the mode \"both\" to change it")
        }
        (Mode::Update | Mode::Delete, false) => wrong("there is no such account"),
        (Mode::Add | Mode::Both, false) => Ok(Ok(Action::Create)),
        (Mode::Update | Mode::Both, true) => Ok(Ok(Action::Update)),
        (Mode::Delete, true) => Ok(Ok(Action::Delete)),
    }
}

fn find(tx: &Tx<'_>, actor: &Actor, address: &EmailAddress) -> Result<Account, ControlError> {
    reference(address).find(tx, actor, Permission::AccountsWrite)
}

fn reference(address: &EmailAddress) -> AccountRef {
    AccountRef::from(address.to_string().as_str())
}

/// Carries a row out.
pub(super) fn apply(tx: &WriteTx<'_>, hand: &Hand, row: &Ready) -> Result<(), ControlError> {
    let Some(address) = &row.draft.address else {
        return Ok(());
    };
    match row.action {
        Action::None => Ok(()),
        Action::Create => create(tx, hand, row, address),
        Action::Update => update(tx, hand, row, address),
        Action::Delete => {
            let which = reference(address);
            accounts::delete(tx, &hand.actor, &which, |_| Ok(())).map(drop)
        }
    }
}

fn create(
    tx: &WriteTx<'_>,
    hand: &Hand,
    row: &Ready,
    address: &EmailAddress,
) -> Result<(), ControlError> {
    let new = accounts::NewPerson {
        address: address.clone(),
        kind: AccountKind::Person,
        template: hand.template.clone(),
        form: row.draft.form.clone(),
        password: row.password.as_ref().map(|(hash, _)| hash.clone()),
        restore_window: hand.restore_window,
    };
    let scope = accounts::create_quietly(tx, &hand.actor, &new)?;
    if let Some((_, must_change)) = &row.password {
        credentials::require_change(tx, scope, *must_change)?;
    }
    let after = json!({ "address": address.to_string(), "fields": row.draft.form });
    log(tx, hand, scope, ("account.create", address), after)
}

fn update(
    tx: &WriteTx<'_>,
    hand: &Hand,
    row: &Ready,
    address: &EmailAddress,
) -> Result<(), ControlError> {
    let which = reference(address);
    let change = accounts::Change {
        form: row.draft.form.clone(),
        ..accounts::Change::default()
    };
    let whole = accounts::change(tx, &hand.actor, &which, &change, |_| Ok(()))?;
    let Some((hash, must_change)) = &row.password else {
        return Ok(());
    };
    let account = &whole.view.details.account;
    let scope = account.scope;
    let permission = Permission::CredentialsReset;
    hand.actor
        .in_domain(permission, scope.tenant, account.domain, "account")?;
    crate::authenticate::must_cover(tx, &hand.actor, scope)?;
    credentials::set_password(tx, scope, hash)?;
    credentials::require_change(tx, scope, *must_change)?;
    log(
        tx,
        hand,
        scope,
        ("account.set_password", address),
        json!({}),
    )
}

fn log(
    tx: &WriteTx<'_>,
    hand: &Hand,
    scope: AccountScope,
    (action, address): (&'static str, &EmailAddress),
    after: serde_json::Value,
) -> Result<(), ControlError> {
    let target = Target::new("account", scope.account, address);
    let act = Act::in_tenant(scope.tenant, action, target).after(after);
    Ok(hand.actor.log(tx, act.because("import"))?)
}

/// What is wrong with a row, in the words of whoever refused it.
pub(super) fn flaw_of(error: &ControlError) -> Flaw {
    let column = match error {
        ControlError::Invalid { field, .. } => Some(*field),
        _ => None,
    };
    let mut detail = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        detail.push_str(": ");
        detail.push_str(&cause.to_string());
        source = cause.source();
    }
    Flaw { column, detail }
}
