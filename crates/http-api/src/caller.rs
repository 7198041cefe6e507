//! Who asks: the actor that a layer found, as handlers take it.

use std::{fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use hikyaku_access::sessions::Session;
use hikyaku_control::{Actor, Principal};

use crate::problem::Problem;

/// The actor of a request. A handler with it is never reached by somebody unknown.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Arc<Actor>);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let actor = parts.extensions.get::<Arc<Actor>>().cloned();
        actor.map(Self).ok_or_else(unauthenticated)
    }
}

/// The browser session of a request, also one whose sign-in is not complete.
#[derive(Debug, Clone)]
pub(crate) struct CurrentSession(pub(crate) Arc<Session>);

impl<S: Send + Sync> FromRequestParts<S> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let session = parts.extensions.get::<Arc<Session>>().cloned();
        session.map(Self).ok_or_else(unauthenticated)
    }
}

/// Who reads an answer, and so how much of our insides it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The operator at the machine itself: causes of our own errors too.
    Console,
    /// Anybody on the network.
    Network,
}

impl Audience {
    /// Who an actor is in this respect.
    pub(crate) fn of(actor: &Actor) -> Self {
        match actor.principal {
            Principal::Console(_) => Self::Console,
            _ => Self::Network,
        }
    }
}

/// A principal as a name that never belongs to another one.
pub(crate) struct PrincipalName<'a>(pub(crate) &'a Principal);

impl fmt::Display for PrincipalName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Principal::Console(user) => write!(f, "console:{user}"),
            Principal::Account { scope, .. } => write!(f, "account:{}", scope.account),
            Principal::ApiKey { id, .. } => write!(f, "key:{id}"),
            other => write!(f, "{}", other.logged().name),
        }
    }
}

/// Nobody, or nobody whom we know.
pub(crate) fn unauthenticated() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthenticated",
        "sign in first, or send an API key that is in force",
    )
}
