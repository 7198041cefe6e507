//! One change for all accounts that were chosen (F-42), as a job.
//!
//! Which accounts it is about is decided when it is submitted, and counted: whoever asks says the
//! number. The result has a line per account.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use hikyaku_access::sessions;
use hikyaku_db::{DbError, Lane, WriteTx};
use hikyaku_directory::{
    accounts::{self as directory, Account},
    credentials::{self, MustChange},
    templates,
};
use hikyaku_jobs::{Checkpoint, FileRole, FileSpec, JobError, Run, Work};
use hikyaku_oplog::Target;
use hikyaku_types::{AccountId, ByteSize, JobId, Permission};
use serde::{Deserialize, Serialize};

use super::{
    apply::flaw_of,
    report::{Outcome, RESULT},
    selection::Selection,
    sheet::Writer,
};
use crate::{
    AccountRef, Act, Actor, Area, ControlError,
    accounts::{self, AccountForm},
    jobs::{self, Carried, Submission},
};

/// The kind of the job.
const KIND: &str = "account_change";

/// The accounts, one id a line.
const INPUT: FileSpec = FileSpec {
    name: "accounts",
    role: FileRole::Input,
    media_type: "text/plain",
};

/// Accounts of one transaction (default 25): about 50 ms of the writer.
const CHUNK: usize = 25;

/// What is done to each account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, tag = "type")]
pub enum Change {
    /// Its user may not sign in.
    Suspend,
    /// Its user may sign in again.
    Resume,
    /// Its mailbox holds so much; 0: no limit of its own.
    SetQuota {
        /// Bytes, or `10GB`.
        quota_bytes: ByteSize,
    },
    /// What the template says is laid over it.
    ApplyTemplate {
        /// The template, by id or name.
        template: String,
    },
    /// Its password has to be changed at the next sign-in.
    ForcePasswordChange,
    /// Its browsers are signed out.
    SignOut,
    /// It is deleted, and can be restored for a while.
    Delete,
}

impl Change {
    /// The word in results and in the operation log.
    fn word(&self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::SetQuota { .. } => "set_quota",
            Self::ApplyTemplate { .. } => "apply_template",
            Self::ForcePasswordChange => "force_password_change",
            Self::SignOut => "sign_out",
            Self::Delete => "delete",
        }
    }

    fn permission(&self) -> Permission {
        match self {
            Self::ForcePasswordChange | Self::SignOut => Permission::CredentialsReset,
            _ => Permission::AccountsWrite,
        }
    }
}

/// Which accounts.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// These.
    Ids(Vec<AccountId>),
    /// All that a filter finds.
    Filter(Selection),
}

/// Puts a change into the line; `confirm` is how many accounts it is to change.
///
/// # Errors
/// [`ControlError::Forbidden`]; [`ControlError::Invalid`] when the count is another one.
pub fn submit(
    tx: &WriteTx<'_>,
    actor: &Actor,
    (chosen, change): (&Chosen, &Change),
    confirm: u64,
) -> Result<JobId, ControlError> {
    let tenant = match actor.area(change.permission())? {
        Area::Platform(_) => None,
        Area::Tenant(scope) | Area::Domains(scope, _) => Some(scope.tenant),
    };
    let mut ids = match chosen {
        Chosen::Ids(ids) => ids.clone(),
        Chosen::Filter(filter) => filter.ids(tx, actor)?,
    };
    ids.sort_unstable();
    ids.dedup();
    let count = ids.len() as u64;
    if count == 0 {
        return Err(ControlError::invalid("filter", "it finds no account"));
    }
    if count != confirm {
        let detail = format!("this is about {count} accounts: say so with \"confirm\": {count}");
        return Err(ControlError::invalid("confirm", detail));
    }
    let submission = Submission {
        kind: KIND,
        tenant,
        title: format!("{} of {count} accounts", change.word()),
        input: change,
        total: Some(count),
    };
    let job = jobs::submit(tx, actor, &submission)?;
    let mut lines = String::new();
    for id in &ids {
        lines.push_str(&id.to_string());
        lines.push('\n');
    }
    hikyaku_jobs::attach(tx, job, INPUT, lines.as_bytes())?;
    let target = Target::new("job", job, &submission.title);
    let act = match tenant {
        Some(tenant) => Act::in_tenant(tenant, "account.change_many", target),
        None => Act::on_platform("account.change_many", target),
    };
    actor.log(tx, act.after(change))?;
    Ok(job)
}

/// Changes many accounts.
#[derive(Debug, Clone, Copy)]
pub struct ChangeMany;

impl Work for ChangeMany {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        carry_out(run).boxed()
    }
}

/// How far it is: accounts that are settled, and how many of them could not be changed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    next: usize,
    errors: u64,
}

/// Why a chunk was rolled back.
enum Undone {
    Account(ControlError),
    Job(JobError),
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self::Job(error.into())
    }
}

async fn carry_out(run: Run) -> Result<(), JobError> {
    let carried = Arc::new(Carried::<Change>::of(&run)?);
    let bytes = run.input_file(INPUT.name).await?;
    let text = String::from_utf8_lossy(&bytes);
    let ids: Vec<AccountId> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let mut place: Place = run.state()?.unwrap_or_default();
    let rest = ids.get(place.next..).unwrap_or_default();
    for chunk in rest.chunks(CHUNK) {
        run.check()?;
        match attempt(&run, &carried, chunk, place).await {
            Ok(next) => place = next,
            Err(Undone::Job(error)) => return Err(error),
            // One of them cannot be changed: each for itself.
            Err(Undone::Account(_)) => {
                for id in chunk {
                    place = match attempt(&run, &carried, &[*id], place).await {
                        Ok(next) => next,
                        Err(Undone::Job(error)) => return Err(error),
                        Err(Undone::Account(error)) => record(&run, *id, place, &error).await?,
                    };
                }
            }
        }
    }
    Ok(())
}

/// Changes a chunk in one transaction, with its lines and its checkpoint.
async fn attempt(
    run: &Run,
    carried: &Arc<Carried<Change>>,
    ids: &[AccountId],
    place: Place,
) -> Result<Place, Undone> {
    let (inner, carried, ids) = (run.clone(), Arc::clone(carried), ids.to_vec());
    let write = move |tx: &WriteTx<'_>| {
        let mut writer = Writer::default();
        for id in &ids {
            let changed = change_one(tx, &carried.actor, *id, &carried.input);
            let account = changed.map_err(|error| match error {
                ControlError::Db(error) => Undone::Job(error.into()),
                other => Undone::Account(other),
            })?;
            let address = account.address.to_string();
            line(&mut writer, *id, &address, Outcome::Done, "");
        }
        write_down(tx, &inner, place, (ids.len(), 0), writer.take()).map_err(Undone::Job)
    };
    run.db().write(Lane::Background, write).await
}

/// Writes down that an account could not be changed.
async fn record(
    run: &Run,
    id: AccountId,
    place: Place,
    error: &ControlError,
) -> Result<Place, JobError> {
    let (inner, detail) = (run.clone(), flaw_of(error).detail);
    run.write(move |tx| {
        let mut writer = Writer::default();
        line(&mut writer, id, "", Outcome::Wrong, &detail);
        write_down(tx, &inner, place, (1, 1), writer.take())
    })
    .await
}

fn line(writer: &mut Writer, id: AccountId, address: &str, outcome: Outcome, message: &str) {
    writer.row([id.to_string().as_str(), address, outcome.word(), message]);
}

fn write_down(
    tx: &WriteTx<'_>,
    run: &Run,
    place: Place,
    (settled, wrong): (usize, u64),
    mut text: String,
) -> Result<Place, JobError> {
    if place.next == 0 {
        text = format!("\u{feff}account,address,outcome,message\r\n{text}");
    }
    let place = Place {
        next: place.next + settled,
        errors: place.errors + wrong,
    };
    run.append_in(tx, RESULT, text.as_bytes())?;
    let checkpoint = Checkpoint::new(&place, place.next as u64).with_errors(place.errors);
    run.checkpoint_in(tx, &checkpoint)?;
    Ok(place)
}

fn change_one(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: AccountId,
    change: &Change,
) -> Result<Account, ControlError> {
    let which = AccountRef::from(id.to_string().as_str());
    let account = which.find(tx, actor, change.permission())?;
    let scope = account.scope;
    let form = match change {
        Change::Suspend => status("suspended"),
        Change::Resume => status("active"),
        Change::SetQuota { quota_bytes } => AccountForm {
            quota_bytes: Some(*quota_bytes),
            ..AccountForm::default()
        },
        Change::ApplyTemplate { template } => {
            let found = templates::find(tx, scope.tenant_scope(), template)?;
            AccountForm::of_template(&found.settings)
        }
        Change::ForcePasswordChange => {
            credentials::require_change(tx, scope, MustChange::AtNextSignIn)?;
            log(tx, actor, &account, "account.force_password_change")?;
            return Ok(account);
        }
        Change::SignOut => {
            sessions::revoke_all(tx, scope, None)?;
            log(tx, actor, &account, "account.sign_out")?;
            return Ok(account);
        }
        Change::Delete => return accounts::delete(tx, actor, &which, |_| Ok(())),
    };
    let change = accounts::Change {
        form,
        ..accounts::Change::default()
    };
    accounts::change(tx, actor, &which, &change, |_| Ok(()))?;
    Ok(directory::load(tx, scope)?)
}

fn status(word: &str) -> AccountForm {
    AccountForm {
        status: Some(word.to_owned()),
        ..AccountForm::default()
    }
}

fn log(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    action: &'static str,
) -> Result<(), ControlError> {
    let target = Target::new("account", account.scope.account, &account.address);
    Ok(actor.log(tx, Act::in_tenant(account.scope.tenant, action, target))?)
}
