//! Creating an account with its own address.

use std::collections::BTreeSet;

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::{AccountId, EmailAddress};

use super::{Access, AccountKind, AccountStatus, Overrides, Settings, details, store, terms};
use crate::{
    AccountScope, DirectoryError, Reach, TimeZoneName, addresses, credentials,
    domains::{self, HostedDomain},
    name,
    password::PasswordHash,
    stored::Stored,
};

/// An account to create.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its own address, shown as it is written here.
    pub address: EmailAddress,
    /// The display name, possibly empty.
    pub name: String,
    /// What it is for.
    pub kind: AccountKind,
    /// By which ways its owner may sign in.
    pub access: Access,
    /// Settings of its own.
    pub overrides: Overrides,
    /// Everything else that administrators set.
    pub settings: Settings,
    /// The password's hash; without one nobody can sign in with a password.
    pub password: Option<PasswordHash>,
}

impl NewAccount {
    /// A person's account with every access, without a name and a password yet.
    pub fn person(address: EmailAddress) -> Self {
        Self {
            address,
            name: String::new(),
            kind: AccountKind::Person,
            access: Access::ALL,
            overrides: Overrides::default(),
            settings: Settings::default(),
            password: None,
        }
    }

    /// With this display name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With this password.
    #[must_use]
    pub fn with_password(mut self, password: PasswordHash) -> Self {
        self.password = Some(password);
        self
    }
}

/// Creates an active account in the domain of its address.
///
/// # Errors
/// [`DirectoryError::NameTaken`], [`DirectoryError::NoSuchDomain`],
/// [`DirectoryError::NobodyIsCatchAll`], [`DirectoryError::AddressNeedsQuotes`],
/// [`DirectoryError::NameInvalid`], [`DirectoryError::FieldInvalid`].
pub fn create(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    new: &NewAccount,
) -> Result<AccountScope, DirectoryError> {
    let domain = domains::of_new_address(tx, reach, &new.address)?;
    create_in(tx, &domain, new)
}

/// Creates an account in the domain of its address, which the caller has found within its reach.
pub(crate) fn create_in(
    tx: &WriteTx<'_>,
    domain: &HostedDomain,
    new: &NewAccount,
) -> Result<AccountScope, DirectoryError> {
    let name = name::display_name(&new.name)?;
    let scope = AccountScope {
        tenant: domain.tenant.tenant,
        account: tx.new_id::<AccountId>(),
    };
    tx.execute(
        "INSERT INTO account
             (id, tenant_id, domain_id, kind, name, status, access_pop, access_imap, access_smtp,
              access_web, time_zone, language, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
        params![
            scope.account,
            scope.tenant,
            domain.id,
            new.kind.word(),
            &name,
            AccountStatus::Active.word(),
            new.access.pop,
            new.access.imap,
            new.access.smtp,
            new.access.web,
            new.overrides.time_zone.as_ref().map(TimeZoneName::as_str),
            new.overrides.language.map(Stored::word),
            tx.now(),
        ],
    )?;
    addresses::insert(
        tx,
        scope,
        domain.id,
        addresses::Stands::Account,
        &new.address,
    )?;
    if new.settings != Settings::default() {
        store::settings(tx, scope, &new.settings)?;
    }
    let made = details::details(tx, scope)?;
    store::search_columns(tx, &made)?;
    terms::write(tx, scope, &BTreeSet::new(), &terms::terms(&made))?;
    if let Some(password) = &new.password {
        credentials::insert_password(tx, scope, password)?;
    }
    tx.hint(Hint::Directory);
    Ok(scope)
}
