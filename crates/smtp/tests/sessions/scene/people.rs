//! Who lives at example.test: taro (also office@), hanako, 次郎 and nosmtp, who may not send.
//! Everybody's password is `tanuki-42`.

use std::collections::BTreeMap;

use hikyaku_db::{Database, Lane};
use hikyaku_directory::{
    Access, AccountScope, PlatformScope,
    accounts::{self, NewAccount},
    addresses, domains,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{Quota, accounts as mail_accounts};

pub(crate) const PASSWORD: &str = "tanuki-42";

/// The scopes of the accounts, by local part.
pub(crate) struct People(BTreeMap<&'static str, AccountScope>);

impl People {
    pub(crate) async fn create(db: &Database) -> Self {
        let hash = PasswordHash::compute(&PASSWORD.into(), HashParams::UNSAFE_FOR_TESTS)
            .expect("a password");
        let people = db
            .write(Lane::Mail, move |tx| {
                let operator = PlatformScope::operator();
                let tenant = tenants::create(tx, operator, &NewTenant::named("Example"))?;
                let domain = "example.test".parse().expect("a domain");
                domains::create(tx, operator, tenant, &domain)?;
                let mut people = BTreeMap::new();
                for name in ["taro", "hanako", "次郎", "nosmtp", "postmaster"] {
                    let address = format!("{name}@example.test").parse().expect("an address");
                    let mut account = NewAccount::person(address).with_password(hash.clone());
                    account.access.smtp = name != "nosmtp" && account.access == Access::ALL;
                    let scope = accounts::create(tx, operator, &account)?;
                    mail_accounts::create(tx, scope, Quota::UNLIMITED).expect("a new mail account");
                    people.insert(name, scope);
                }
                let (alias, target) = ("office@example.test", "taro@example.test");
                let (alias, target) = (alias.parse(), target.parse());
                let (alias, target) = (alias.expect("an address"), target.expect("an address"));
                addresses::create_alias(tx, operator, &alias, &target)?;
                Ok::<_, hikyaku_directory::DirectoryError>(people)
            })
            .await;
        Self(people.expect("the people move in"))
    }

    pub(crate) fn scope(&self, name: &str) -> Result<AccountScope, String> {
        self.0
            .get(name)
            .copied()
            .ok_or_else(|| format!("nobody is called {name}"))
    }
}
