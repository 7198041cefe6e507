//! `/api/v1/doctor`: the consistency of the whole store, while it works or while it does not.

mod contents;

use std::sync::Arc;

use axum::{extract::State, response::Response};
use hikyaku_control::{Act, Actor};
use hikyaku_db::Lane;
use hikyaku_directory::{
    AccountScope, DirectoryError, PlatformScope,
    accounts::{self, Account, ListQuery, MAX_PAGE},
    check, tenants,
};
use hikyaku_oplog::{Chain, Target, chains};
use hikyaku_types::{ByteSize, EmailAddress, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Body;
use crate::{
    caller::Caller,
    ndjson::{self, Lines},
    problem::Problem,
    schema,
    services::Services,
};

/// Inconsistencies that are named at most; the rest is counted.
const MAX_NAMED: usize = 1000;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(check))
}

/// What to check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoctorCheck)]
pub(super) struct Check {
    /// Only this account.
    #[schema(value_type = Option<String>)]
    account: Option<EmailAddress>,
    /// Recompute the counters of accounts that are found wrong.
    #[serde(default)]
    repair: bool,
    /// Read every content again too.
    #[serde(default)]
    contents: bool,
    /// Bytes of contents that are read in a second at most.
    #[schema(value_type = Option<schema::Size>)]
    rate: Option<ByteSize>,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    accounts: u64,
    found: u64,
    repaired: u64,
    inconsistencies: Vec<Item>,
    /// What reading the contents found, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<contents::Contents>,
}

/// One inconsistency.
#[derive(Debug, Serialize)]
struct Item {
    r#where: String,
    what: String,
}

/// How far the check is.
#[derive(Debug, Serialize)]
struct Progress {
    done: u64,
}

/// Checks the consistency of the store, and repairs counters.
#[utoipa::path(
    post, path = "/api/v1/doctor", tag = "server", operation_id = "doctor",
    request_body = Check,
    responses(
        (status = 200, description = "Lines: progress, then what was found",
            body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn check(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Check>,
) -> Result<Response, Problem> {
    actor.on_platform(Permission::SystemWrite)?;
    if wanted.contents && wanted.account.is_some() {
        let text = "contents belong to a tenant as a whole: leave the account out";
        return Err(Problem::bad_field("contents", text));
    }
    if wanted.repair {
        log_repair(&services, &actor).await?;
    }
    let read_contents = wanted.contents.then_some(wanted.rate);
    let mut doctor = Doctor {
        services,
        repair: wanted.repair,
        report: Report::default(),
    };
    // An unknown address is told before the answer begins.
    let only = match wanted.account {
        Some(address) => Some(doctor.find(address).await?),
        None => None,
    };
    Ok(ndjson::answer(&actor, move |lines| async move {
        match only {
            Some(account) => doctor.account(&account).await?,
            None => doctor.everything(&lines).await?,
        }
        if let Some(rate) = read_contents {
            doctor.read_contents(rate, &lines).await?;
        }
        Ok(doctor.report)
    }))
}

/// Writes down that counters are repaired; looking alone changes nothing.
async fn log_repair(services: &Services, actor: &Arc<Actor>) -> Result<(), Problem> {
    let actor = Arc::clone(actor);
    let logging = services.db.write(Lane::Background, move |tx| {
        let target = Target::new("store", "", "counters");
        actor.log(tx, Act::on_platform("store.repair", target))
    });
    Ok(logging.await?)
}

struct Doctor {
    services: Services,
    repair: bool,
    report: Report,
}

impl Doctor {
    async fn find(&self, address: EmailAddress) -> Result<Account, DirectoryError> {
        let operator = PlatformScope::operator();
        self.services
            .db
            .read(move |tx| accounts::find_by_address(tx, operator, &address))
            .await
    }

    async fn everything(&mut self, lines: &Lines) -> Result<(), Problem> {
        for line in self.services.db.integrity_check().await? {
            self.found("database".to_owned(), line);
        }
        let operator = PlatformScope::operator();
        for finding in self
            .services
            .db
            .read(move |tx| check::run(tx, operator))
            .await?
        {
            self.found("directory".to_owned(), finding.to_string());
        }
        let mut after: Option<EmailAddress> = None;
        loop {
            let page = self.page(after.take()).await?;
            for account in &page {
                self.account(account).await?;
            }
            lines.progress(Progress {
                done: self.report.accounts,
            });
            match page.last() {
                Some(last) if page.len() == MAX_PAGE as usize => {
                    after = Some(last.address.clone());
                }
                _ => break,
            }
        }
        self.tenants().await?;
        self.operation_logs().await
    }

    /// That nothing of what was done was changed or removed before its time.
    async fn operation_logs(&mut self) -> Result<(), Problem> {
        let mut after: Option<Chain> = None;
        loop {
            let last = after.take();
            let page = self.services.db.read(move |tx| chains(tx, last, MAX_PAGE));
            let page = page.await?;
            for chain in &page {
                let verdict = hikyaku_oplog::verify(&self.services.db, *chain, None).await?;
                if let Some(broken) = verdict.broken {
                    let what = format!("entry {}: {}", broken.seq, broken.fault);
                    self.found(format!("operation log of {chain}"), what);
                }
            }
            match page.last() {
                Some(last) if page.len() == MAX_PAGE as usize => after = Some(*last),
                _ => return Ok(()),
            }
        }
    }

    async fn page(&self, after: Option<EmailAddress>) -> Result<Vec<Account>, DirectoryError> {
        self.services
            .db
            .read(move |tx| {
                let query = ListQuery {
                    after: after.as_ref(),
                    limit: MAX_PAGE,
                    ..Default::default()
                };
                accounts::list(tx, PlatformScope::operator(), &query)
            })
            .await
    }

    async fn account(&mut self, account: &Account) -> Result<(), Problem> {
        self.report.accounts += 1;
        let findings = self.services.mailstore.check(account.scope).await?;
        let wrong = !findings.is_empty();
        for finding in findings {
            self.found(
                account.address.to_string(),
                finding.inconsistency.to_string(),
            );
        }
        if wrong && self.repair {
            self.repair(account.scope).await?;
        }
        Ok(())
    }

    async fn repair(&mut self, scope: AccountScope) -> Result<(), Problem> {
        let repaired = self.services.mailstore.repair(scope).await?;
        self.report.repaired += repaired.mailboxes + u64::from(repaired.account);
        Ok(())
    }

    /// Contents are shared within a tenant, so their references are counted there.
    async fn tenants(&mut self) -> Result<(), Problem> {
        let mut after: Option<String> = None;
        loop {
            let cursor = after.take();
            let page = self
                .services
                .db
                .read(move |tx| {
                    tenants::list(tx, PlatformScope::operator(), cursor.as_deref(), MAX_PAGE)
                })
                .await?;
            for tenant in &page {
                for finding in self
                    .services
                    .mailstore
                    .check_tenant(tenant.scope.tenant)
                    .await?
                {
                    self.found(
                        format!("tenant {}", tenant.name),
                        finding.inconsistency.to_string(),
                    );
                }
            }
            match page.last() {
                Some(last) if page.len() == MAX_PAGE as usize => after = Some(last.name.clone()),
                _ => return Ok(()),
            }
        }
    }

    fn found(&mut self, place: String, what: String) {
        self.report.found += 1;
        if self.report.inconsistencies.len() < MAX_NAMED {
            self.report.inconsistencies.push(Item {
                r#where: place,
                what,
            });
        }
    }
}
