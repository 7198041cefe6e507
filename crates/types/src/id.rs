//! Identifiers of stored things: 63 bits, never reused, strings in every JSON.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An identifier as stored: a positive 63-bit number of 41 ms bits, 10 node bits and 12 counter
/// bits (design §3). Order is only a hint: no feed may rely on `id > last`.
pub trait Id: Copy + Eq + Ord + fmt::Display {
    /// The number as it is stored.
    fn to_i64(self) -> i64;
    /// The id for a number that came from storage or from the id generator.
    fn from_i64(raw: i64) -> Self;
}

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a positive decimal number")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl Id for $name {
            fn to_i64(self) -> i64 {
                self.0
            }

            fn from_i64(raw: i64) -> Self {
                Self(raw)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.parse::<i64>() {
                    Ok(raw) if raw > 0 => Ok(Self(raw)),
                    _ => Err(IdError),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

ids! {
    /// One customer company (テナント).
    TenantId,
    /// One mail domain of a tenant.
    DomainId,
    /// One licensed mailbox owner (アカウント): a person, a shared or a system account.
    AccountId,
    /// One routable address: an account's own, an alias, later a list.
    AddressId,
    /// One folder of an account. A mailbox that is created again under the same name is another
    /// one.
    MailboxId,
    /// One message of an account: what JMAP calls the Email, IMAP the EMAILID.
    MessageId,
    /// One conversation within an account. Immutable once given (RFC 8621 §3).
    ThreadId,
    /// One row of the message trace.
    TraceId,
    /// One connection of a client, for logs and traces.
    SessionId,
    /// One run of an import of old mail.
    ImportRunId,
    /// One message in the queue for other hosts.
    QueuedId,
    /// One recipient of a message in the queue.
    QueuedRecipientId,
    /// A turn at what only one process may do at a time.
    TurnId,
    /// One plan that tenants can have.
    PlanId,
    /// One option or pack of the catalogue (K-60).
    OptionId,
    /// One request of a tenant for an option or a domain (OP-06).
    OrderId,
    /// One template of account settings (AD-04).
    TemplateId,
    /// One password of a program (US-06).
    AppPasswordId,
    /// One signed-in browser.
    WebSessionId,
    /// One second factor of an account (US-04).
    FactorId,
    /// One browser that need not show a second factor for a while (U-027).
    BrowserId,
    /// One single-use link by mail.
    LinkId,
    /// One set of permissions.
    RoleId,
    /// One role given to one account within one scope.
    GrantId,
    /// One key with which a program uses the API.
    ApiKeyId,
    /// One time that an administrator acted as somebody else.
    ImpersonationId,
    /// One entry of the operation log.
    LogEntryId,
    /// One piece of background work.
    JobId,
    /// One notice that waits to be sent.
    NoticeId,
    /// One announcement to administrators or users.
    AnnouncementId,
    /// One request to the API.
    RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_string_in_json() {
        let id = AccountId::from_i64(9_007_199_254_740_993);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), id);
    }

    #[test]
    fn texts_that_are_no_ids_are_refused() {
        for text in ["", "0", "-1", "1.0", "abc", "9223372036854775808"] {
            assert_eq!(text.parse::<AccountId>(), Err(IdError), "{text:?}");
        }
    }
}
