//! The second factor at sign-in.

use std::time::Duration;

use hikyaku_access::{
    browsers,
    factors::{self, Code, Method, Vault, Verdict},
    policy,
    sessions::{Client, Session, SessionState, Shown, Token},
};
use hikyaku_db::WriteTx;
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_types::Secret;
use serde_json::json;

use super::{Opened, after_factor, held, hint_of, open::advance, open::tell_of_new_device};
use crate::ControlError;

/// A code that somebody types.
#[derive(Debug, Clone)]
pub struct ShownCode {
    /// How it was come by.
    pub method: Method,
    /// The code.
    pub code: Secret,
    /// What the browser will be known by, if it is to be remembered.
    pub browser: Option<Token>,
    /// The browser.
    pub client: Client,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeAnswer {
    /// It was right.
    Right {
        /// The session as it is now.
        session: Opened,
        /// How long the browser is remembered, if it is.
        remembered_for: Option<Duration>,
    },
    /// It was wrong; so many more may be tried.
    Wrong {
        /// Tries that are left.
        left: u32,
    },
    /// It was wrong, and sign-in has to begin anew.
    Over,
}

/// Checks a code. A wrong one is counted: commit whatever this says.
pub fn show_code(
    tx: &WriteTx<'_>,
    tokens: (&Token, &Token),
    vault: &Vault,
    shown: &ShownCode,
) -> Result<CodeAnswer, ControlError> {
    let session = held(tx, tokens.0, &[SessionState::Factor])?;
    let verdict = factors::check_code(tx, &session, tokens.0, vault, shown.method, &shown.code)?;
    match verdict {
        Verdict::Right => {}
        Verdict::Wrong { left } => return Ok(CodeAnswer::Wrong { left }),
        Verdict::Over => return Ok(CodeAnswer::Over),
    }
    let days = policy::load(tx, session.scope.tenant_scope())?
        .second_factor
        .remember_days;
    let time = Duration::from_hours(u64::from(days) * 24);
    let browser = shown.browser.as_ref().filter(|_| days > 0);
    if let Some(browser) = browser {
        browsers::remember(tx, session.scope, browser, &shown.client, time)?;
    }
    let state = after_factor(tx, session.scope)?;
    if state == SessionState::Complete {
        tell_of_new_device(tx, session.scope, &shown.client)?;
    }
    Ok(CodeAnswer::Right {
        session: advance(tx, &session, tokens, state, Shown::Factor, None)?,
        remembered_for: browser.map(|_| time),
    })
}

/// Mails another code; it holds as long as the first one would have. Says where to, in part.
pub fn resend(tx: &WriteTx<'_>, token: &Token, code: &Code) -> Result<String, ControlError> {
    let session = held(tx, token, &[SessionState::Factor])?;
    mail_code(tx, &session, token, code)
}

/// Mails a code (N-04).
pub(super) fn mail_code(
    tx: &WriteTx<'_>,
    session: &Session,
    token: &Token,
    code: &Code,
) -> Result<String, ControlError> {
    let address = factors::send_code(tx, session, token, code)?;
    let hint = hint_of(&address);
    let left = session.ends_at.since(session.authenticated_at).as_secs() / 60;
    let notice = Notice::new(
        Event::FactorCode,
        session.scope.tenant_scope(),
        Recipient::Address(address, session.language),
        json!({
            "code": code.digits().expose(),
            "minutes": left,
            "address": session.address.to_string(),
        }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    Ok(hint)
}
