//! Passwords of programs (US-06): one per device, for the protocols it needs, from where it stands,
//! for as long as it is used.
//!
//! Invariants:
//! - The secret is made here, 80 random bits, and shown once. Stored is a BLAKE3 hash over account
//!   and secret: nobody can guess 80 bits, however fast the hash, and equal secrets of two accounts
//!   would not look alike. So a sign-in with one costs no slow hash.
//! - An account has [`MAX_APP_PASSWORDS`] at most, so that sign-in reads all of them in its one
//!   query.
//! - One that is revoked ends its sessions: they watch the account's hints.

mod secret;

use std::net::IpAddr;

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_directory::{AccountScope, unreadable};
use hikyaku_types::{AppPasswordId, Network, Timestamp};

pub use secret::AppSecret;

use crate::sign_in::Protocol;

/// App passwords of one account at most: 25, more than anybody has devices, and few enough to be
/// read at each sign-in.
pub const MAX_APP_PASSWORDS: u32 = 25;
/// Characters of a label at most: 100.
pub const MAX_LABEL_CHARS: usize = 100;
/// Networks of one app password at most: 16.
pub const MAX_APP_NETWORKS: usize = 16;

/// One app password, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// Which.
    pub id: AppPasswordId,
    /// What its owner calls it.
    pub label: String,
    /// What it opens.
    pub protocols: Vec<Protocol>,
    /// From where; from anywhere when there are none.
    pub networks: Vec<Network>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Its last use, as written at most every ten minutes.
    pub last_use: Option<LastUse>,
}

/// When an app password was last used, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// By which protocol.
    pub protocol: String,
    /// From where.
    pub address: String,
}

impl AppPassword {
    /// Whether it opens a protocol to a client at an address now.
    pub fn opens(&self, protocol: Protocol, ip: IpAddr, now: Timestamp) -> bool {
        self.protocols.contains(&protocol)
            && (self.networks.is_empty() || self.networks.iter().any(|one| one.contains(ip)))
            && self.holds(now)
    }

    /// Whether it has not ended.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// An app password to make.
#[derive(Debug, Clone)]
pub struct NewAppPassword {
    /// What its owner calls it.
    pub label: String,
    /// What it opens: protocols of mail programs, at least one.
    pub protocols: Vec<Protocol>,
    /// From where; from anywhere when there are none.
    pub networks: Vec<Network>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Why an app password was not made or not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppPasswordError {
    /// There is none, or not of this account.
    #[error("there is no such app password")]
    NoSuch,
    /// The account has as many as it can.
    #[error("there are {MAX_APP_PASSWORDS} app passwords already: revoke one that is not used")]
    TooMany,
    /// A field that cannot be.
    #[error("{field}: {detail}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong and what to do.
        detail: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes an app password. `secret` is what [`AppSecret::generate`] gave before the transaction, for
/// the owner's eyes only.
///
/// # Errors
/// [`AppPasswordError::Invalid`], [`AppPasswordError::TooMany`].
pub fn create(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    new: &NewAppPassword,
    secret: &AppSecret,
) -> Result<AppPassword, AppPasswordError> {
    let label = check(new, tx.now())?;
    lock(tx, scope)?;
    let count: u32 = tx.query_one(
        "SELECT COUNT(*) FROM app_password WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    if count >= MAX_APP_PASSWORDS {
        return Err(AppPasswordError::TooMany);
    }
    let made = AppPassword {
        id: tx.new_id(),
        label,
        protocols: new.protocols.clone(),
        networks: new.networks.clone(),
        created_at: tx.now(),
        expires_at: new.expires_at,
        last_use: None,
    };
    tx.execute(
        "INSERT INTO app_password
             (id, tenant_id, account_id, label, hash, protocols, networks, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            made.id,
            scope.tenant,
            scope.account,
            &made.label,
            secret.hash(scope.account).to_hex().as_str(),
            words(made.protocols.iter().map(|protocol| protocol.word())),
            words(made.networks.iter().map(Network::to_string)),
            made.created_at,
            made.expires_at,
        ],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(made)
}

/// Revokes an app password: its sessions end at once. Returns what it was.
///
/// # Errors
/// [`AppPasswordError::NoSuch`].
pub fn revoke(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    id: AppPasswordId,
) -> Result<AppPassword, AppPasswordError> {
    lock(tx, scope)?;
    let found = list(tx, scope)?.into_iter().find(|one| one.id == id);
    let found = found.ok_or(AppPasswordError::NoSuch)?;
    tx.execute(
        "DELETE FROM app_password WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3",
        params![scope.tenant, scope.account, id],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(found)
}

/// Revokes all app passwords of an account; says how many there were.
pub fn revoke_all(tx: &WriteTx<'_>, scope: AccountScope) -> Result<u64, DbError> {
    let revoked = tx.execute(
        "DELETE FROM app_password WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(revoked)
}

/// The app passwords of an account, the oldest first, also those that have ended.
pub fn list(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<AppPassword>, DbError> {
    tx.query(LIST, params![scope.tenant, scope.account], |row| {
        read(row, 0)
    })
}

const LIST: &str = "\
    SELECT id, label, protocols, networks, created_at, expires_at, last_used_at, last_protocol, \
           last_address \
    FROM app_password WHERE tenant_id = ?1 AND account_id = ?2 ORDER BY id";

/// The columns of an app password `ap`, as [`read`] wants them.
pub(crate) const COLUMNS: &str = "ap.id, ap.label, ap.protocols, ap.networks, ap.created_at, \
    ap.expires_at, ap.last_used_at, ap.last_protocol, ap.last_address";
/// How many columns [`COLUMNS`] has.
pub(crate) const COLUMN_COUNT: usize = 9;

/// The app password whose columns begin at `first`.
pub(crate) fn read(row: &Row<'_>, first: usize) -> Result<AppPassword, DbError> {
    let protocols = row.text(first + 2)?.split(' ').map(Protocol::from_word);
    let networks = row
        .text(first + 3)?
        .split(' ')
        .filter(|word| !word.is_empty());
    let last_use = match row.get::<Option<Timestamp>>(first + 6)? {
        Some(at) => Some(LastUse {
            at,
            protocol: row.get(first + 7)?,
            address: row.get(first + 8)?,
        }),
        None => None,
    };
    Ok(AppPassword {
        id: row.get(first)?,
        label: row.get(first + 1)?,
        protocols: protocols
            .collect::<Option<_>>()
            .ok_or_else(|| unreadable(first + 2, "protocols"))?,
        networks: networks
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| unreadable(first + 3, "networks"))?,
        created_at: row.get(first + 4)?,
        expires_at: row.get(first + 5)?,
        last_use,
    })
}

/// The label as it is stored, when everything can be.
fn check(new: &NewAppPassword, now: Timestamp) -> Result<String, AppPasswordError> {
    let invalid = |field, detail: String| Err(AppPasswordError::Invalid { field, detail });
    let label = new.label.trim();
    if label.is_empty() || label.chars().count() > MAX_LABEL_CHARS {
        let detail = format!("needs 1 to {MAX_LABEL_CHARS} characters");
        return invalid("label", detail);
    }
    if label.chars().any(char::is_control) {
        return invalid("label", "has a control character".to_owned());
    }
    let mut seen = new.protocols.clone();
    seen.sort_unstable();
    seen.dedup();
    if seen.is_empty() || seen.len() != new.protocols.len() || seen.contains(&Protocol::Web) {
        let detail = "needs some of \"imap\", \"pop3\", \"smtp\", each once".to_owned();
        return invalid("protocols", detail);
    }
    if new.networks.len() > MAX_APP_NETWORKS {
        let detail = format!("has more than {MAX_APP_NETWORKS} networks");
        return invalid("networks", detail);
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return invalid("expires_at", "is in the past".to_owned());
    }
    Ok(label.to_owned())
}

/// Locks the account, so that its app passwords change one after another.
fn lock(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), AppPasswordError> {
    tx.query_opt(
        "SELECT id FROM account WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL FOR UPDATE",
        params![scope.tenant, scope.account],
        |_| Ok(()),
    )?
    .ok_or(AppPasswordError::NoSuch)
}

fn words<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn app_passwords_are_found_by_index_only() {
        hikyaku_db::testing::assert_only_searches(LIST.to_owned(), 2).await;
    }

    #[test]
    fn what_cannot_be_is_named() {
        type Change = fn(&mut NewAppPassword);
        let now = Timestamp(1_000_000);
        let good = NewAppPassword {
            label: " Outlook ".to_owned(),
            protocols: vec![Protocol::Imap, Protocol::Smtp],
            networks: vec!["192.0.2.0/24".parse().unwrap()],
            expires_at: Some(Timestamp(1_000_001)),
        };
        assert_eq!(check(&good, now).unwrap(), "Outlook");
        let cases: [(Change, &str); 7] = [
            (|new| new.label = " ".to_owned(), "label"),
            (|new| new.label = "あ".repeat(MAX_LABEL_CHARS + 1), "label"),
            (|new| new.label = "a\nb".to_owned(), "label"),
            (|new| new.protocols.clear(), "protocols"),
            (|new| new.protocols.push(Protocol::Web), "protocols"),
            (
                |new| new.networks = vec!["::/0".parse().unwrap(); MAX_APP_NETWORKS + 1],
                "networks",
            ),
            (
                |new| new.expires_at = Some(Timestamp(1_000_000)),
                "expires_at",
            ),
        ];
        for (change, expected) in cases {
            let mut new = good.clone();
            change(&mut new);
            match check(&new, now) {
                Err(AppPasswordError::Invalid { field, .. }) => assert_eq!(field, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
