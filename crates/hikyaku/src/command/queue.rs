//! `hikyaku queue`

mod change;
mod list;
mod show;

use std::process::ExitCode;

use super::Session;
use crate::{cli::Queue, failure::Failure};

pub(crate) async fn run(session: &mut Session, command: Queue) -> Result<ExitCode, Failure> {
    match command {
        Queue::List(options) => list::run(session, options).await,
        Queue::Show { id } => show::run(session, &id).await,
        Queue::Retry(which) => change::run(session, ("retry", "due now"), which, None).await,
        Queue::Hold(which) => change::run(session, ("hold", "held"), which, None).await,
        Queue::Release(which) => change::run(session, ("release", "released"), which, None).await,
        Queue::Cancel(options) => change::cancel(session, options).await,
    }
}
