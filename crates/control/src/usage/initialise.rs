//! Initialising a mailbox: all of its mail goes (T-032, U-008).

use futures_util::future::BoxFuture;
use hikyaku_db::WriteTx;
use hikyaku_directory::{Account, AccountScope, accounts, pools};
use hikyaku_jobs::{Checkpoint, JobError, NewJob, Run, Work, submit};
use hikyaku_mailstore::{MailError, Mailstore, Which};
use hikyaku_oplog::Target;
use hikyaku_types::{AccountId, EmailAddress, JobId, Permission, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{AccountRef, Act, Actor, ControlError, jobs::owner};

/// The word of the work.
const KIND: &str = "mailbox.initialise";
/// Messages that are deleted between two looks whether to go on (256).
const STEP: usize = 256;

/// What becomes of the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Afterwards {
    /// It can be restored for as long as other deleted mail.
    #[default]
    Restorable,
    /// It is gone for good, with what was deleted before; what is on hold stays.
    Erased,
}

/// What the work needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Input {
    pub(super) tenant: TenantId,
    pub(super) account: AccountId,
    #[serde(default)]
    afterwards: Afterwards,
}

impl Input {
    pub(super) fn of(scope: AccountScope) -> Self {
        Self {
            tenant: scope.tenant,
            account: scope.account,
            afterwards: Afterwards::default(),
        }
    }

    pub(super) fn scope(&self) -> AccountScope {
        AccountScope {
            tenant: self.tenant,
            account: self.account,
        }
    }
}

/// Deletes all mail of an account, as a job. `confirm` is the account's address, typed by whoever
/// asks for it.
pub fn initialise(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    (confirm, afterwards): (&str, Afterwards),
) -> Result<JobId, ControlError> {
    let found = account.find(tx, actor, Permission::MailboxesInitialise)?;
    begin(tx, actor, &found, confirm, afterwards)
}

/// Deletes all of the actor's own mail, where the tenant lets people do so. It stays restorable.
pub fn initialise_own(
    tx: &WriteTx<'_>,
    actor: &Actor,
    confirm: &str,
) -> Result<JobId, ControlError> {
    let scope = actor
        .own_account()
        .ok_or(ControlError::NotFound { kind: "account" })?;
    if !pools::policy(tx, scope.tenant_scope())?.own_initialise {
        return Err(ControlError::conflict(
            "initialise_not_allowed",
            "your administrators do not let people delete all of their mail at once: ask them",
        ));
    }
    let account = accounts::load(tx, scope)?;
    begin(tx, actor, &account, confirm, Afterwards::Restorable)
}

fn begin(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    confirm: &str,
    afterwards: Afterwards,
) -> Result<JobId, ControlError> {
    check_confirmed(confirm, &account.address)?;
    let job = submit(
        tx,
        &NewJob {
            kind: KIND,
            tenant: Some(account.scope.tenant),
            owner: owner(actor),
            title: format!("Initialise the mailbox {}", account.address),
            input: json!(Input {
                afterwards,
                ..Input::of(account.scope)
            }),
            total: None,
        },
    )?;
    let target = Target::new("account", account.scope.account, &account.address);
    let act = Act::in_tenant(account.scope.tenant, KIND, target)
        .after(json!({ "job": job, "mail": afterwards }));
    actor.log(tx, act)?;
    Ok(job)
}

/// Whoever deletes everything writes the address, in any spelling that is the same address.
fn check_confirmed(confirm: &str, address: &EmailAddress) -> Result<(), ControlError> {
    let typed = confirm.trim().parse::<EmailAddress>();
    if typed.is_ok_and(|typed| typed.canonical() == address.canonical()) {
        return Ok(());
    }
    Err(ControlError::invalid(
        "confirm",
        format!("write the address of the mailbox, {address}: all of its mail will be deleted"),
    ))
}

/// The work.
#[derive(Debug)]
pub struct Initialise {
    mailstore: Mailstore,
}

impl Initialise {
    /// The work on a mail store.
    pub fn new(mailstore: Mailstore) -> Self {
        Self { mailstore }
    }
}

impl Work for Initialise {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        let mailstore = self.mailstore.clone();
        Box::pin(async move {
            let input: Input = run.input()?;
            let done = match expunge(&mailstore, &run, input.scope()).await {
                // The account was erased since.
                Err(Trouble::Mail(MailError::NoSuchAccount)) => return Ok(()),
                Err(Trouble::Mail(error)) => return Err(later(&error)),
                Err(Trouble::Job(error)) => return Err(error),
                Ok(done) => done,
            };
            if input.afterwards == Afterwards::Erased {
                let erased = mailstore.purge_all_expunged(input.scope()).await;
                erased.map_err(|error| later(&error))?;
            }
            run.checkpoint(Checkpoint::new(&(), done).of(done)).await
        })
    }
}

/// Why deleting stopped.
enum Trouble {
    Mail(MailError),
    Job(JobError),
}

impl From<MailError> for Trouble {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<JobError> for Trouble {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

/// Deletes what is there when each mailbox has its turn. Done again after a crash, it finds what is
/// left.
async fn expunge(mailstore: &Mailstore, run: &Run, scope: AccountScope) -> Result<u64, Trouble> {
    let mailboxes = mailstore.mailboxes(scope).await?;
    let total: u64 = mailboxes
        .iter()
        .map(|mailbox| u64::from(mailbox.total))
        .sum();
    let mut done = 0;
    for mailbox in mailboxes {
        for uids in mailstore.uids_of(scope, mailbox.id).await?.chunks(STEP) {
            run.check()?;
            let gone = mailstore
                .expunge(scope, mailbox.id, Which::Exactly(uids))
                .await?;
            done += gone.len() as u64;
            run.progress(done, total.max(done)).await?;
        }
    }
    Ok(done)
}

/// A failure of the mail store: what is temporary is tried again.
pub(super) fn later(error: &MailError) -> JobError {
    if error.is_temporary() {
        JobError::Later(error.to_string())
    } else {
        JobError::failed(error)
    }
}
