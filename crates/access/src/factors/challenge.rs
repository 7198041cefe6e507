//! The code that a sign-in waits for.

use std::time::Duration;

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_types::{EmailAddress, FactorId, Secret, Timestamp};
use subtle::ConstantTimeEq as _;

use super::{
    CODE_PAUSE, CODE_TRIES_MAX, CODES_PER_HOUR_MAX, CODES_PER_SESSION_MAX, FAILURES_MAX,
    FAILURES_PAUSE, FactorError, FactorKind, Vault, backup, list::lock, overview, totp,
};
use crate::sessions::{MailedCode, Session, Token};

/// The time over which mailed codes are counted.
const HOUR: Duration = Duration::from_hours(1);

/// A six-digit code to mail.
#[derive(Debug, Clone)]
pub struct Code(Secret);

impl Code {
    /// A new one. Made outside of transactions: they may run again.
    pub fn random() -> Self {
        // 2^64 is no multiple of a million: the bias is below one in ten thousand billions.
        let mut bytes = [0; 8];
        rand::fill(&mut bytes);
        let number = u64::from_be_bytes(bytes) % 1_000_000;
        Self(Secret::new(format!("{number:06}")))
    }

    /// The digits.
    pub fn digits(&self) -> &Secret {
        &self.0
    }
}

/// How a person proves to be the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A code of an authenticator.
    Totp,
    /// The code that was mailed.
    Email,
    /// A backup code.
    Backup,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was right.
    Right,
    /// It was wrong; so many more may be tried.
    Wrong {
        /// Tries that are left in this sign-in.
        left: u32,
    },
    /// It was wrong, and sign-in has to begin anew: the session is gone.
    Over,
}

/// Writes down that a code is mailed for a session that owes one, and says where to.
///
/// # Errors
/// [`FactorError::NoSuchMethod`] without a confirmed address, [`FactorError::TooManyCodes`].
pub fn send_code(
    tx: &WriteTx<'_>,
    session: &Session,
    token: &Token,
    code: &Code,
) -> Result<EmailAddress, FactorError> {
    lock(tx, session.scope)?;
    let all = overview(tx, session.scope)?;
    let mut addresses = all.confirmed().filter(|one| one.kind == FactorKind::Email);
    let factor = addresses.next().ok_or(FactorError::NoSuchMethod)?;
    let address = factor.address.clone().ok_or(FactorError::NoSuchMethod)?;
    let now = tx.now();
    let (_, mailed) = current(tx, session)?.ok_or(FactorError::NoSuchFactor)?;
    if mailed.sent >= CODES_PER_SESSION_MAX {
        let retry_after = session.ends_at.since(now);
        return Err(FactorError::TooManyCodes { retry_after });
    }
    let paused = mailed.sent_at.map(|at| at.plus(CODE_PAUSE).since(now));
    if let Some(retry_after) = paused.filter(|wait| !wait.is_zero()) {
        return Err(FactorError::TooManyCodes { retry_after });
    }
    count_mailed(tx, session)?;
    tx.execute(
        "UPDATE web_session SET code_hash = ?2, code_factor_id = ?3, codes_sent = codes_sent + 1,
             code_sent_at = ?4
         WHERE id = ?1",
        params![session.id, &token.hash_code(&code.0), factor.id, now],
    )?;
    Ok(address)
}

/// Checks a code for a session that owes one. Commit whatever it says: a wrong code is counted.
///
/// # Errors
/// [`FactorError::Throttled`] when too many were wrong lately; nothing was checked then.
pub fn check_code(
    tx: &WriteTx<'_>,
    session: &Session,
    token: &Token,
    vault: &Vault,
    method: Method,
    code: &Secret,
) -> Result<Verdict, FactorError> {
    lock(tx, session.scope)?;
    if let Some(retry_after) = pause(tx, session)? {
        return Err(FactorError::Throttled { retry_after });
    }
    let Some((tries, mailed)) = current(tx, session)? else {
        return Ok(Verdict::Over);
    };
    let typed = digits_of(code);
    let right = match method {
        Method::Totp => totp::take(tx, session.scope, vault, &typed)?.is_some(),
        Method::Email => take_mailed(tx, session, token, mailed, &typed)?,
        Method::Backup => backup::take(tx, session.scope, vault, code)?,
    };
    if right {
        forgive(tx, session)?;
        return Ok(Verdict::Right);
    }
    count_failure(tx, session)?;
    let tries = tries + 1;
    if tries >= CODE_TRIES_MAX {
        tx.execute("DELETE FROM web_session WHERE id = ?1", params![session.id])?;
        return Ok(Verdict::Over);
    }
    tx.execute(
        "UPDATE web_session SET tries = ?2 WHERE id = ?1",
        params![session.id, tries],
    )?;
    Ok(Verdict::Wrong {
        left: CODE_TRIES_MAX - tries,
    })
}

/// A code as typed: with a space in the middle, or pasted with one at its end.
fn digits_of(code: &Secret) -> Secret {
    let digits = code.expose().chars().filter(|c| !c.is_whitespace());
    Secret::new(digits.collect())
}

/// The session's tries and mailed code as of now, under the account's lock; nothing when it is
/// gone.
fn current(tx: &WriteTx<'_>, session: &Session) -> Result<Option<(u32, MailedCode)>, DbError> {
    tx.query_opt(
        "SELECT tries, code_hash, code_factor_id, codes_sent, code_sent_at
         FROM web_session WHERE id = ?1 FOR UPDATE",
        params![session.id],
        |row| {
            let mailed = MailedCode {
                hash: row.get(1)?,
                factor: row.get(2)?,
                sent: row.get(3)?,
                sent_at: row.get(4)?,
            };
            Ok((row.get(0)?, mailed))
        },
    )
}

/// Whether it is the code that was mailed, to an address that still counts. It works once.
fn take_mailed(
    tx: &WriteTx<'_>,
    session: &Session,
    token: &Token,
    mailed: MailedCode,
    code: &Secret,
) -> Result<bool, DbError> {
    let (Some(hash), Some(factor)) = (mailed.hash, mailed.factor) else {
        return Ok(false);
    };
    let matches: bool = hash.ct_eq(&token.hash_code(code)).into();
    if !matches {
        return Ok(false);
    }
    tx.execute(
        "UPDATE web_session SET code_hash = NULL WHERE id = ?1",
        params![session.id],
    )?;
    mark_used(tx, session, factor)
}

/// False when the factor was removed meanwhile.
fn mark_used(tx: &WriteTx<'_>, session: &Session, id: FactorId) -> Result<bool, DbError> {
    let marked = tx.execute(
        "UPDATE second_factor SET last_used_at = ?4
         WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3 AND confirmed_at IS NOT NULL",
        params![session.scope.tenant, session.scope.account, id, tx.now()],
    )?;
    Ok(marked == 1)
}

/// How long codes of this account are refused.
fn pause(tx: &WriteTx<'_>, session: &Session) -> Result<Option<Duration>, DbError> {
    let (failures, last) = counted(tx, session, "factor_failures, factor_failed_at")?;
    let wait = last.map_or(Duration::ZERO, |at| at.plus(FAILURES_PAUSE).since(tx.now()));
    // A clock that went back prolongs no wait beyond the longest there is.
    let wait = wait.min(FAILURES_PAUSE);
    Ok((failures >= FAILURES_MAX && !wait.is_zero()).then_some(wait))
}

fn count_failure(tx: &WriteTx<'_>, session: &Session) -> Result<(), DbError> {
    let (failures, last) = counted(tx, session, "factor_failures, factor_failed_at")?;
    let forgotten = last.is_none_or(|at| tx.now().since(at) >= FAILURES_PAUSE);
    let failures = if forgotten { 1 } else { failures + 1 };
    tx.execute(
        "UPDATE web_account SET factor_failures = ?3, factor_failed_at = ?4
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![
            session.scope.tenant,
            session.scope.account,
            failures,
            tx.now()
        ],
    )?;
    Ok(())
}

fn forgive(tx: &WriteTx<'_>, session: &Session) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_account SET factor_failures = 0, factor_failed_at = NULL
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![session.scope.tenant, session.scope.account],
    )?;
    Ok(())
}

/// Counts a code that is mailed.
fn count_mailed(tx: &WriteTx<'_>, session: &Session) -> Result<(), FactorError> {
    let (sent, since) = counted(tx, session, "codes_sent, codes_since")?;
    let now = tx.now();
    let within = since.filter(|since| now.since(*since) < HOUR);
    if let Some(since) = within.filter(|_| sent >= CODES_PER_HOUR_MAX) {
        let retry_after = since.plus(HOUR).since(now).min(HOUR);
        return Err(FactorError::TooManyCodes { retry_after });
    }
    let (sent, since) = match within {
        Some(since) => (sent + 1, since),
        None => (1, now),
    };
    tx.execute(
        "UPDATE web_account SET codes_sent = ?3, codes_since = ?4
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![session.scope.tenant, session.scope.account, sent, since],
    )?;
    Ok(())
}

/// A counter of the account and its instant.
fn counted(
    tx: &WriteTx<'_>,
    session: &Session,
    columns: &str,
) -> Result<(u32, Option<Timestamp>), DbError> {
    tx.query_one(
        &format!("SELECT {columns} FROM web_account WHERE tenant_id = ?1 AND account_id = ?2"),
        params![session.scope.tenant, session.scope.account],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailed_codes_have_six_digits() {
        for _ in 0..1000 {
            let code = Code::random();
            let digits = code.digits().expose();
            assert!(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()));
        }
    }

    #[test]
    fn spaces_in_a_code_do_not_matter() {
        assert_eq!(digits_of(&"123 456\n".into()).expose(), "123456");
    }
}
