//! The file with our password at a smart host.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use hikyaku_types::Secret;

/// Octets of the file at most: 16 KiB, more than any password or token has.
pub const MAX_SECRET_FILE: u64 = 16 * 1024;

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error(
        "{} can be read by other users (mode {mode:04o}); make it private: chmod 600 {}",
        path.display(), path.display()
    )]
    Public {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Over [`MAX_SECRET_FILE`], empty, not text, or of several lines.
    #[error("{} must hold the password on one line, and nothing else", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
}

/// Reads a file with one secret on one line. Blocks.
pub fn read_secret(path: &Path) -> Result<Secret, SecretFileError> {
    let failed = |source| SecretFileError::Read {
        path: path.to_owned(),
        source,
    };
    let malformed = || SecretFileError::Malformed {
        path: path.to_owned(),
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o007 != 0 {
        let path = path.to_owned();
        return Err(SecretFileError::Public { path, mode });
    }
    if metadata.len() > MAX_SECRET_FILE {
        return Err(malformed());
    }
    let text = Secret::from_utf8(fs::read(path).map_err(failed)?).map_err(|_| malformed())?;
    let line = text.expose().trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(char::is_control) {
        return Err(malformed());
    }
    Ok(Secret::from(line))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_one_private_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let write = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read_secret(&path)
        };
        assert_eq!(write("pass word\r\n", 0o600).unwrap().expose(), "pass word");
        assert_eq!(write("p", 0o640).unwrap().expose(), "p");
        let error = write("p", 0o644).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        let long = "x".repeat(usize::try_from(MAX_SECRET_FILE).unwrap() + 1);
        for text in ["", "\n", "a\nb\n", "a\0b", &long] {
            let error = write(text, 0o600).unwrap_err();
            assert!(
                matches!(error, SecretFileError::Malformed { .. }),
                "{error}"
            );
        }
        fs::remove_file(&path).unwrap();
        let error = read_secret(&path).unwrap_err();
        assert!(matches!(error, SecretFileError::Read { .. }));
    }
}
