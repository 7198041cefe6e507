//! `[http]`: the API on the network.

use std::time::Duration;

use hikyaku_http_api::{
    ADDRESS_REQUESTS_PER_MINUTE, ANONYMOUS_REQUESTS_PER_MINUTE, HSTS, HttpOptions,
    REQUESTS_PER_MINUTE,
};
use serde::Deserialize;

use super::Networks;

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Networks of proxies that end TLS in front of this host. Default: none.
    pub trusted_proxies: Networks,
    /// Requests of one account or API key in a minute.
    pub requests_per_minute: u32,
    /// Requests from one address in a minute.
    pub address_requests_per_minute: u32,
    /// Requests from one address in a minute by nobody who signed in.
    pub anonymous_requests_per_minute: u32,
    /// Seconds for which browsers remember that this host speaks HTTPS only.
    pub hsts_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            trusted_proxies: Networks::none(),
            requests_per_minute: REQUESTS_PER_MINUTE,
            address_requests_per_minute: ADDRESS_REQUESTS_PER_MINUTE,
            anonymous_requests_per_minute: ANONYMOUS_REQUESTS_PER_MINUTE,
            hsts_seconds: HSTS.as_secs(),
        }
    }
}

impl Http {
    /// As the API takes it.
    pub fn options(&self) -> HttpOptions {
        HttpOptions {
            trusted_proxies: self.trusted_proxies.zone(),
            requests_per_minute: self.requests_per_minute,
            address_requests_per_minute: self.address_requests_per_minute,
            anonymous_requests_per_minute: self.anonymous_requests_per_minute,
            hsts: Duration::from_secs(self.hsts_seconds),
        }
    }
}
