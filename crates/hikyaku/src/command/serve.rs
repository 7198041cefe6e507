//! `hikyaku serve`

use std::{path::Path, process::ExitCode};

use hikyaku_server::{RunError, config::Config};

use crate::failure::Failure;

pub(crate) fn run(config_file: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(config_file).map_err(|error| Failure::Local(error.into()))?;
    match hikyaku_server::run(config) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(RunError::Store(error)) => Err(Failure::store(error)),
        Err(error) => Err(Failure::Local(error.into())),
    }
}
