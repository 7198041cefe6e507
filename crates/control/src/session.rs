//! Signing in on the web, from the password to a complete session (U-001, U-025 to U-027, C-16,
//! F-46): the same steps for all surfaces.
//!
//! A right password opens a session ([`open`]); what it still owes is its state, and each step
//! ([`show_code`], [`go_on`], [`change_password`]) gives it another token. Nobody but a complete
//! session is an [`crate::Actor`].
//!
//! Tokens, codes and hashes are made by the caller, outside of the transaction.

mod code;
mod devices;
mod open;
mod password;
mod view;

use hikyaku_access::{
    factors::{self, FactorKind, Overview},
    policy::{FactorRequirement, SecurityPolicy},
    sessions::{Session, SessionState},
};
use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::Timestamp;

pub use code::{CodeAnswer, ShownCode, resend, show_code};
pub use devices::{browsers, end, end_others, forget, list};
pub(crate) use open::advance;
pub use open::{Opened, Opening, go_on, open};
pub use password::{PasswordChange, change_password, confirm_password};
pub(crate) use password::{own_actor, replace};
pub use view::{Banner, SessionInfo, Surface, close, show};

use crate::{ControlError, Within, authenticate};

/// The time of one day, in ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether an account must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// As its owner likes.
    Optional,
    /// It must have one from this instant on.
    From(Timestamp),
    /// It must have one now: it has a role on the platform (OP-19), or the grace is over.
    Now,
}

/// Whether an account must have a second factor. The grace begins when its owner first signs in
/// after the tenant began to require one, so nobody comes back from a holiday to a closed door.
pub(crate) fn requirement(
    tx: &Tx<'_>,
    scope: AccountScope,
    policy: &SecurityPolicy,
) -> Result<Requirement, ControlError> {
    let rights = authenticate::rights_of(tx, scope)?;
    if rights
        .iter()
        .any(|(_, places)| places.contains(&Within::Platform))
    {
        return Ok(Requirement::Now);
    }
    if policy.second_factor.requirement == FactorRequirement::Optional {
        return Ok(Requirement::Optional);
    }
    let from: Option<Option<Timestamp>> = tx.query_opt(
        "SELECT enrol_from FROM web_account WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    let from = from.flatten().unwrap_or(tx.now());
    let end = Timestamp(
        from.millis()
            .saturating_add(i64::from(policy.second_factor.grace_days).saturating_mul(DAY_MS)),
    );
    Ok(if tx.now() < end {
        Requirement::From(end)
    } else {
        Requirement::Now
    })
}

/// Writes down when the grace of an account began, or forgets it where none is required.
pub(crate) fn begin_grace(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    policy: &SecurityPolicy,
) -> Result<(), ControlError> {
    let began = match policy.second_factor.requirement {
        FactorRequirement::Required => Some(tx.now()),
        FactorRequirement::Optional => None,
    };
    tx.execute(
        "INSERT INTO web_account (tenant_id, account_id, enrol_from) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id, account_id) DO UPDATE SET enrol_from =
             CASE WHEN excluded.enrol_from IS NULL THEN NULL
                  ELSE COALESCE(web_account.enrol_from, excluded.enrol_from) END",
        params![scope.tenant, scope.account, began],
    )?;
    Ok(())
}

/// What a session owes once its second factor is settled.
pub(crate) fn after_factor(tx: &Tx<'_>, scope: AccountScope) -> Result<SessionState, ControlError> {
    let must_change: Option<bool> = tx.query_opt(
        "SELECT must_change FROM credential
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    Ok(if must_change == Some(true) {
        SessionState::Change
    } else {
        SessionState::Complete
    })
}

/// Whether a code by mail is all that an account can show.
fn only_mail(overview: &Overview) -> bool {
    overview.is_on()
        && overview
            .confirmed()
            .all(|one| one.kind == FactorKind::Email)
}

/// The session of a token in one of these states.
pub(crate) fn held(
    tx: &Tx<'_>,
    token: &hikyaku_access::sessions::Token,
    states: &[SessionState],
) -> Result<Session, ControlError> {
    let found = hikyaku_access::sessions::find(tx, token)?;
    found
        .filter(|session| states.contains(&session.state))
        .ok_or(ControlError::NotFound { kind: "session" })
}

/// The address as a hint for its owner: `t…@example.test`.
fn hint_of(address: &hikyaku_types::EmailAddress) -> String {
    let first = address.local().chars().next();
    let first = first.map(String::from).unwrap_or_default();
    format!("{first}…@{}", address.domain())
}

/// The factors of an account.
pub(crate) fn overview(tx: &Tx<'_>, scope: AccountScope) -> Result<Overview, ControlError> {
    Ok(factors::overview(tx, scope)?)
}
