//! The repository's chores, run as `cargo xtask COMMAND`.
//!
//! Invariant: this crate depends on the standard library alone. It runs before everything else is
//! built, in `make lint` and `make test`, and must cost a second there.

mod checksum;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy              checks the rules of ARCHITECTURE.md and CONTRIBUTING.md that a machine can check
  seal-migrations   records the checksums of all migrations, as part of a release";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(&repository()),
        ["seal-migrations"] => seal_migrations(&repository()),
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

fn seal_migrations(root: &Path) -> ExitCode {
    match tidy::migrations::seal(root) {
        Ok(count) => {
            println!("{count} migrations are sealed: from now on they may not change");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
