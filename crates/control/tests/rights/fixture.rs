//! Two companies and the operator's own, with people to give roles to.

use hikyaku_control::{
    Actor, ControlError, Within,
    authenticate::{self, Origin, Proof},
    grants::{self, Given, NewGrant},
};
use hikyaku_db::{Database, Lane, Tx, WriteTx, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    domains,
    tenants::{self, NewTenant},
};
use hikyaku_oplog::{Chain, Entry, Search};
use hikyaku_types::{Domain, DomainId};

pub(crate) const OPERATOR: PlatformScope = PlatformScope::operator();
pub(crate) const ADMINISTRATOR: &str = "company-administrator";

/// A company with two domains.
pub(crate) struct Company {
    pub(crate) tenant: TenantScope,
    pub(crate) main: DomainId,
    pub(crate) branch: DomainId,
    name: &'static str,
}

pub(crate) struct House {
    pub(crate) db: Database,
    /// The operator's own.
    pub(crate) provider: Company,
    pub(crate) ours: Company,
    pub(crate) other: Company,
}

impl House {
    pub(crate) async fn new(test: &TestDatabase) -> Self {
        let db = test.db.clone();
        Self {
            provider: company(&db, "provider").await,
            ours: company(&db, "ours").await,
            other: company(&db, "other").await,
            db,
        }
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&WriteTx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.db.write(Lane::Background, f).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&Tx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.db.read(f).await
    }

    /// An account at the main domain of a company.
    pub(crate) async fn person(&self, of: &Company, local: &str) -> AccountScope {
        self.account(&format!("{local}@{}.test", of.name)).await
    }

    /// An account at the other domain of a company.
    pub(crate) async fn in_branch(&self, of: &Company, local: &str) -> AccountScope {
        self.account(&format!("{local}@branch.{}.test", of.name))
            .await
    }

    async fn account(&self, address: &str) -> AccountScope {
        let new = NewAccount::person(address.parse().unwrap());
        self.write(move |tx| Ok(accounts::create(tx, OPERATOR, &new)?))
            .await
            .unwrap()
    }

    /// Gives a role by the console.
    pub(crate) async fn appoint(&self, account: AccountScope, role: &str, within: Within) -> Given {
        self.give(&Actor::console("root"), grant(account, role, within))
            .await
            .unwrap()
    }

    pub(crate) async fn give(&self, by: &Actor, new: NewGrant) -> Result<Given, ControlError> {
        let by = by.clone();
        self.write(move |tx| grants::give(tx, &by, &new)).await
    }

    /// Somebody who signed in with a second factor.
    pub(crate) async fn actor(&self, scope: AccountScope) -> Actor {
        self.signed_in(scope, Proof::SecondFactor).await.unwrap()
    }

    pub(crate) async fn signed_in(&self, scope: AccountScope, proof: Proof) -> Option<Actor> {
        self.read(move |tx| Ok(authenticate::person(tx, scope, proof, Origin::default())?))
            .await
            .unwrap()
    }

    /// A person with a role in the whole company.
    pub(crate) async fn with_role(&self, of: &Company, local: &str, role: &str) -> Actor {
        let scope = self.person(of, local).await;
        let within = if role.starts_with("operator-") {
            Within::Platform
        } else {
            Within::Tenant(of.tenant.tenant)
        };
        self.appoint(scope, role, within).await;
        self.actor(scope).await
    }

    /// The newest entry of a company's log.
    pub(crate) async fn newest(&self, of: &Company) -> Entry {
        let chain = Chain::Tenant(of.tenant.tenant);
        let wanted = Search {
            limit: 1,
            ..Default::default()
        };
        let found = self
            .read(move |tx| Ok(hikyaku_oplog::search(tx, chain, &wanted)?))
            .await
            .unwrap();
        found.entries.into_iter().next().unwrap()
    }
}

async fn company(db: &Database, name: &'static str) -> Company {
    let made = db.write(Lane::Background, move |tx| {
        let tenant = tenants::create(tx, OPERATOR, &NewTenant::named(name))?;
        let main: Domain = format!("{name}.test").parse().unwrap();
        let branch: Domain = format!("branch.{name}.test").parse().unwrap();
        Ok::<_, ControlError>(Company {
            tenant,
            main: domains::create(tx, OPERATOR, tenant, &main)?,
            branch: domains::create(tx, OPERATOR, tenant, &branch)?,
            name,
        })
    });
    made.await.unwrap()
}

pub(crate) fn grant(account: AccountScope, role: &str, within: Within) -> NewGrant {
    NewGrant {
        account,
        role: role.to_owned(),
        within,
        expires_at: None,
        note: String::new(),
    }
}

/// The code of a conflict, the permission that lacks, or the kind that is not there.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, ControlError>) -> String {
    match answer.unwrap_err() {
        ControlError::Conflict { code, .. } => code.to_owned(),
        ControlError::Forbidden(permission) => format!("forbidden {permission}"),
        ControlError::NotFound { kind } | ControlError::NoSuch { kind, .. } => format!("no {kind}"),
        ControlError::Invalid { field, .. } => format!("invalid {field}"),
        ControlError::NotContracted { option } => format!("not contracted {option}"),
        other => panic!("{other:?}"),
    }
}
