//! What a contract can include or leave out: the gates that options open (T-005, O-005).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a text names no feature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no feature \"{0}\"")]
pub struct FeatureError(String);

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// One function that a contract includes or not. What it does not include is absent from
        /// menus and refused by the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $name),+
        }

        impl Feature {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in plans, options and answers.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }
        }
    };
}

features! {
    /// Reading by IMAP (C-08: an option in some services).
    Imap = "imap",
    /// Fetching by POP3.
    Pop = "pop",
    /// Submission from the Internet, not only from the closed network (O-024, C-05).
    SmtpFromInternet = "smtp_from_internet",
    /// Mailing lists (T-040).
    Lists = "lists",
    /// Mail audit: rules that hold, delete, notify (T-072).
    Audit = "audit",
    /// The archive (T-077).
    Archive = "archive",
    /// The second virus engine (O-018).
    SecondVirusEngine = "second_virus_engine",
    /// The second spam engine, licensed per mailbox (O-020).
    SecondSpamEngine = "second_spam_engine",
    /// The sandbox for suspicious mail (O-021).
    Sandbox = "sandbox",
    /// Sign-in by another system (T-070).
    Sso = "sso",
    /// Fetching mail from accounts elsewhere (D-024).
    ExternalAccounts = "external_accounts",
    /// Mailboxes of teams (D-040).
    SharedAccounts = "shared_accounts",
    /// The tenant's own logo on the screens (T-042, C-12).
    OwnLogo = "own_logo",
    /// A host name of the tenant's own for the screens (C-12).
    TenantHost = "tenant_host",
    /// Keys with which programs use the API.
    ApiKeys = "api_keys",
    /// Keeping what users send (T-080).
    SentMailStorage = "sent_mail_storage",
    /// Sending files too large to attach (T-081).
    LargeFiles = "large_files",
    /// Hosting of the tenant's zones (O-028, C-13).
    DnsHosting = "dns_hosting",
    /// Domains that stand for another one with all its addresses.
    DomainAliases = "domain_aliases",
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Feature {
    type Err = FeatureError;

    fn from_str(text: &str) -> Result<Self, FeatureError> {
        let found = Self::ALL.iter().find(|feature| feature.word() == text);
        found
            .copied()
            .ok_or_else(|| FeatureError(text.chars().take(64).collect()))
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Feature {
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
    fn every_feature_comes_back_from_its_word() {
        for feature in Feature::ALL {
            assert_eq!(feature.word().parse::<Feature>(), Ok(*feature));
        }
        assert!("telepathy".parse::<Feature>().is_err());
    }
}
