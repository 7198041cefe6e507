//! `hikyaku init`

use std::process::ExitCode;

use anyhow::Context as _;
use hikyaku_server::init::{InitOptions, init};
use serde_json::json;

use crate::{cli, failure::Failure, output::Output};

pub(crate) fn run(options: cli::Init, output: Output) -> Result<ExitCode, Failure> {
    let report = init(&InitOptions {
        dir: options.dir.clone(),
        hostname: options.hostname,
        port_base: options.port_base,
        database: options.database,
    })
    .with_context(|| format!("cannot set up {}", options.dir.display()))?;
    let value = json!({
        "config": report.config,
        "certificate": report.certificate,
        "key": report.key,
    });
    output.result(&value, || {
        format!(
            "wrote {}\nwrote {} (self-signed) and its key\nnext: hikyaku --config {} serve",
            report.config.display(),
            report.certificate.display(),
            report.config.display()
        )
    });
    Ok(ExitCode::SUCCESS)
}
