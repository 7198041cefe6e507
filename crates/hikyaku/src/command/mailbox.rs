//! `hikyaku mailbox`

mod export;
mod fetch;
mod import;
mod imports;
mod restore;
mod transfer;

use std::process::ExitCode;

use super::Session;
use crate::{cli::Mailbox, failure::Failure};

pub(crate) async fn run(session: &mut Session, command: Mailbox) -> Result<ExitCode, Failure> {
    match command {
        Mailbox::Import(options) => import::run(session, options).await,
        Mailbox::Imports(options) => imports::run(session, options).await,
        Mailbox::Export(options) => export::run(session, options).await,
        Mailbox::Fetch(options) => fetch::run(session, *options).await,
        Mailbox::Restore(options) => restore::run(session, options).await,
    }
}
