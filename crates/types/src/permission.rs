//! What an administrator may be allowed to do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a text names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no permission \"{0}\"")]
pub struct PermissionError(String);

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// One thing that roles and API keys allow (design §5). A grant says where: on the whole
        /// platform, in a tenant, or in a domain. What a person may do with the own account needs
        /// none of these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Permission {
            $($(#[$doc])* $name),+
        }

        impl Permission {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in roles, API keys and answers.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }
        }
    };
}

permissions! {
    /// See tenants with their contracts (OP-02, O-012).
    ContractsRead = "contracts.read",
    /// Create and change tenants, their status, plan and options.
    ContractsWrite = "contracts.write",
    /// See plans and options (OP-04, OP-05).
    PlansRead = "plans.read",
    /// Create, change and apply plans and options.
    PlansWrite = "plans.write",
    /// See domains.
    DomainsRead = "domains.read",
    /// Add, change and remove domains, and set their catch-all.
    DomainsWrite = "domains.write",
    /// See accounts, aliases and templates.
    AccountsRead = "accounts.read",
    /// Create, change, suspend and delete accounts, aliases and templates.
    AccountsWrite = "accounts.write",
    /// Set another person's password, end sessions, take a lost second factor away.
    CredentialsReset = "credentials.reset",
    /// See usage, quota and locks.
    UsageRead = "usage.read",
    /// Extend the grace before a lock, or end one (OP-13).
    LocksWrite = "locks.write",
    /// Repair mailboxes, restore deleted messages.
    MailboxesRepair = "mailboxes.repair",
    /// Delete all mail of a mailbox (T-032).
    MailboxesInitialise = "mailboxes.initialise",
    /// See the security policy.
    SecurityRead = "security.read",
    /// Change the security policy (AD-24).
    SecurityWrite = "security.write",
    /// See who has which role, and API keys.
    RolesRead = "roles.read",
    /// Give and take roles, define roles (T-006, AD-26).
    RolesWrite = "roles.write",
    /// Make and revoke API keys.
    ApiKeysWrite = "api-keys.write",
    /// Search and export the operation log.
    LogRead = "log.read",
    /// See notice templates and announcements.
    NoticesRead = "notices.read",
    /// Change notice templates, publish announcements.
    NoticesWrite = "notices.write",
    /// See jobs of others, and their results.
    JobsRead = "jobs.read",
    /// Cancel jobs of others.
    JobsWrite = "jobs.write",
    /// Search the message trace.
    TraceRead = "trace.read",
    /// See the queue.
    QueueRead = "queue.read",
    /// Retry, hold, release and cancel queued mail.
    QueueWrite = "queue.write",
    /// Act as another person (OP-20), within that person's limits.
    Impersonate = "impersonate",
    /// Read mail of others while acting as them. Apart, and off by default (F-44).
    ContentRead = "content.read",
    /// See the platform's health and settings.
    SystemRead = "system.read",
    /// Check and repair the store, import and export mail on the server's disk.
    SystemWrite = "system.write",
    /// Decide on quarantined mail.
    QuarantineManage = "quarantine.manage",
    /// Read held mail, send or delete it (D-001).
    HeldReview = "held.review",
    /// Search the archive and read what it finds (D-013).
    ArchiveSearch = "archive.search",
    /// Appoint archive searchers, set retention (AD-20).
    ArchiveManage = "archive.manage",
    /// Manage mailing lists (1.4).
    ListsManage = "lists.manage",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let found = Self::ALL
            .iter()
            .find(|permission| permission.word() == text);
        found
            .copied()
            .ok_or_else(|| PermissionError(text.chars().take(64).collect()))
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_comes_back_from_its_word() {
        for permission in Permission::ALL {
            assert_eq!(permission.word().parse::<Permission>(), Ok(*permission));
        }
        assert!("accounts".parse::<Permission>().is_err());
    }
}
