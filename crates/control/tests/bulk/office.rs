//! A tenant with a domain, a runner of jobs, and what comes of them.

use std::{sync::Arc, time::Duration};

use hikyaku_control::{
    Actor, Principal, Rights, Within,
    bulk::{self, import, options::ImportOptions},
    jobs,
};
use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope,
    accounts::{self, Account},
    domains,
    password::HashParams,
    tenants::{self, NewTenant},
};
use hikyaku_jobs::{Job, JobMetrics, JobsError, Runner, RunnerOptions, find, read_part};
use hikyaku_types::{AccountId, Id as _, JobId, Permission, TenantId};

pub(crate) const OPERATOR: PlatformScope = PlatformScope::operator();

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Office {
    pub(crate) test: TestDatabase,
    pub(crate) tenant: TenantId,
}

impl Office {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let made = test.db.write(Lane::Mail, |tx| {
            let tenant = tenants::create(tx, OPERATOR, &NewTenant::named("Test"))?;
            domains::create(tx, OPERATOR, tenant, &"example.test".parse().unwrap())?;
            let other = tenants::create(tx, OPERATOR, &NewTenant::named("Other"))?;
            domains::create(tx, OPERATOR, other, &"other.test".parse().unwrap())?;
            Ok::<_, hikyaku_directory::DirectoryError>(tenant.tenant)
        });
        let tenant = made.await.unwrap();
        Self { test, tenant }
    }

    pub(crate) fn runner(&self) -> Runner {
        let works = bulk::works(HashParams::UNSAFE_FOR_TESTS, Duration::from_hours(24));
        let metrics = Arc::new(JobMetrics::default());
        Runner::start(
            self.test.db.clone(),
            works,
            RunnerOptions::default(),
            metrics,
        )
    }

    /// The administrator of the tenant.
    pub(crate) fn administrator(&self) -> Actor {
        let mut rights = Rights::default();
        for permission in [
            Permission::AccountsRead,
            Permission::AccountsWrite,
            Permission::CredentialsReset,
        ] {
            rights.grant(permission, Within::Tenant(self.tenant));
        }
        Actor {
            principal: Principal::Account {
                scope: AccountScope {
                    tenant: self.tenant,
                    account: AccountId::from_i64(77),
                },
                address: "admin@example.test".to_owned(),
            },
            rights,
            ..Actor::console("")
        }
    }

    pub(crate) async fn submit(&self, actor: &Actor, file: &str, options: ImportOptions) -> JobId {
        let (actor, bytes) = (actor.clone(), file.as_bytes().to_vec());
        let found = import::inspect(&bytes, &options).expect("the file is a table");
        let submitted = self.test.db.write(Lane::Mail, move |tx| {
            import::submit(tx, &actor, &options, (&bytes, &found))
        });
        submitted.await.expect("the import is taken")
    }

    /// Imports as the operator and waits for the end.
    pub(crate) async fn import(&self, file: &str, options: ImportOptions) -> (Job, Vec<String>) {
        let id = self.submit(&Actor::console("root"), file, options).await;
        let job = self.ended(id).await;
        let result = self.file(id, "result.csv").await.unwrap_or_default();
        let lines = result.lines().skip(1).map(ToOwned::to_owned).collect();
        (job, lines)
    }

    pub(crate) async fn ended(&self, id: JobId) -> Job {
        let begun = std::time::Instant::now();
        loop {
            let job = self.test.db.read(move |tx| find(tx, id)).await.unwrap();
            if job.state.is_ended() {
                return job;
            }
            assert!(begun.elapsed() < PATIENCE, "the job does not end: {job:?}");
            tokio::task::yield_now().await;
        }
    }

    /// A result that is kept.
    pub(crate) async fn file(&self, id: JobId, name: &'static str) -> Option<String> {
        let read = self.test.db.read(move |tx| {
            let mut bytes = Vec::new();
            for part in 0_u32.. {
                match read_part(tx, id, name, part)? {
                    Some(piece) => bytes.extend(piece),
                    None => break,
                }
            }
            Ok::<_, JobsError>(bytes)
        });
        let bytes = read.await.unwrap();
        (!bytes.is_empty()).then(|| String::from_utf8(bytes).unwrap())
    }

    pub(crate) async fn take(&self, actor: &Actor, id: JobId) -> Option<String> {
        let actor = actor.clone();
        let taken = self.test.db.write(Lane::Mail, move |tx| {
            jobs::take(tx, &actor, id, "passwords.csv")
        });
        taken
            .await
            .ok()
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub(crate) async fn account(&self, address: &str) -> Option<Account> {
        let address = address.parse().unwrap();
        let found = self
            .test
            .db
            .read(move |tx| accounts::find_by_address(tx, OPERATOR, &address));
        found.await.ok()
    }
}
