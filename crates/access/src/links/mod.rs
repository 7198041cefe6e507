//! Single-use links by mail: invitations (C-16), forgotten passwords (C-15), addresses to confirm
//! (U-025, U-028).
//!
//! Invariants:
//! - Only the hash of a token is stored.
//! - A link is looked at without effect ([`look`]) and used up in the transaction of what it is for
//!   ([`take`]): mail scanners that follow links change nothing, and of two who post at once one
//!   wins.
//! - A newer link of a kind withdraws the older ones of the account.

use std::time::Duration;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_directory::{Account, AccountScope, DirectoryError, accounts};
use hikyaku_types::{EmailAddress, FactorId, LinkId, Timestamp};

use crate::sessions::Token;

/// How long an invitation can be followed (72 h, C-16). How long the other links can is the
/// tenant's policy: 60 min to set a new password, 30 min to confirm an address (K-13).
pub const INVITATION_WINDOW: Duration = Duration::from_hours(72);
/// Links to set a new password that are mailed for one account per hour (3).
pub const RESETS_PER_HOUR_MAX: u32 = 3;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Setting a first password.
    Invitation,
    /// Setting another password in place of a forgotten one.
    PasswordReset,
    /// Confirming the address that codes are mailed to.
    FactorAddress,
    /// Confirming the address that [`LinkKind::PasswordReset`] is mailed to.
    RecoveryAddress,
}

impl LinkKind {
    /// The word in tables and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::FactorAddress => "factor_address",
            Self::RecoveryAddress => "recovery_address",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [
            Self::Invitation,
            Self::PasswordReset,
            Self::FactorAddress,
            Self::RecoveryAddress,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// A link to make.
#[derive(Debug, Clone, Copy)]
pub struct NewLink<'a> {
    /// What it is for.
    pub kind: LinkKind,
    /// Whose account it is about.
    pub scope: AccountScope,
    /// Where it is mailed to.
    pub address: &'a EmailAddress,
    /// The factor it confirms.
    pub subject: Option<FactorId>,
    /// Its token, and how long it can be followed.
    pub token: LinkToken<'a>,
}

/// The token of a link, which goes into the mail, and how long it can be followed.
#[derive(Debug, Clone, Copy)]
pub struct LinkToken<'a> {
    /// The token.
    pub token: &'a Token,
    /// How long.
    pub window: Duration,
}

/// A link that can be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it is for.
    pub kind: LinkKind,
    /// The account it is about, as it is now.
    pub account: Account,
    /// Where it was mailed to.
    pub address: Option<EmailAddress>,
    /// The factor it confirms.
    pub subject: Option<FactorId>,
    /// Until when it can be followed.
    pub ends_at: Timestamp,
}

/// Why a link cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// There is none with this token, or its account is gone.
    #[error("this link is not valid")]
    Unknown,
    /// It is too old.
    #[error("this link has expired: ask for a new one")]
    Expired,
    /// It was used.
    #[error("this link was used already")]
    Used,
    /// A newer one took its place, or an administrator withdrew it.
    #[error("this link was withdrawn: use the newest one")]
    Withdrawn,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a link, and withdraws earlier ones of its kind.
pub fn issue(tx: &WriteTx<'_>, new: &NewLink<'_>) -> Result<LinkId, DbError> {
    withdraw(tx, new.scope, new.kind)?;
    let id: LinkId = tx.new_id();
    let now = tx.now();
    tx.execute(
        "INSERT INTO mailed_link (id, tenant_id, account_id, kind, token_hash, address,
             subject_id, created_at, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            new.scope.tenant,
            new.scope.account,
            new.kind.word(),
            &new.token.token.hash(),
            new.address.to_string(),
            new.subject,
            now,
            now.plus(new.token.window),
        ],
    )?;
    Ok(id)
}

/// What a link is for, without using it up.
pub fn look(tx: &Tx<'_>, token: &Token, kinds: &[LinkKind]) -> Result<Link, LinkError> {
    let found = stored(tx, token, "")?.ok_or(LinkError::Unknown)?;
    living(tx, &found, kinds)
}

/// Uses a link up. What it is for happens in the same transaction.
pub fn take(tx: &WriteTx<'_>, token: &Token, kinds: &[LinkKind]) -> Result<Link, LinkError> {
    let found = stored(tx, token, "FOR UPDATE")?.ok_or(LinkError::Unknown)?;
    let link = living(tx, &found, kinds)?;
    tx.execute(
        "UPDATE mailed_link SET ended = 'used' WHERE id = ?1",
        params![link.id],
    )?;
    Ok(link)
}

/// Withdraws the links of a kind that an account has; says how many could still be followed.
pub fn withdraw(tx: &WriteTx<'_>, scope: AccountScope, kind: LinkKind) -> Result<usize, DbError> {
    let now = tx.now();
    let ends = tx.query(
        "UPDATE mailed_link SET ended = 'withdrawn'
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = ?3 AND ended IS NULL
         RETURNING ends_at",
        params![scope.tenant, scope.account, kind.word()],
        |row| row.get::<Timestamp>(0),
    )?;
    Ok(ends.into_iter().filter(|end| *end > now).count())
}

/// How many links of a kind an account got since an instant.
pub fn issued_since(
    tx: &Tx<'_>,
    scope: AccountScope,
    kind: LinkKind,
    since: Timestamp,
) -> Result<u32, DbError> {
    tx.query_one(
        "SELECT COUNT(*) FROM mailed_link
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = ?3 AND created_at > ?4",
        params![scope.tenant, scope.account, kind.word(), since],
        |row| row.get(0),
    )
}

/// When the newest link of a kind that can still be followed ends, and where it was mailed to.
pub fn pending(
    tx: &Tx<'_>,
    scope: AccountScope,
    kind: LinkKind,
) -> Result<Option<(String, Timestamp)>, DbError> {
    tx.query_opt(
        "SELECT address, ends_at FROM mailed_link
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = ?3 AND ended IS NULL
           AND ends_at > ?4
         ORDER BY created_at DESC LIMIT 1",
        params![scope.tenant, scope.account, kind.word(), tx.now()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

struct Stored {
    id: LinkId,
    scope: AccountScope,
    kind: LinkKind,
    address: String,
    subject: Option<FactorId>,
    ends_at: Timestamp,
    ended: Option<String>,
}

fn stored(tx: &Tx<'_>, token: &Token, lock: &str) -> Result<Option<Stored>, DbError> {
    tx.query_opt(
        &format!(
            "SELECT id, tenant_id, account_id, kind, address, subject_id, ends_at, ended
             FROM mailed_link WHERE token_hash = ?1 {lock}"
        ),
        params![&token.hash()],
        |row: &Row<'_>| {
            let kind = LinkKind::from_word(row.text(3)?).ok_or(DbError::Conversion {
                index: 3,
                expected: "a kind of link",
                found: "another text",
            })?;
            Ok(Stored {
                id: row.get(0)?,
                scope: AccountScope {
                    tenant: row.get(1)?,
                    account: row.get(2)?,
                },
                kind,
                address: row.get(4)?,
                subject: row.get(5)?,
                ends_at: row.get(6)?,
                ended: row.get(7)?,
            })
        },
    )
}

/// The link, if it can be followed for one of these purposes.
fn living(tx: &Tx<'_>, found: &Stored, kinds: &[LinkKind]) -> Result<Link, LinkError> {
    if !kinds.contains(&found.kind) {
        return Err(LinkError::Unknown);
    }
    match found.ended.as_deref() {
        None => {}
        Some("used") => return Err(LinkError::Used),
        Some(_) => return Err(LinkError::Withdrawn),
    }
    if tx.now() >= found.ends_at {
        return Err(LinkError::Expired);
    }
    let account = match accounts::load(tx, found.scope) {
        Ok(account) => account,
        Err(DirectoryError::Db(error)) => return Err(error.into()),
        Err(_) => return Err(LinkError::Unknown),
    };
    Ok(Link {
        id: found.id,
        kind: found.kind,
        account,
        address: found.address.parse().ok(),
        subject: found.subject,
        ends_at: found.ends_at,
    })
}
