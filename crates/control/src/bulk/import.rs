//! Tables of accounts, read and carried out as a job (T-029, AD-05).
//!
//! The file is looked at before the job is submitted: what is no table is refused at once. The job
//! works in chunks; what a chunk does, its lines of the result and its checkpoint are one
//! transaction, so that after a crash no row is carried out twice and none is left out.

mod read;
mod rows;
mod whole;

use std::time::Duration;

use futures_util::{FutureExt as _, future::BoxFuture};
use hikyaku_db::WriteTx;
use hikyaku_directory::password::HashParams;
use hikyaku_jobs::{FileRole, FileSpec, JobError, Run, Work};
use hikyaku_oplog::Target;
use hikyaku_types::{JobId, Permission};

pub use self::read::{ImportError, Inspected, MAX_BYTES, MAX_ROWS, inspect};
use super::options::{Atomicity, ImportOptions, Mode, Trial};
use crate::{
    Act, Actor, Area, ControlError,
    jobs::{self, Carried, Submission},
};

/// The kind of the job.
const KIND: &str = "account_import";

/// The file, until the job has ended: it may hold passwords.
const INPUT: FileSpec = FileSpec {
    name: "input",
    role: FileRole::Input,
    media_type: "text/csv",
};

/// Puts an import into the line. The file was [`inspect`]ed.
///
/// # Errors
/// [`ControlError::Forbidden`]; [`ControlError::Invalid`] for deletion without the right count.
pub fn submit(
    tx: &WriteTx<'_>,
    actor: &Actor,
    options: &ImportOptions,
    (bytes, inspected): (&[u8], &Inspected),
) -> Result<JobId, ControlError> {
    let tenant = match actor.area(Permission::AccountsWrite)? {
        Area::Platform(_) => None,
        Area::Tenant(scope) | Area::Domains(scope, _) => Some(scope.tenant),
    };
    let rows = inspected.rows as u64;
    if options.mode == Mode::Delete
        && options.trial == Trial::ForReal
        && options.confirm != Some(rows)
    {
        let detail = format!("this deletes up to {rows} accounts: say so with confirm={rows}");
        return Err(ControlError::invalid("confirm", detail));
    }
    let what = match options.trial {
        Trial::DryRun => "Dry run of",
        Trial::ForReal => "Import of",
    };
    let submission = Submission {
        kind: KIND,
        tenant,
        title: format!(
            "{what} {}",
            options.file.chars().take(100).collect::<String>()
        ),
        input: options,
        total: Some(rows),
    };
    let job = jobs::submit(tx, actor, &submission)?;
    hikyaku_jobs::attach(tx, job, INPUT, bytes)?;
    let target = Target::new("job", job, &submission.title);
    let act = match tenant {
        Some(tenant) => Act::in_tenant(tenant, "account.import", target),
        None => Act::on_platform("account.import", target),
    };
    actor.log(tx, act.after(options))?;
    Ok(job)
}

/// Imports tables of accounts.
#[derive(Debug, Clone)]
pub struct Import {
    /// What a hash of a password costs.
    pub hashing: HashParams,
    /// How long expunged messages of new accounts stay restorable.
    pub restore_window: Duration,
}

impl Work for Import {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        carry_out(self.clone(), run).boxed()
    }
}

async fn carry_out(import: Import, run: Run) -> Result<(), JobError> {
    let Carried { actor, input } = Carried::<ImportOptions>::of(&run)?;
    let bytes = run.input_file(INPUT.name).await?;
    let options = input.clone();
    let drafts = tokio::task::spawn_blocking(move || read::drafts(&bytes, &options));
    let drafts = drafts.await.map_err(JobError::failed)?;
    let job = rows::Rows::new(import, run, actor, input.clone())?;
    match input.atomicity {
        Atomicity::Rows => {
            job.one_after_the_other(drafts.map_err(JobError::failed)?)
                .await
        }
        Atomicity::All => job.all_or_none(drafts.map_err(JobError::failed)?).await,
    }
}
