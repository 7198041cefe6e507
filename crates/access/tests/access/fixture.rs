//! Tenants, domains and accounts to test with.

use hikyaku_db::{Database, Lane, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, DirectoryError, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    addresses, check, domains,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_types::{Domain, EmailAddress, Secret};

/// The password of every account here.
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) const OPERATOR: PlatformScope = PlatformScope::operator();

pub(crate) type Answer<T> = Result<T, DirectoryError>;

pub(crate) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn hash(password: &str) -> PasswordHash {
    PasswordHash::compute(&Secret::from(password), HashParams::UNSAFE_FOR_TESTS).unwrap()
}

/// Runs a write transaction.
pub(crate) async fn write<T: Send + 'static>(
    db: &Database,
    f: impl Fn(&hikyaku_db::WriteTx<'_>) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    db.write(Lane::Mail, f).await
}

/// A tenant with one domain.
pub(crate) async fn tenant(db: &Database, name: &str, domain: &str) -> TenantScope {
    let (name, domain): (String, Domain) = (name.to_owned(), domain.parse().unwrap());
    write(db, move |tx| {
        let tenant = tenants::create(tx, OPERATOR, &NewTenant::named(name.as_str()))?;
        domains::create(tx, OPERATOR, tenant, &domain)?;
        Ok(tenant)
    })
    .await
    .unwrap()
}

/// Tries to create a person's account with [`PASSWORD`].
pub(crate) async fn try_account(db: &Database, text: &str) -> Answer<AccountScope> {
    let new = NewAccount::person(address(text)).with_password(hash(PASSWORD));
    write(db, move |tx| accounts::create(tx, OPERATOR, &new)).await
}

/// A person's account with [`PASSWORD`].
pub(crate) async fn account(db: &Database, text: &str) -> AccountScope {
    try_account(db, text).await.unwrap()
}

/// Tries to create an alias.
pub(crate) async fn try_alias(db: &Database, alias: &str, target: &str) -> Answer<AccountScope> {
    let (alias, target) = (address(alias), address(target));
    write(db, move |tx| {
        addresses::create_alias(tx, OPERATOR, &alias, &target)
    })
    .await
}

/// An alias.
pub(crate) async fn alias(db: &Database, alias: &str, target: &str) {
    try_alias(db, alias, target).await.unwrap();
}

/// Fails when the tables contradict themselves: every scenario ends with this.
pub(crate) async fn assert_consistent(test: &TestDatabase) {
    let findings = test.db.read(|tx| check::run(tx, OPERATOR)).await.unwrap();
    assert_eq!(findings, [], "the directory is inconsistent");
}
