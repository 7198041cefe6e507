//! [`Collector`]: runs jobs.

use hikyaku_mailstore::{MailboxPath, Mailstore, SpecialUse};
use tokio::time::Instant;

use crate::{
    CollectError, Job, Limits, Progress, Protocol, Report, attempts::Attempts, imap,
    intake::Intake, mapping::Uses, pop3, report::FolderReport, state::State, wire::Tls,
};

/// Takes mail over from other hosts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Collector {
    mail: Mailstore,
    limits: Limits,
}

/// A run under way.
pub(crate) struct Run<'a> {
    pub(crate) job: &'a Job,
    pub(crate) limits: Limits,
    pub(crate) tls: Tls,
    pub(crate) attempts: Attempts,
    /// Which folder, from 1, of how many.
    pub(crate) position: usize,
    pub(crate) folders: usize,
    mail: Mailstore,
    state: State,
    began: Pace,
    progress: &'a mut (dyn FnMut(Progress) + Send),
}

/// Where the folder stood when it was begun, to tell how long the rest will take.
#[derive(Debug, Clone, Copy)]
struct Pace {
    at: Instant,
    /// Messages and bytes that were done before.
    messages: u64,
    bytes: u64,
    messages_total: u64,
    bytes_total: u64,
}

impl Collector {
    /// A collector into this store.
    pub const fn new(mail: Mailstore, limits: Limits) -> Self {
        Self { mail, limits }
    }

    /// Runs a job. `progress` is called when a folder begins and after every batch that is written.
    ///
    /// Dropping the future ends the run between two batches; run again it goes on where it stood.
    ///
    /// # Errors
    /// Only when the run cannot begin: the source cannot be reached, or does not let us in. What
    /// happens later is told in the report, with what was done.
    pub async fn run(
        &self,
        job: &Job,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Report, CollectError> {
        let mut run = Run {
            job,
            limits: self.limits,
            tls: Tls::of(job).await?,
            attempts: Attempts::new(self.limits),
            position: 0,
            folders: 0,
            mail: self.mail.clone(),
            state: State::new(self.mail.clone(), job.scope),
            began: Pace::now(),
            progress: &mut progress,
        };
        match job.endpoint.protocol {
            Protocol::Imap => imap::run(&mut run).await,
            Protocol::Pop3 => pop3::run(&mut run).await,
        }
    }
}

impl Pace {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            messages: 0,
            bytes: 0,
            messages_total: 0,
            bytes_total: 0,
        }
    }
}

impl Run<'_> {
    /// The mailboxes of the account that have a special use.
    pub(crate) async fn uses(&mut self) -> Result<Uses, CollectError> {
        let mut uses = Uses::new();
        for (use_, _) in SpecialUse::DEFAULTS {
            let found = self.mail.mailbox_by_role(self.job.scope, use_).await?;
            uses.extend(found.map(|mailbox| (use_, mailbox.path)));
        }
        Ok(uses)
    }

    /// Where messages of a folder go.
    pub(crate) fn intake(&self, mailbox: MailboxPath) -> Intake {
        Intake {
            mail: self.mail.clone(),
            state: self.state.clone(),
            scope: self.job.scope,
            folder: None,
            mailbox,
        }
    }

    /// The listing of a folder is done: so much is to come.
    pub(crate) fn begin_folder(&mut self, report: &FolderReport, bytes_total: u64) {
        self.began = Pace {
            at: Instant::now(),
            messages: report.imported + report.already + report.skipped,
            bytes: report.bytes,
            messages_total: report.remaining,
            bytes_total,
        };
        self.tell(report);
    }

    /// Tells how far the folder is.
    pub(crate) fn tell(&mut self, report: &FolderReport) {
        let pace = self.began;
        let messages = (report.imported + report.already + report.skipped) - pace.messages;
        let bytes = report.bytes - pace.bytes;
        let seconds = pace.at.elapsed().as_secs();
        let left = pace.messages_total.saturating_sub(messages);
        let seconds_left = (messages > 0 && seconds > 0).then(|| seconds * left / messages);
        (self.progress)(Progress {
            folder: report.folder.clone(),
            position: self.position,
            folders: self.folders,
            messages,
            messages_total: pace.messages_total,
            bytes,
            bytes_total: pace.bytes_total,
            seconds_left,
        });
    }
}
