//! Background work as people ask for it and look after it (AD-34).
//!
//! Whoever asked for a job may always see it, cancel it and take its results; others need
//! [`Permission::JobsRead`] or [`Permission::JobsWrite`] in the whole of its tenant, or on the
//! platform. Files with secrets are given to whoever asked for the job and to nobody else.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_jobs::{
    Cancelled, FileRole, Job, JobError, JobFile, JobQuery, JobState, JobsError, NewJob, Owner, Run,
    Visible,
};
use hikyaku_oplog::Target;
use hikyaku_types::{JobId, Permission, TenantId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Act, Actor, Area, ControlError, Principal};

/// Work that an administrator asks for.
#[derive(Debug, Clone)]
pub struct Submission<T> {
    /// The kind of a registered work.
    pub kind: &'static str,
    /// Whose work it is; none for the platform's.
    pub tenant: Option<TenantId>,
    /// What it is, for people.
    pub title: String,
    /// What the work needs to know.
    pub input: T,
    /// How much it is, where that is known.
    pub total: Option<u64>,
}

/// What a work of an administrator finds in its input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Carried<T> {
    /// Who asked, with the rights of that moment.
    pub actor: Actor,
    /// What for.
    pub input: T,
}

impl<T: DeserializeOwned> Carried<T> {
    /// What was submitted.
    pub fn of(run: &Run) -> Result<Self, JobError> {
        run.input()
    }
}

/// Puts work into the line for an actor. The caller has checked that the actor may have it done,
/// and writes the operation log.
///
/// # Errors
/// `too_many_jobs` when the tenant has too many waiting.
pub fn submit<T: Serialize>(
    tx: &WriteTx<'_>,
    actor: &Actor,
    submission: &Submission<T>,
) -> Result<JobId, ControlError> {
    let input = serde_json::to_value(Carried {
        actor: actor.clone(),
        input: &submission.input,
    });
    let job = NewJob {
        kind: submission.kind,
        tenant: submission.tenant,
        owner: owner(actor),
        title: submission.title.clone(),
        input: input.map_err(|error| ControlError::invalid("input", error))?,
        total: submission.total,
    };
    Ok(hikyaku_jobs::submit(tx, &job)?)
}

/// As whom an actor owns jobs.
pub fn owner(actor: &Actor) -> Owner {
    match &actor.principal {
        Principal::Console(_) => Owner::Console,
        Principal::Account { scope, .. } => Owner::Account(scope.account),
        Principal::ApiKey { id, .. } => Owner::ApiKey(*id),
        _ => Owner::House,
    }
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of this tenant.
    pub tenant: Option<TenantId>,
    /// Only those that the actor asked for.
    pub mine: bool,
    /// Only those before this one.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// Jobs that the actor may see, newest first.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant outside of the actor's reach.
pub fn list(tx: &Tx<'_>, actor: &Actor, filter: &Filter) -> Result<Vec<Job>, ControlError> {
    let visible = match (filter.tenant, filter.mine) {
        (_, true) => Visible::OwnedBy(owner(actor)),
        (Some(tenant), false) => {
            actor.in_tenant(Permission::JobsRead, tenant)?;
            Visible::Tenant(tenant)
        }
        (None, false) => match actor.area(Permission::JobsRead) {
            Ok(Area::Platform(_)) => Visible::All,
            Ok(Area::Tenant(scope)) => Visible::Tenant(scope.tenant),
            _ => Visible::OwnedBy(owner(actor)),
        },
    };
    let query = JobQuery {
        visible,
        state: filter.state,
        kind: filter.kind.clone(),
        before: filter.before,
        limit: filter.limit,
    };
    Ok(hikyaku_jobs::list(tx, &query)?)
}

/// A job with its results.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn find(tx: &Tx<'_>, actor: &Actor, id: JobId) -> Result<(Job, Vec<JobFile>), ControlError> {
    let job = visible(tx, actor, Permission::JobsRead, id)?;
    let mut files = hikyaku_jobs::files(tx, id)?;
    if owner(actor) != job.owner {
        files.retain(|file| file.role != FileRole::OnceOnly);
    }
    Ok((job, files))
}

/// Asks for the end of a job.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn cancel(tx: &WriteTx<'_>, actor: &Actor, id: JobId) -> Result<Job, ControlError> {
    let job = visible(tx, actor, Permission::JobsWrite, id)?;
    if hikyaku_jobs::cancel(tx, id)? != Cancelled::TooLate {
        log(tx, actor, "job.cancel", &job)?;
    }
    Ok(hikyaku_jobs::find(tx, id)?)
}

/// Forgets a job that has ended, with its results.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`]; `job_not_ended`.
pub fn delete(tx: &WriteTx<'_>, actor: &Actor, id: JobId) -> Result<(), ControlError> {
    let job = visible(tx, actor, Permission::JobsWrite, id)?;
    hikyaku_jobs::delete(tx, id)?;
    log(tx, actor, "job.delete", &job)
}

/// A result of a job, to be read with [`hikyaku_jobs::read_part`], or taken with [`take`] when it
/// is one with secrets.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn result(tx: &Tx<'_>, actor: &Actor, id: JobId, name: &str) -> Result<JobFile, ControlError> {
    let job = visible(tx, actor, Permission::JobsRead, id)?;
    let file = hikyaku_jobs::file(tx, id, name)?;
    let shown = match file.role {
        FileRole::Result => true,
        FileRole::OnceOnly => owner(actor) == job.owner,
        FileRole::Input => false,
    };
    if shown {
        Ok(file)
    } else {
        Err(ControlError::NotFound { kind: "result" })
    }
}

/// Gives a result with secrets to whoever asked for the job, once.
///
/// # Errors
/// [`ControlError::NotFound`], also when it was taken already.
pub fn take(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: JobId,
    name: &str,
) -> Result<Vec<u8>, ControlError> {
    result(tx, actor, id, name)?;
    let job = hikyaku_jobs::find(tx, id)?;
    let bytes = hikyaku_jobs::take_once(tx, id, name)?;
    log(tx, actor, "job.take_secrets", &job)?;
    Ok(bytes)
}

/// A job that the actor may see; what it takes to do more is the permission.
fn visible(
    tx: &Tx<'_>,
    actor: &Actor,
    permission: Permission,
    id: JobId,
) -> Result<Job, ControlError> {
    let job = hikyaku_jobs::find(tx, id)?;
    if owner(actor) == job.owner && job.owner != Owner::House {
        return Ok(job);
    }
    let holds = |permission| match job.tenant {
        Some(tenant) => actor.rights.in_tenant(permission, tenant),
        None => actor.rights.on_platform(permission),
    };
    if holds(permission) {
        Ok(job)
    } else if holds(Permission::JobsRead) {
        Err(ControlError::Forbidden(permission))
    } else {
        Err(ControlError::NotFound { kind: "job" })
    }
}

fn log(
    tx: &WriteTx<'_>,
    actor: &Actor,
    action: &'static str,
    job: &Job,
) -> Result<(), ControlError> {
    let target = Target::new("job", job.id, &job.title);
    let act = match job.tenant {
        Some(tenant) => Act::in_tenant(tenant, action, target),
        None => Act::on_platform(action, target),
    };
    Ok(actor.log(tx, act)?)
}

impl From<JobsError> for ControlError {
    fn from(error: JobsError) -> Self {
        let detail = error.to_string();
        match error {
            JobsError::NoSuchJob(_) => Self::NotFound { kind: "job" },
            JobsError::NoSuchFile(_) => Self::NotFound { kind: "result" },
            JobsError::NotEnded => Self::conflict("job_not_ended", detail),
            JobsError::TooManyWaiting => Self::conflict("too_many_jobs", detail),
            JobsError::Db(error) => Self::Db(error),
            _ => Self::conflict("job_too_big", detail),
        }
    }
}
