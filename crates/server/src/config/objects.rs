//! `[objects]`: where large contents are kept.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use hikyaku_blob::{Addressing, PATIENCE, S3Options, S3Transport};
use hikyaku_types::ByteSize;
use serde::Deserialize;

/// The environment variables that are read when there is no file with the credentials.
const KEY_ID_VARIABLE: &str = "AWS_ACCESS_KEY_ID";
const SECRET_VARIABLE: &str = "AWS_SECRET_ACCESS_KEY";

/// The shortest and the longest grace time, in days.
const GRACE_DAYS: std::ops::RangeInclusive<u32> = 1..=3650;

/// `[objects]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objects {
    /// Where contents go that are too large for the database.
    pub store: ObjectStoreKind,
    /// The folder of the objects, for `store = "folder"`.
    pub folder: PathBuf,
    /// Contents that are larger than this when compressed are objects. Default 64 KB.
    pub inline_limit: ByteSize,
    /// How long objects that nothing needs are kept, in days. Default 7.
    pub grace_days: u32,
    /// The bucket, for `store = "s3"`.
    pub s3: Option<S3>,
}

/// Where large contents go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectStoreKind {
    /// A folder beside the embedded database; with PostgreSQL the database, because other
    /// processes that use it cannot see a folder of this one.
    #[default]
    Auto,
    /// The database keeps all contents.
    Database,
    /// A folder.
    Folder,
    /// A bucket of an S3.
    S3,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            store: ObjectStoreKind::Auto,
            folder: PathBuf::from("objects"),
            inline_limit: ByteSize::kib(hikyaku_blob::INLINE_LIMIT / 1024),
            grace_days: 7,
            s3: None,
        }
    }
}

/// `[objects.s3]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// `https://…` of an S3 that is not Amazon's.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The bucket; it must exist.
    pub bucket: String,
    /// What all names begin with.
    #[serde(default)]
    pub prefix: String,
    /// The region.
    #[serde(default = "default_region")]
    pub region: String,
    /// A file with two lines: the id of the access key and its secret. Without it the environment
    /// has them.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// Whether the bucket's name is in the path; otherwise it is a part of the host's name.
    #[serde(default = "yes")]
    pub path_style: bool,
    /// Whether an endpoint without TLS is accepted.
    #[serde(default)]
    pub allow_http: bool,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

const fn yes() -> bool {
    true
}

/// Why the bucket cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3ConfigError {
    /// The section is missing.
    #[error("objects.store is \"s3\", but there is no [objects.s3] that names the bucket")]
    NoSection,
    /// The file cannot be read.
    #[error("cannot read the credentials of the S3 from {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error(
        "{} must have two lines: the id of the access key and its secret", path.display()
    )]
    Lines {
        /// The file.
        path: PathBuf,
    },
    /// Neither file nor environment.
    #[error(
        "the credentials of the S3 are missing: set objects.s3.credentials_file, or \
         {KEY_ID_VARIABLE} and {SECRET_VARIABLE} in the environment"
    )]
    NoCredentials,
}

impl Objects {
    /// Whether the values make sense.
    pub(super) fn check(&self) -> Result<(), String> {
        if !GRACE_DAYS.contains(&self.grace_days) {
            return Err(format!(
                "objects.grace_days must lie between {} and {}",
                GRACE_DAYS.start(),
                GRACE_DAYS.end()
            ));
        }
        if self.inline_limit.bytes() > 1 << 30 {
            return Err("objects.inline_limit must be 1GB or less".to_owned());
        }
        if self.store == ObjectStoreKind::S3 && self.s3.is_none() {
            return Err(S3ConfigError::NoSection.to_string());
        }
        Ok(())
    }

    /// Makes the path of the credentials absolute.
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(file) = self.s3.as_mut().and_then(|s3| s3.credentials_file.as_mut()) {
            *file = folder.join(&*file).components().collect();
        }
    }

    /// How long objects that nothing needs are kept.
    pub const fn grace(&self) -> Duration {
        Duration::from_hours(24 * self.grace_days as u64)
    }

    /// How to reach the bucket, with the credentials.
    pub fn s3_options(&self) -> Result<S3Options, S3ConfigError> {
        let s3 = self.s3.as_ref().ok_or(S3ConfigError::NoSection)?;
        let credentials = s3.credentials()?;
        Ok(S3Options {
            endpoint: s3.endpoint.clone(),
            bucket: s3.bucket.clone(),
            prefix: s3.prefix.clone(),
            region: s3.region.clone(),
            access_key_id: credentials.id,
            secret_access_key: credentials.secret,
            addressing: if s3.path_style {
                Addressing::Path
            } else {
                Addressing::Host
            },
            transport: if s3.allow_http {
                S3Transport::PlainAllowed
            } else {
                S3Transport::Encrypted
            },
            patience: PATIENCE,
        })
    }
}

/// An access key.
struct Credentials {
    id: String,
    secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl S3 {
    fn credentials(&self) -> Result<Credentials, S3ConfigError> {
        let Some(path) = &self.credentials_file else {
            let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
            let found = variable(KEY_ID_VARIABLE).zip(variable(SECRET_VARIABLE));
            let (id, secret) = found.ok_or(S3ConfigError::NoCredentials)?;
            return Ok(Credentials { id, secret });
        };
        let text = fs::read_to_string(path).map_err(|source| S3ConfigError::File {
            path: path.clone(),
            source,
        })?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        match (lines.next(), lines.next(), lines.next()) {
            (Some(id), Some(secret), None) => Ok(Credentials {
                id: id.to_owned(),
                secret: secret.to_owned(),
            }),
            _ => Err(S3ConfigError::Lines { path: path.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Objects {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn credentials_come_from_the_file_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s3.key"), "the-id\nthe-secret\n").unwrap();
        let mut objects =
            objects("store = \"s3\"\n[s3]\nbucket = \"mail\"\ncredentials_file = \"s3.key\"");
        objects.resolve(folder.path());
        let options = objects.s3_options().unwrap();
        assert_eq!(
            (
                options.access_key_id.as_str(),
                options.secret_access_key.as_str()
            ),
            ("the-id", "the-secret")
        );
        let shown = format!("{options:?}{objects:?}");
        assert!(
            !shown.contains("the-secret") && !shown.contains("the-id"),
            "{shown}"
        );
        fs::write(folder.path().join("s3.key"), "the-id\n").unwrap();
        let error = objects.s3_options().unwrap_err();
        assert!(matches!(error, S3ConfigError::Lines { .. }), "{error}");
        fs::remove_file(folder.path().join("s3.key")).unwrap();
        let error = objects.s3_options().unwrap_err();
        assert!(matches!(error, S3ConfigError::File { .. }), "{error}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wrong = |text: &str| objects(text).check().unwrap_err();
        assert!(wrong("grace_days = 0").contains("between 1 and"));
        assert!(wrong("store = \"s3\"").contains("[objects.s3]"));
        assert!(wrong("inline_limit = \"2GB\"").contains("1GB"));
        assert!(objects("").check().is_ok());
    }
}
