//! Passwords from standard input.

use std::io::{BufRead as _, Read as _};

use crate::failure::Failure;

/// Bytes of a password at most; the services have the same limit.
const MAX_BYTES: u64 = 1024;

/// The first line of standard input without its line end.
pub(crate) fn from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_BYTES + 2)
        .read_line(&mut line)
        .map_err(|error| Failure::Usage(format!("cannot read the password: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::Usage(
            "--password-stdin: the first line of standard input is empty".to_owned(),
        ));
    }
    if password.len() as u64 > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "the password is longer than {MAX_BYTES} bytes"
        )));
    }
    Ok(password.to_owned())
}
