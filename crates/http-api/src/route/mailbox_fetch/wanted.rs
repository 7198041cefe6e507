//! What to take over, as asked for.

use std::path::PathBuf;

use hikyaku_collector::{Credentials, Endpoint, Job, Pattern, Protocol, Secrecy, Selection};
use hikyaku_control::AccountRef;
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::MailboxPath;
use hikyaku_net::Authorities;
use hikyaku_types::Secret;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::problem::{Problem, chain};

/// What has to be proved before a password is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FetchSecurity)]
enum Security {
    /// TLS with a certificate that is vouched for.
    #[default]
    Verified,
    /// TLS with any certificate.
    Insecure,
    /// TLS only where it is offered.
    Plaintext,
}

/// A folder there and the mailbox it goes to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FetchMapping)]
struct Mapped {
    from: String,
    to: String,
}

/// A run that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailboxFetch)]
pub(in crate::route) struct Fetch {
    /// Its id or address.
    #[schema(value_type = String)]
    pub(super) account: AccountRef,
    /// `imaps://host/` and the like.
    from: String,
    user: String,
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
    /// A bearer token instead of the password (XOAUTH2).
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>)]
    token: Option<Secret>,
    #[serde(default)]
    security: Security,
    /// A PEM file with authorities, absolute, on the server's machine.
    #[schema(value_type = Option<String>)]
    ca: Option<PathBuf>,
    #[serde(default)]
    folders: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    map: Vec<Mapped>,
    into: Option<String>,
    /// A date such as 2026-01-31.
    since: Option<String>,
    #[serde(default)]
    flags: bool,
    #[serde(default)]
    dry_run: bool,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(Secret::new))
}

impl Fetch {
    /// The host that is named, without what a URL may say of a password.
    pub(super) fn source(&self) -> &str {
        self.from.rsplit('@').next().unwrap_or_default()
    }

    /// The job, for the account that gets the mail.
    pub(super) fn into_job(self, scope: AccountScope) -> Result<Job, Problem> {
        let endpoint: Endpoint = self
            .from
            .parse()
            .map_err(|error| Problem::bad_field("from", chain(&error)))?;
        if self.user.is_empty() {
            return Err(Problem::bad_field("user", "the user is missing"));
        }
        let selection = self.selection()?;
        let has_folders = !(selection.folders.is_empty()
            && selection.exclude.is_empty()
            && selection.map.is_empty());
        if endpoint.protocol == Protocol::Pop3 {
            if has_folders {
                return Err(Problem::bad_field("folders", "POP3 knows no folders"));
            }
            if selection.since_day.is_some() {
                return Err(Problem::bad_field(
                    "since",
                    "POP3 knows no dates of arrival",
                ));
            }
            if self.flags {
                return Err(Problem::bad_field("flags", "POP3 knows no flags"));
            }
        }
        let secrecy = self.secrecy()?;
        let credentials = match (self.password, self.token) {
            (Some(password), None) => Credentials::Password(password),
            (None, Some(token)) => Credentials::Token(token),
            _ => {
                let detail = "one of password and token is needed";
                return Err(Problem::bad_field("password", detail));
            }
        };
        Ok(Job {
            scope,
            endpoint,
            user: self.user,
            credentials,
            secrecy,
            selection,
            follow_flags: self.flags,
            dry_run: self.dry_run,
        })
    }

    fn secrecy(&self) -> Result<Secrecy, Problem> {
        match (self.security, &self.ca) {
            (Security::Verified, None) => Ok(Secrecy::Verified(Authorities::System)),
            (Security::Verified, Some(ca)) if ca.is_absolute() => {
                Ok(Secrecy::Verified(Authorities::File(ca.clone())))
            }
            (Security::Verified, Some(_)) => {
                Err(Problem::bad_field("ca", "the path must be absolute"))
            }
            (Security::Insecure, None) => Ok(Secrecy::AnyCertificate),
            (Security::Plaintext, None) => Ok(Secrecy::Plaintext),
            (_, Some(_)) => Err(Problem::bad_field("ca", "nothing is verified with it")),
        }
    }

    fn selection(&self) -> Result<Selection, Problem> {
        let mailbox = |field: &'static str, name: &str| {
            MailboxPath::parse(name).map_err(|error| Problem::bad_field(field, chain(&error)))
        };
        let patterns = |names: &[String]| names.iter().map(|name| Pattern::new(name)).collect();
        let mut map = Vec::with_capacity(self.map.len());
        for mapped in &self.map {
            map.push((mapped.from.clone(), mailbox("map", &mapped.to)?));
        }
        let into = self.into.as_deref().map(|name| mailbox("into", name));
        Ok(Selection {
            folders: patterns(&self.folders),
            exclude: patterns(&self.exclude),
            map,
            into: into.transpose()?,
            since_day: self.since.as_deref().map(day).transpose()?,
        })
    }
}

/// A date as days since 1970.
fn day(text: &str) -> Result<i64, Problem> {
    let date: jiff::civil::Date = text
        .parse()
        .map_err(|_| Problem::bad_field("since", "a date such as 2026-01-31 is expected"))?;
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = date.since(epoch).map(|span| i64::from(span.get_days()));
    days.map_err(|_| Problem::bad_field("since", "the date is out of range"))
}

#[cfg(test)]
mod tests {
    use hikyaku_types::{AccountId, Id as _, TenantId};

    use super::*;

    fn job(more: &str) -> Result<Job, Problem> {
        let text = format!(
            "{{\"account\":\"taro@a.test\",\"user\":\"taro\",\"from\":\"imaps://old.test/\"{more}}}"
        );
        let fetch: Fetch =
            serde_json::from_str(&text).map_err(|e| Problem::bad_request(e.to_string()))?;
        assert!(!format!("{fetch:?}").contains("hush"), "{fetch:?}");
        fetch.into_job(AccountScope {
            tenant: TenantId::from_i64(1),
            account: AccountId::from_i64(1),
        })
    }

    #[test]
    fn jobs_are_read() {
        let job = job(
            ",\"password\":\"hush\",\"since\":\"1970-02-01\",\"flags\":true,\
             \"map\":[{\"from\":\"a\",\"to\":\"b\"}],\"ca\":\"/x.pem\"",
        )
        .unwrap();
        assert_eq!(job.selection.since_day, Some(31));
        assert_eq!(job.selection.map.len(), 1);
        assert_eq!(
            job.secrecy,
            Secrecy::Verified(Authorities::File("/x.pem".into()))
        );
        assert!(job.follow_flags && !job.dry_run);
    }

    #[test]
    fn what_does_not_fit_together_is_told() {
        for (more, field) in [
            ("", "password"),
            (",\"password\":\"hush\",\"token\":\"hush\"", "password"),
            (",\"password\":\"hush\",\"since\":\"yesterday\"", "since"),
            (",\"password\":\"hush\",\"into\":\"a//b\"", "into"),
            (
                ",\"password\":\"hush\",\"map\":[{\"from\":\"a\",\"to\":\"\"}]",
                "map",
            ),
            (",\"password\":\"hush\",\"ca\":\"x.pem\"", "ca"),
            (
                ",\"password\":\"hush\",\"ca\":\"/x\",\"security\":\"insecure\"",
                "ca",
            ),
        ] {
            let problem = job(more).unwrap_err();
            assert_eq!(problem.errors[0].field, Some(field), "{more}");
        }
    }
}
