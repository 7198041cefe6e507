//! Two companies, with an administrator each.

use std::time::Duration;

use hikyaku_control::{
    AccountRef, Actor, ControlError, Principal, Rights, Within,
    accounts::{self, AccountForm, NewPerson, WholeAccount},
};
use hikyaku_db::{Lane, Tx, WriteTx, testing::TestDatabase};
use hikyaku_directory::{
    AccountKind, AccountScope, PlatformScope, TenantScope, domains,
    tenants::{self, NewTenant},
};
use hikyaku_types::{DomainId, EmailAddress, Permission};

/// How long deleted messages are kept here.
pub(crate) const WINDOW: Duration = Duration::from_hours(24 * 14);

/// Two companies: `a.test` with a second domain `c.test`, and `b.test`.
pub(crate) struct Office {
    pub(crate) test: TestDatabase,
    pub(crate) ours: TenantScope,
    pub(crate) theirs: TenantScope,
}

impl Office {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let (ours, theirs) = test
            .db
            .write(Lane::Mail, |tx| {
                let operator = PlatformScope::operator();
                let ours = tenants::create(tx, operator, &NewTenant::named("ours"))?;
                let theirs = tenants::create(tx, operator, &NewTenant::named("theirs"))?;
                for (tenant, name) in [(ours, "a.test"), (ours, "c.test"), (theirs, "b.test")] {
                    domains::create(tx, operator, tenant, &name.parse().unwrap())?;
                }
                Ok::<_, ControlError>((ours, theirs))
            })
            .await
            .unwrap();
        Self { test, ours, theirs }
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&WriteTx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.test.db.write(Lane::Background, f).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&Tx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.test.db.read(f).await
    }

    pub(crate) async fn domain(&self, name: &str) -> DomainId {
        let name = name.parse().unwrap();
        self.read(move |tx| Ok(domains::find(tx, PlatformScope::operator(), &name)?.id))
            .await
            .unwrap()
    }

    /// Tries to create a person with these fields.
    pub(crate) async fn try_person(
        &self,
        actor: &Actor,
        address: &str,
        form: AccountForm,
    ) -> Result<WholeAccount, ControlError> {
        let (actor, new) = (actor.clone(), person(address, form));
        self.write(move |tx| accounts::create(tx, &actor, &new))
            .await
    }

    /// A person with these fields.
    pub(crate) async fn person(&self, address: &str, form: AccountForm) -> AccountScope {
        let made = self.try_person(&console(), address, form).await.unwrap();
        made.view.details.account.scope
    }

    /// An account with everything.
    pub(crate) async fn show(
        &self,
        actor: &Actor,
        which: &str,
    ) -> Result<WholeAccount, ControlError> {
        let (actor, which) = (actor.clone(), AccountRef::from(which));
        self.read(move |tx| accounts::show(tx, &actor, &which))
            .await
    }

    /// Changes fields of an account.
    pub(crate) async fn change(
        &self,
        actor: &Actor,
        which: &str,
        form: AccountForm,
    ) -> Result<WholeAccount, ControlError> {
        let (actor, which) = (actor.clone(), AccountRef::from(which));
        let change = accounts::Change {
            form,
            ..accounts::Change::default()
        };
        self.write(move |tx| accounts::change(tx, &actor, &which, &change, |_| Ok(())))
            .await
    }
}

pub(crate) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn person(address: &str, form: AccountForm) -> NewPerson {
    NewPerson {
        address: address.parse().unwrap(),
        kind: AccountKind::Person,
        template: None,
        form,
        password: None,
        restore_window: WINDOW,
    }
}

pub(crate) fn console() -> Actor {
    Actor::console("root")
}

/// An account that may do this, there.
pub(crate) fn with(scope: AccountScope, permissions: &[Permission], within: Within) -> Actor {
    let mut rights = Rights::default();
    for permission in permissions {
        rights.grant(*permission, within);
    }
    Actor {
        principal: Principal::Account {
            scope,
            address: "someone".into(),
        },
        rights,
        ..console()
    }
}

/// What an administrator of accounts may do.
pub(crate) const ADMINISTRATOR: [Permission; 3] = [
    Permission::AccountsRead,
    Permission::AccountsWrite,
    Permission::MailboxesRepair,
];

/// An account without any rights.
pub(crate) fn user(scope: AccountScope) -> Actor {
    with(scope, &[], Within::Platform)
}

pub(crate) fn named(family: &str, given: &str, kana: (&str, &str)) -> AccountForm {
    AccountForm {
        family_name: Some(family.into()),
        given_name: Some(given.into()),
        family_kana: Some(kana.0.into()),
        given_kana: Some(kana.1.into()),
        ..AccountForm::default()
    }
}
