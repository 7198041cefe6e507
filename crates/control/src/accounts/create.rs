//! Creating an account (AD-03): from a template, with a seat of the contract and its mailboxes.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    AccountKind, AccountScope, DirectoryError,
    accounts::{self, NewAccount, Settings},
    contracts,
    domains::{self, HostedDomain},
    password::PasswordHash,
    templates,
};
use hikyaku_mailstore::Quota;
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission};
use std::time::Duration;

use super::{AccountForm, form, quota, view::WholeAccount};
use crate::{Act, Actor, ControlError};

/// An account to create.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Its own address.
    pub address: EmailAddress,
    /// What it is for. System accounts take no seat.
    pub kind: AccountKind,
    /// The template it copies, by id or name; none: `standard`.
    pub template: Option<String>,
    /// What is said of it; it goes before what the template says.
    pub form: AccountForm,
    /// The hash of its password, which the caller computed before the transaction; none: nobody can
    /// sign in with a password yet.
    pub password: Option<PasswordHash>,
    /// How long expunged messages stay restorable.
    pub restore_window: Duration,
}

/// Creates an account.
///
/// # Errors
/// [`ControlError::NotFound`] for a domain out of reach, [`ControlError::Forbidden`],
/// [`ControlError::Invalid`]; of the directory: the address is taken, the seats are used up.
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    new: &NewPerson,
) -> Result<WholeAccount, ControlError> {
    let scope = create_quietly(tx, actor, new)?;
    let whole = super::view::whole(tx, scope)?;
    let target = Target::new(
        "account",
        scope.account,
        whole.view.details.account.address.to_string(),
    );
    let act = Act::in_tenant(scope.tenant, "account.create", target);
    actor.log(tx, act.after(form::shown(&whole.view.details)))?;
    Ok(whole)
}

pub(crate) fn create_quietly(
    tx: &WriteTx<'_>,
    actor: &Actor,
    new: &NewPerson,
) -> Result<AccountScope, ControlError> {
    let domain = home(tx, actor, &new.address)?;
    let tenant = domain.tenant;
    if new.kind != AccountKind::System {
        contracts::take_seat(tx, tenant)?;
    }
    let template = templates::find(
        tx,
        tenant,
        new.template.as_deref().unwrap_or(templates::STANDARD),
    );
    let template = template.map_err(|error| match error {
        DirectoryError::NoSuchTemplate(_) => ControlError::invalid("template", error),
        other => other.into(),
    })?;
    let base = AccountForm::of_template(&template.settings);
    let mut settings = new.form.settings(base.settings(Settings::default())?)?;
    settings.template = template.id;
    let name = new
        .form
        .display_name(("", &Settings::default()), &settings)
        .unwrap_or_default();
    let overrides = new
        .form
        .overrides(&base.overrides(&accounts::Overrides::default())?)?;
    let made = accounts::create(
        tx,
        tenant,
        &NewAccount {
            address: new.address.clone(),
            name,
            kind: new.kind,
            access: new.form.access(base.access(accounts::Access::default())),
            overrides,
            settings,
            password: new.password.clone(),
        },
    )?;
    if let Some(status) = new.form.status()? {
        let change = accounts::AccountChange {
            status: Some(status),
            ..accounts::AccountChange::default()
        };
        accounts::update(tx, made, &change)?;
    }
    let quota = mailbox_quota(tx, &domain, &new.form, &base)?;
    hikyaku_mailstore::accounts::create(tx, made, quota)?;
    hikyaku_mailstore::accounts::set_restore_window(tx, made, new.restore_window)?;
    Ok(made)
}

/// The domain of a new address, where the actor may create accounts.
///
/// # Errors
/// [`DirectoryError::NoSuchDomain`] when there is none within the actor's reach,
/// [`ControlError::Forbidden`].
pub fn home(
    tx: &Tx<'_>,
    actor: &Actor,
    address: &EmailAddress,
) -> Result<HostedDomain, ControlError> {
    let everywhere = hikyaku_directory::PlatformScope::operator();
    let domain = domains::find(tx, everywhere, address.domain());
    let unknown = || DirectoryError::NoSuchDomain(address.domain().clone());
    let domain = domain.map_err(|error| match error {
        DirectoryError::NoSuchDomain(_) => unknown().into(),
        other => ControlError::from(other),
    })?;
    let (permission, tenant) = (Permission::AccountsWrite, domain.tenant.tenant);
    match actor.in_domain(permission, tenant, domain.id, "domain") {
        Err(ControlError::NotFound { .. } | ControlError::NoSuch { .. }) => Err(unknown().into()),
        Err(error) => Err(error),
        Ok(_) => Ok(domain),
    }
}

/// What the form asks for, else the template, else the contract. A template's size that the
/// contract does not allow gives way.
fn mailbox_quota(
    tx: &WriteTx<'_>,
    domain: &HostedDomain,
    form: &AccountForm,
    template: &AccountForm,
) -> Result<Quota, ControlError> {
    let messages = form.quota_messages.or(template.quota_messages).unwrap_or(0);
    let place = (domain.tenant, domain.id);
    if form.quota_bytes.is_some() {
        return quota::for_mailbox(tx, place, form.quota_bytes, messages);
    }
    match quota::for_mailbox(tx, place, template.quota_bytes, messages) {
        Err(ControlError::Invalid { .. }) => quota::for_mailbox(tx, place, None, messages),
        result => result,
    }
}

/// The address of a tenant's administrator account (T-001).
const ADMINISTRATOR: &str = "administrator";
/// The address whose answers are thrown away (N-19).
const NOREPLY: &str = "noreply";

/// Creates the system accounts of a domain that are not there yet: `administrator@`, which gets
/// what the system has to tell, and `noreply@`, whose answers are accepted, recorded as discarded
/// and thrown away. Returns those that were made.
///
/// # Errors
/// As [`create`].
pub fn create_system(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &HostedDomain,
    restore_window: Duration,
) -> Result<Vec<WholeAccount>, ControlError> {
    let mut made = Vec::new();
    for (local, receiving, web) in [(ADMINISTRATOR, "open", true), (NOREPLY, "discarded", false)] {
        let address = EmailAddress::new(local, domain.name.clone())
            .map_err(|error| ControlError::invalid("address", error))?;
        let form = AccountForm {
            receiving: Some(receiving.to_owned()),
            in_gal: Some(false),
            web: Some(web),
            imap: Some(web),
            pop: Some(web),
            smtp: Some(web),
            ..AccountForm::default()
        };
        let new = NewPerson {
            address,
            kind: AccountKind::System,
            template: None,
            form,
            password: None,
            restore_window,
        };
        match create(tx, actor, &new) {
            Ok(whole) => made.push(whole),
            Err(ControlError::Directory(DirectoryError::NameTaken { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}
