//! What can go wrong in the directory, in words an administrator can act on.

use hikyaku_db::DbError;
use hikyaku_types::{Domain, EmailAddress};

use crate::{locale::TimeZoneError, login::LoginIdError};

/// Why a function of the directory did not do what it was asked.
///
/// What lies outside the caller's reach is reported exactly as what does not exist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Another tenant has this name, in some spelling.
    #[error("a tenant named \"{0}\" exists already")]
    TenantNameTaken(String),
    /// No tenant has this name.
    #[error("there is no tenant named \"{0}\"")]
    NoSuchTenant(String),
    /// Another domain row has this name, whoever's it is.
    #[error("the domain {0} exists already")]
    DomainTaken(Domain),
    /// A name that looks like an IP address cannot be a mail domain (RFC 5321 §4.1.3 writes those
    /// in brackets).
    #[error("{0} is an IP address, not a domain")]
    DomainIsIpAddress(Domain),
    /// The domain is not hosted here, or not within reach.
    #[error("there is no domain {0} here")]
    NoSuchDomain(Domain),
    /// The domain is hosted here, but belongs to another tenant than the account in question. Only
    /// the operator sees this; to a tenant it is [`DirectoryError::NoSuchDomain`].
    #[error("the domain {0} belongs to another tenant than the account")]
    DomainNotOfTenant(Domain),
    /// No such account, or not within reach.
    #[error("there is no account {0}")]
    NoSuchAccount(String),
    /// The account was deleted, and its erasure has begun: what is left of it is not all of it.
    #[error("the account is being erased, it cannot be brought back")]
    BeingErased,
    /// No such alias, or not within reach, or the address is not an alias.
    #[error("there is no alias {0}")]
    NoSuchAlias(EmailAddress),
    /// The address is in use (T-035).
    #[error("the address {address} exists already as {by}")]
    NameTaken {
        /// The wanted address.
        address: EmailAddress,
        /// What has it.
        by: NameKind,
    },
    /// An address can be written that way on the wire, but not be given to an account here: it
    /// would need quotes.
    #[error("the address {0} has characters or dots that would need quotes")]
    AddressNeedsQuotes(EmailAddress),
    /// The local part `nobody` stands for the catch-all of the domain (T-036).
    #[error(
        "\"nobody\" stands for unknown addresses of {domain}: set the domain's catch-all account \
         instead of creating the address"
    )]
    NobodyIsCatchAll {
        /// The domain of the wanted address.
        domain: Domain,
    },
    /// The target of an alias is no account's own address within reach.
    #[error("the alias's target {0} is not the address of an account")]
    AliasTargetUnknown(EmailAddress),
    /// A registered login id that is in use, whoever's it is.
    #[error("the login id \"{0}\" is taken")]
    LoginTaken(String),
    /// The account has no such registered login id.
    #[error("the account has no login id \"{0}\"")]
    NoSuchLogin(String),
    /// A text that cannot be registered as a login id.
    #[error(transparent)]
    LoginIdInvalid(#[from] LoginIdError),
    /// A display or tenant name that is empty where it may not be, too long, or has control
    /// characters.
    #[error("the name {problem}")]
    NameInvalid {
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// No such time zone.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneError),
    /// The database failed, or holds what this program never wrote.
    #[error("the directory cannot be read or written")]
    Db(#[from] DbError),
}

impl DirectoryError {
    /// Whether trying again later may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_temporary())
    }
}

/// What an address is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameKind {
    /// An account's own address.
    Account,
    /// An alias.
    Alias,
    /// An address of an account that is deleted but not yet erased.
    DeletedAccount,
    /// Something else, or gone again in this very moment.
    Other,
}

impl std::fmt::Display for NameKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account => "an account",
            Self::Alias => "an alias",
            Self::DeletedAccount => "an address of a deleted account that is not yet erased",
            Self::Other => "another address",
        })
    }
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// Nothing but spaces.
    Empty,
    /// Over [`crate::MAX_NAME_CHARS`] characters.
    TooLong,
    /// A line end or another control character.
    ControlCharacter,
}

impl std::fmt::Display for NameProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {} characters", crate::MAX_NAME_CHARS),
            Self::ControlCharacter => f.write_str("has a control character"),
        }
    }
}
