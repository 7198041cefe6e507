//! What signing in on the web works with.

use std::{fmt, sync::Arc};

use hikyaku_access::{SignIn, factors::Vault};
use hikyaku_net::{RateLimit, RateLimiter};

/// Links to set a new password that one address may ask for in a minute (6): a family that forgot
/// all of theirs, and no list of names.
const RESETS_PER_MINUTE_MAX: u32 = 6;

/// What signing in on the web works with. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Web {
    /// Checks passwords.
    pub(crate) sign_in: SignIn,
    /// Seals and reads secrets of second factors.
    pub(crate) vault: Arc<Vault>,
    /// The host in links that are mailed.
    pub(crate) host: Arc<str>,
    /// Who asks for links to set a new password.
    pub(crate) resets: Arc<RateLimiter>,
}

impl Web {
    /// With the service that checks passwords, the key file, and the host in links.
    pub fn new(sign_in: SignIn, vault: Arc<Vault>, host: &str) -> Self {
        let limit = RateLimit::per_minute(RESETS_PER_MINUTE_MAX);
        Self {
            sign_in,
            vault,
            host: host.into(),
            resets: Arc::new(RateLimiter::new(limit)),
        }
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
