//! The `hikyaku` binary: the command line (design §6).
//!
//! Every command speaks HTTP and JSON to the services: over the local socket while a server runs,
//! in this process under the exclusive lock while none does. So there is one way to do a thing.

mod cli;
mod client;
mod command;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;

/// Gives freed memory back within seconds; `.cargo/config.toml` has its settings.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => {
            failure.report(json);
            failure.exit_code()
        }
    }
}
