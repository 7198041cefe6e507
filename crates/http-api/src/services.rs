//! What the API works on.

use std::{sync::Arc, time::Duration};

use hikyaku_db::Database;
use hikyaku_directory::password::HashPool;
use hikyaku_dns::Resolver;
use hikyaku_mailstore::{Mailstore, Quota};
use hikyaku_transport::queue::Operator;

use crate::{provision::MailSettings, web::Web};

/// The services of one open store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database, for the directory's functions.
    pub db: Database,
    /// Mail.
    pub mailstore: Mailstore,
    /// The queue of mail for other hosts, as administrators change it.
    pub queue: Operator,
    /// Hashing of passwords.
    pub hashing: HashPool,
    /// How long deleted accounts can be restored.
    pub kept_after_deletion: Duration,
    /// Signing in on the web.
    pub web: Web,
    /// The name service, to see whose a domain is.
    pub dns: Arc<dyn Resolver>,
}

impl Services {
    /// What a new account with this quota gets.
    pub(crate) fn mail_settings(&self, quota: Quota) -> MailSettings {
        MailSettings {
            quota,
            restore_window: self.mailstore.limits().restore_window,
        }
    }
}
