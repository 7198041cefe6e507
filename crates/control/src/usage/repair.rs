//! Repairing a mailbox (U-009): what is shown of it is computed again from what is in it.

use futures_util::future::BoxFuture;
use hikyaku_db::WriteTx;
use hikyaku_directory::{Account, AccountScope, accounts};
use hikyaku_jobs::{Checkpoint, FileRole, FileSpec, JobError, NewJob, Run, Work, submit};
use hikyaku_mailstore::{MailError, Mailstore};
use hikyaku_oplog::Target;
use hikyaku_types::{JobId, Permission};
use serde::Serialize;
use serde_json::json;

use super::initialise::{Input, later};
use crate::{AccountRef, Act, Actor, ControlError, jobs::owner};

/// The word of the work.
const KIND: &str = "mailbox.repair";
/// What was found and mended.
const RESULT: FileSpec = FileSpec {
    name: "result.json",
    role: FileRole::Result,
    media_type: "application/json",
};

/// Repairs a mailbox, as a job whose result says what was found and mended.
pub fn repair(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
) -> Result<JobId, ControlError> {
    let found = account.find(tx, actor, Permission::MailboxesRepair)?;
    begin(tx, actor, &found)
}

/// Repairs the actor's own mailbox.
pub fn repair_own(tx: &WriteTx<'_>, actor: &Actor) -> Result<JobId, ControlError> {
    let scope = actor
        .own_account()
        .ok_or(ControlError::NotFound { kind: "account" })?;
    begin(tx, actor, &accounts::load(tx, scope)?)
}

fn begin(tx: &WriteTx<'_>, actor: &Actor, account: &Account) -> Result<JobId, ControlError> {
    let job = submit(
        tx,
        &NewJob {
            kind: KIND,
            tenant: Some(account.scope.tenant),
            owner: owner(actor),
            title: format!("Repair the mailbox {}", account.address),
            input: json!(Input::of(account.scope)),
            total: None,
        },
    )?;
    let target = Target::new("account", account.scope.account, &account.address);
    let act = Act::in_tenant(account.scope.tenant, KIND, target).after(json!({ "job": job }));
    actor.log(tx, act)?;
    Ok(job)
}

/// What came of a repair.
#[derive(Debug, Serialize)]
struct Outcome {
    /// What was wrong.
    found: Vec<String>,
    /// Mailboxes whose counters were mended.
    mended_mailboxes: u64,
    /// Whether the account's own counters were mended.
    mended_account: bool,
    /// What is wrong still: for the operator.
    left: Vec<String>,
}

/// The work.
#[derive(Debug)]
pub struct Repair {
    mailstore: Mailstore,
}

impl Repair {
    /// The work on a mail store.
    pub fn new(mailstore: Mailstore) -> Self {
        Self { mailstore }
    }
}

impl Work for Repair {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        let mailstore = self.mailstore.clone();
        Box::pin(async move {
            let input: Input = run.input()?;
            let outcome = mend(&mailstore, input.scope()).await;
            let outcome = outcome.map_err(|error| later(&error))?;
            let text = serde_json::to_vec(&outcome).map_err(JobError::failed)?;
            run.result_file(RESULT, text).await?;
            let (found, left) = (outcome.found.len() as u64, outcome.left.len() as u64);
            let checkpoint = Checkpoint::new(&(), found).of(found).with_errors(left);
            run.checkpoint(checkpoint).await
        })
    }
}

async fn mend(mailstore: &Mailstore, scope: AccountScope) -> Result<Outcome, MailError> {
    let texts = |findings: Vec<hikyaku_mailstore::check::Finding>| {
        findings
            .iter()
            .map(|one| one.inconsistency.to_string())
            .collect::<Vec<String>>()
    };
    let found = texts(mailstore.check(scope).await?);
    let repaired = mailstore.repair(scope).await?;
    let left = texts(mailstore.check(scope).await?);
    Ok(Outcome {
        found,
        mended_mailboxes: repaired.mailboxes,
        mended_account: repaired.account,
        left,
    })
}
