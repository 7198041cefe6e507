//! Changing, renaming, deleting, restoring and erasing an account.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    AccountKind, AccountScope, DirectoryError, PlatformScope,
    accounts::{self, Account, AccountChange, Details, OldAddress, Reception},
    contracts, domains, logins,
};
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission};

use super::{AccountForm, form, quota, view, view::WholeAccount};
use crate::{AccountRef, Act, Actor, ControlError};

/// One account with everything.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn show(tx: &Tx<'_>, actor: &Actor, which: &AccountRef) -> Result<WholeAccount, ControlError> {
    let account = which.find(tx, actor, Permission::AccountsRead)?;
    view::whole(tx, account.scope)
}

/// What one request changes of an account, together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The given fields.
    pub form: AccountForm,
    /// A legacy login id to register (C-07).
    pub add_login: Option<String>,
    /// A legacy login id to take away.
    pub remove_login: Option<String>,
}

/// Changes an account. `stale` looks at what is there, under the account's lock, and refuses when
/// it is not what the caller saw.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], [`ControlError::Invalid`], and what
/// `stale` answers.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
    change: &Change,
    stale: impl Fn(&WholeAccount) -> Result<(), ControlError>,
) -> Result<WholeAccount, ControlError> {
    let account = which.find(tx, actor, Permission::AccountsWrite)?;
    accounts::lock_for_change(tx, account.scope)?;
    let before = view::whole(tx, account.scope)?;
    stale(&before)?;
    apply(tx, &before.view.details, &change.form)?;
    let scope = account.scope;
    if let Some(login) = &change.add_login {
        logins::register(tx, scope, login)?;
    }
    if let Some(login) = &change.remove_login {
        logins::remove(tx, scope, login)?;
    }
    let after = view::whole(tx, scope)?;
    let (was, is) = changes(&before, &after);
    if was != is {
        let act = act(&after.view.details, "account.change");
        actor.log(tx, act.before(was).after(is))?;
    }
    Ok(after)
}

/// Lays a form over an account whose lock the caller holds.
pub(crate) fn apply(
    tx: &WriteTx<'_>,
    before: &Details,
    form: &AccountForm,
) -> Result<(), ControlError> {
    if form.is_empty() {
        return Ok(());
    }
    let account = &before.account;
    let settings = form.settings(before.settings.clone())?;
    if settings.receiving == Reception::Discarded && account.kind != AccountKind::System {
        return Err(ControlError::invalid(
            "receiving",
            "only a system account throws its mail away: use \"suspended\" to refuse it",
        ));
    }
    let change = AccountChange {
        name: form.display_name((&account.name, &before.settings), &settings),
        status: form.status()?,
        access: Some(form.access(account.access)),
        overrides: Some(form.overrides(&account.overrides)?),
        settings: Some(settings),
    };
    accounts::update(tx, account.scope, &change)?;
    let place = (account.scope, account.domain);
    quota::change(tx, place, form.quota_bytes, form.quota_messages)
}

/// What differs, with the quota and the login ids.
fn changes(before: &WholeAccount, after: &WholeAccount) -> (serde_json::Value, serde_json::Value) {
    let (mut was, mut is) = form::differences(&before.view.details, &after.view.details);
    let further = |whole: &WholeAccount| {
        [
            ("quota_bytes", whole.view.usage.quota.bytes.bytes().into()),
            ("quota_messages", whole.view.usage.quota.messages.into()),
            ("logins", serde_json::json!(whole.logins)),
        ]
    };
    for ((key, old), (_, new)) in further(before).into_iter().zip(further(after)) {
        if old != new
            && let (Some(was), Some(is)) = (was.as_object_mut(), is.as_object_mut())
        {
            was.insert(key.to_owned(), old);
            is.insert(key.to_owned(), new);
        }
    }
    (was, is)
}

/// Gives an account another address in a domain of its tenant; the old one becomes an alias unless
/// it is to be free.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`]; of the directory: the address is taken.
pub fn rename(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
    address: &EmailAddress,
    old: OldAddress,
) -> Result<WholeAccount, ControlError> {
    let account = which.find(tx, actor, Permission::AccountsWrite)?;
    let tenant = account.scope.tenant_scope();
    let domain = domains::find(tx, tenant, address.domain())?;
    actor
        .in_domain(
            Permission::AccountsWrite,
            tenant.tenant,
            domain.id,
            "domain",
        )
        .map_err(|error| match error {
            ControlError::NotFound { .. } | ControlError::NoSuch { .. } => {
                DirectoryError::NoSuchDomain(address.domain().clone()).into()
            }
            other => other,
        })?;
    accounts::rename(tx, account.scope, address, old)?;
    if domain.id != account.domain {
        let place = (account.scope, domain.id);
        follow_domain(tx, place)?;
    }
    let after = view::whole(tx, account.scope)?;
    let kept = old == OldAddress::KeptAsAlias;
    let act = act(&after.view.details, "account.rename");
    let was = serde_json::json!({ "address": account.address.to_string() });
    let is = serde_json::json!({ "address": address.to_string(), "old_kept_as_alias": kept });
    actor.log(tx, act.before(was).after(is))?;
    Ok(after)
}

/// In a domain whose tier fixes the size of mailboxes the account gets that size.
fn follow_domain(
    tx: &WriteTx<'_>,
    (scope, domain): (AccountScope, hikyaku_types::DomainId),
) -> Result<(), ControlError> {
    let tenant = scope.tenant_scope();
    if let contracts::MailboxSize::Fixed(bytes) = contracts::mailbox_size(tx, tenant, domain)? {
        let before = hikyaku_mailstore::accounts::usage(tx, scope)?.quota;
        let quota = hikyaku_mailstore::Quota { bytes, ..before };
        hikyaku_mailstore::accounts::set_quota(tx, scope, quota)?;
    }
    Ok(())
}

/// Deletes an account: it is gone for everybody at once, and can be restored until maintenance
/// erases it. `stale` as for [`change`].
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what `stale` answers.
pub fn delete(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
    stale: impl Fn(&WholeAccount) -> Result<(), ControlError>,
) -> Result<Account, ControlError> {
    let account = which.find(tx, actor, Permission::AccountsWrite)?;
    accounts::lock_for_change(tx, account.scope)?;
    let before = view::whole(tx, account.scope)?;
    stale(&before)?;
    crate::grants::must_not_be_last(tx, account.scope)?;
    accounts::delete(tx, account.scope)?;
    let act = act(&before.view.details, "account.delete");
    actor.log(tx, act.before(form::shown(&before.view.details)))?;
    Ok(account)
}

/// Brings a deleted account back as it was, mail included. It needs a seat again.
///
/// # Errors
/// [`ControlError::NotFound`] when there is no such account that is deleted; of the directory: the
/// seats are used up, the erasure has begun.
pub fn restore(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
) -> Result<WholeAccount, ControlError> {
    let gone = find_deleted(tx, actor, which)?;
    let scope = gone.account.scope;
    if gone.account.kind != AccountKind::System {
        contracts::take_seat(tx, scope.tenant_scope())?;
    }
    accounts::restore(tx, scope)?;
    let whole = view::whole(tx, scope)?;
    actor.log(tx, act(&whole.view.details, "account.restore"))?;
    Ok(whole)
}

/// Begins the erasure of an account, deleted or not: from now on it cannot be restored. The caller
/// goes on with [`hikyaku_mailstore::Mailstore::erase`], then [`finish_erasure`].
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn begin_erasure(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
) -> Result<Account, ControlError> {
    let (details, living) = match which.find(tx, actor, Permission::AccountsWrite) {
        Ok(account) => (accounts::details(tx, account.scope)?, true),
        Err(ControlError::NotFound { .. } | ControlError::NoSuch { .. }) => {
            (find_deleted(tx, actor, which)?, false)
        }
        Err(error) => return Err(error),
    };
    let scope = details.account.scope;
    if living {
        accounts::delete(tx, scope)?;
    }
    accounts::begin_erasure(tx, scope)?;
    actor.log(
        tx,
        act(&details, "account.erase").before(form::shown(&details)),
    )?;
    Ok(details.account)
}

/// Removes the last rows of an account whose mail is erased.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when its erasure was not begun.
pub fn finish_erasure(tx: &WriteTx<'_>, erased: &Account) -> Result<(), ControlError> {
    Ok(accounts::erase(tx, erased.scope)?)
}

/// Writes into the operation log that an administrator set the password of an account.
///
/// # Errors
/// [`ControlError::Db`].
pub fn log_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
) -> Result<(), ControlError> {
    let target = Target::new(
        "account",
        account.scope.account,
        account.address.to_string(),
    );
    let act = Act::in_tenant(account.scope.tenant, "account.password", target);
    Ok(actor.log(tx, act.shown_to(account.scope.account))?)
}

/// A deleted account within the actor's reach.
pub(crate) fn find_deleted(
    tx: &Tx<'_>,
    actor: &Actor,
    which: &AccountRef,
) -> Result<Details, ControlError> {
    let unknown = || ControlError::NotFound { kind: "account" };
    let text = which.to_string();
    let everywhere = PlatformScope::operator();
    let found = if let Ok(id) = text.parse::<hikyaku_types::AccountId>() {
        accounts::find_deleted_by_id(tx, everywhere, id)
    } else {
        let address: EmailAddress = text.parse().map_err(|_| unknown())?;
        accounts::find_deleted(tx, everywhere, &address)
    };
    let scope = found.map_err(|error| match error {
        DirectoryError::NoSuchAccount(_) => unknown(),
        other => other.into(),
    })?;
    let details = accounts::details(tx, scope)?;
    let (permission, domain) = (Permission::AccountsWrite, details.account.domain);
    actor.in_domain(permission, scope.tenant, domain, "account")?;
    Ok(details)
}

/// What was done to an account.
pub(crate) fn act(details: &Details, action: &'static str) -> Act {
    let account = &details.account;
    let target = Target::new(
        "account",
        account.scope.account,
        account.address.to_string(),
    );
    Act::in_tenant(account.scope.tenant, action, target)
}
