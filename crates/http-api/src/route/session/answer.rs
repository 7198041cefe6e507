//! What the browser is told of its session.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderMap, header::SET_COOKIE},
    response::{IntoResponse as _, Response},
};
use hikyaku_access::sessions::{SessionState, Token};
use hikyaku_control::session::{Banner, Opened, SessionInfo};
use serde::Serialize;
use utoipa::ToSchema;

use super::browser::REMEMBERED;
use crate::{cookies, timestamps};

/// What is still missing.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionNext)]
pub(in crate::route) enum Next {
    /// A code: `POST /api/v1/session/factor`.
    Factor,
    /// Setting a second factor up: `/api/v1/me/factors`.
    Enrol,
    /// Another password: `POST /api/v1/session/password`.
    Change,
}

impl Next {
    fn of(state: SessionState) -> Option<Self> {
        match state {
            SessionState::Factor => Some(Self::Factor),
            SessionState::Enrol => Some(Self::Enrol),
            SessionState::Change => Some(Self::Change),
            SessionState::Complete => None,
        }
    }
}

/// Where signing in stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionStep)]
pub(in crate::route) struct Step {
    /// What is still missing; absent when the browser is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
    /// Where a code was mailed to, in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    mailed_to: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::route) struct SessionView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
    /// The account's id.
    account: String,
    /// Its own address.
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The tenant's id.
    tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_name: Option<String>,
    language: &'static str,
    /// How a code can be come by: `totp`, `email`, `backup`.
    methods: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mailed_to: Option<String>,
    /// `mail`, `account`, `admin`, `operator`.
    surfaces: Vec<&'static str>,
    /// Until when a second factor must be set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrol_before: Option<String>,
    ends_at: String,
}

impl From<SessionInfo> for SessionView {
    fn from(info: SessionInfo) -> Self {
        let mut enrol_before = info.banners.iter().map(|banner| match banner {
            Banner::EnrolBefore(end) => timestamps::show(*end),
        });
        Self {
            id: info.session.id.to_string(),
            next: Next::of(info.session.state),
            account: info.session.scope.account.to_string(),
            address: info.session.address.to_string(),
            tenant: info.session.scope.tenant.to_string(),
            ends_at: timestamps::show(info.session.ends_at),
            language: info.language.tag(),
            enrol_before: enrol_before.next(),
            surfaces: info.surfaces.iter().map(|surface| surface.word()).collect(),
            methods: info.methods,
            mailed_to: info.mailed_to,
            name: info.name,
            tenant_name: info.tenant,
        }
    }
}

/// The answer to a step, with the token of the session from now on.
pub(in crate::route) fn with_session(token: &Token, opened: &Opened) -> Response {
    remembering(token, opened, None)
}

/// The same, with the token of a browser that is remembered.
pub(in crate::route) fn remembering(
    token: &Token,
    opened: &Opened,
    browser: Option<(&Token, Duration)>,
) -> Response {
    let mut headers = HeaderMap::new();
    let session = cookies::set(cookies::SESSION, &token.to_secret(), opened.keep_for);
    let remembered = browser
        .and_then(|(browser, time)| cookies::set(REMEMBERED, &browser.to_secret(), Some(time)));
    for cookie in session.into_iter().chain(remembered) {
        headers.append(SET_COOKIE, cookie);
    }
    let step = Step {
        next: Next::of(opened.state),
        mailed_to: opened.mailed_to.clone(),
    };
    (headers, Json(step)).into_response()
}

/// Takes the session's cookie away.
pub(in crate::route) fn cleared(headers: &mut HeaderMap) {
    if let Some(cookie) = cookies::clear(cookies::SESSION) {
        headers.append(SET_COOKIE, cookie);
    }
}
