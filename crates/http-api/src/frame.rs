//! What the layers around all routes share.

use std::sync::Arc;

use axum::http::Method;
use hikyaku_control::Principal;
use hikyaku_net::{ClientKey, RateLimit, RateLimiter};
use hikyaku_types::{AccountId, ApiKeyId};

use crate::{
    caller::Audience,
    document::{self, Access},
    options::HttpOptions,
    problem::Problem,
    services::Services,
};

/// One of the two faces of the API: the control socket, or the network.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) services: Services,
    pub(crate) audience: Audience,
    /// The user of the process, who acts where no other process asks.
    pub(crate) own_user: Arc<str>,
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) limits: Arc<Limits>,
}

/// How often somebody may ask.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Of one account or key: [`HttpOptions::requests_per_minute`].
    pub(crate) principals: RateLimiter<PrincipalKey>,
    /// Of one address: [`HttpOptions::address_requests_per_minute`].
    pub(crate) addresses: RateLimiter,
    /// Of one address by nobody we know: [`HttpOptions::anonymous_requests_per_minute`].
    pub(crate) anonymous: RateLimiter,
}

/// A principal that requests are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PrincipalKey {
    Account(AccountId),
    ApiKey(ApiKeyId),
}

impl PrincipalKey {
    /// The key of a principal; the console and the house itself are not counted.
    pub(crate) fn of(principal: &Principal) -> Option<Self> {
        match principal {
            Principal::Account { scope, .. } => Some(Self::Account(scope.account)),
            Principal::ApiKey { id, .. } => Some(Self::ApiKey(*id)),
            _ => None,
        }
    }
}

impl Limits {
    pub(crate) fn new(options: &HttpOptions) -> Self {
        let per_minute = RateLimit::per_minute;
        Self {
            principals: RateLimiter::new(per_minute(options.requests_per_minute)),
            addresses: RateLimiter::new(per_minute(options.address_requests_per_minute)),
            anonymous: RateLimiter::new(per_minute(options.anonymous_requests_per_minute)),
        }
    }
}

impl Frame {
    /// Counts a request against a limit.
    pub(crate) fn count<K: Copy + Eq + std::hash::Hash>(
        limiter: &RateLimiter<K>,
        key: K,
    ) -> Result<(), Problem> {
        limiter.check(key).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            let detail = format!("too many requests: try again in {seconds} s");
            let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
            Problem::new(status, "too_many_requests", detail).after(seconds)
        })
    }

    /// Counts a request by nobody we know.
    pub(crate) fn count_anonymous(&self, address: ClientKey) -> Result<(), Problem> {
        Self::count(&self.limits.anonymous, address)
    }
}

/// Who may call an operation: the document says so. Outside of `/api/v1`, where no route is known,
/// there is nothing to protect.
pub(crate) fn access(method: &Method, route: Option<&str>) -> Access {
    match route {
        // What a path can do is no secret: the document is public.
        _ if *method == Method::OPTIONS => Access::Public,
        None => Access::Public,
        Some(route) => document::get().access(method, route),
    }
}

/// Whether a method changes nothing (RFC 9110 §9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
