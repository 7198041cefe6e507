//! The repository's chores, run as `cargo xtask COMMAND`.
//!
//! Invariant: this crate depends on the standard library alone. It runs before everything else is
//! built, in `make lint` and `make test`, and must cost a second there.

mod checksum;
mod limits;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy              checks the rules of ARCHITECTURE.md and CONTRIBUTING.md that a machine can check
  limits            writes docs/limits.md from the sources
  seal-migrations   records the checksums of all migrations, as part of a release";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(&repository()),
        ["limits"] => report(limits::write(&repository()), "docs/limits.md is written"),
        ["seal-migrations"] => report(
            tidy::migrations::seal(&repository()),
            "the migrations are sealed: from now on they may not change",
        ),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// The repository's root: the folder above this crate's.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("invariant: the crate lies inside the repository")
        .to_path_buf()
}

/// Says how a chore ended.
fn report(result: Result<(), String>, done: &str) -> ExitCode {
    match result {
        Ok(()) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
