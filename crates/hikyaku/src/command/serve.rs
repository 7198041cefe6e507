//! `hikyaku serve`

use std::{path::Path, process::ExitCode};

use hikyaku_server::config::Config;

use crate::failure::Failure;

pub(crate) fn run(config_file: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(config_file).map_err(|error| Failure::Local(error.into()))?;
    hikyaku_server::run(config).map_err(|error| Failure::Local(error.into()))?;
    Ok(ExitCode::SUCCESS)
}
