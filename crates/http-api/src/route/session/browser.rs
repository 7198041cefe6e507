//! The browser of a request, whether or not somebody is signed in with it.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::USER_AGENT, request::Parts},
};
use hikyaku_access::sessions::{self, Token};
use hikyaku_control::{Actor, authenticate::Origin, factors::Owner};
use hikyaku_types::RequestId;

use crate::{caller::unauthenticated, client::Client, cookies, problem::Problem};

/// The cookie of a browser that is remembered after a second factor.
pub(in crate::route) const REMEMBERED: &str = "__Host-hikyaku-browser";

/// The browser of a request.
#[derive(Debug, Clone)]
pub(in crate::route) struct Browser {
    pub(in crate::route) token: Option<Token>,
    pub(in crate::route) remembered: Option<Token>,
    pub(in crate::route) client: sessions::Client,
    pub(in crate::route) origin: Origin,
    actor: Option<Arc<Actor>>,
}

impl Browser {
    /// The token of the session it has.
    pub(in crate::route) fn token(&self) -> Result<Token, Problem> {
        self.token.clone().ok_or_else(unauthenticated)
    }

    /// The owner of the session, who changes the own factors; not somebody who acts as the owner.
    pub(in crate::route) fn owner(&self) -> Result<Owner, Problem> {
        if let Some(actor) = &self.actor {
            actor.own_credentials()?;
        }
        Ok(Owner {
            token: self.token()?,
            origin: self.origin,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let client = parts.extensions.get::<Client>().copied();
        let client = client.ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "network_only",
                "this is for browsers: ask over HTTPS, not over the control socket",
            )
        })?;
        let cookie = |name| cookies::read(&parts.headers, name);
        let token = |name| cookie(name).and_then(|text| Token::parse(text.expose()));
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok()).unwrap_or("");
        Ok(Self {
            token: token(cookies::SESSION),
            remembered: token(REMEMBERED),
            client: sessions::Client::new(client.address, agent),
            origin: Origin {
                address: Some(client.address),
                request: parts.extensions.get::<RequestId>().copied(),
            },
            actor: parts.extensions.get::<Arc<Actor>>().cloned(),
        })
    }
}
