//! A run: every folder, and a new connection whenever one is lost.

use hikyaku_mailstore::MailboxPath;

use crate::{
    CollectError, Ended, Report,
    collector::Run,
    error::chain,
    mapping::{Fate, Folder, Mapping},
    report::Passed,
};

use super::{
    folder::{Attempt, FolderWork},
    folders,
    session::Session,
};

/// Reads all folders. An error is one of the beginning: later ones are told in the report.
pub(crate) async fn run(run: &mut Run<'_>) -> Result<Report, CollectError> {
    let mut session = Session::open(run.job, &run.tls, &run.limits).await?;
    let folders = folders::list(&mut session).await?;
    let uses = run.uses().await?;
    let mapping = Mapping::new(&run.job.selection, &folders, &uses);
    let mut report = Report::default();
    let mut taken: Vec<(&Folder, MailboxPath)> = Vec::new();
    for folder in &folders {
        match mapping.fate(folder) {
            Fate::Taken(mailbox) => taken.push((folder, mailbox)),
            Fate::Passed(reason) => report.passed.push(Passed {
                folder: folder.name.clone(),
                reason,
            }),
        }
    }
    run.folders = taken.len();
    for (folder, mailbox) in taken {
        run.position += 1;
        let intake = run.intake(mailbox);
        let mut work = FolderWork::new(folder, intake, run.job.source());
        let ended = read_folder(&mut work, session, run).await;
        report.folders.push(work.report);
        match ended {
            Ok((next, None)) => session = next,
            Ok((session, Some(ended))) => {
                report.ended = ended;
                session.close().await;
                report.reconnects = run.attempts.total;
                return Ok(report);
            }
            Err(error) => {
                report.ended = Ended::Early(error);
                report.reconnects = run.attempts.total;
                return Ok(report);
            }
        }
    }
    session.close().await;
    report.reconnects = run.attempts.total;
    Ok(report)
}

/// Reads one folder to its end, over as many connections as it takes. Returns the last one, and
/// what ends the whole run if something does.
async fn read_folder(
    work: &mut FolderWork<'_>,
    mut session: Session,
    run: &mut Run<'_>,
) -> Result<(Session, Option<Ended>), CollectError> {
    loop {
        let before = work.settled();
        let attempt = work.attempt(&mut session, run).await;
        if work.settled() > before {
            run.attempts.progress();
        }
        match attempt {
            Ok(Attempt::Complete) => return Ok((session, None)),
            Ok(Attempt::OverQuota(kind)) => return Ok((session, Some(Ended::OverQuota(kind)))),
            Err(error) if error.is_of_folder() => {
                work.report.failed = Some(chain(&error));
                return Ok((session, None));
            }
            Err(error) => {
                drop(session);
                run.attempts.wait_after(error).await?;
                session = reopen(run).await?;
            }
        }
    }
}

/// Connects again, as often as the attempts allow.
async fn reopen(run: &mut Run<'_>) -> Result<Session, CollectError> {
    loop {
        match Session::open(run.job, &run.tls, &run.limits).await {
            Ok(session) => return Ok(session),
            Err(error) => run.attempts.wait_after(error).await?,
        }
    }
}
