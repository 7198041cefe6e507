//! What can go wrong in the directory, in words an administrator can act on.

use hikyaku_db::DbError;
use hikyaku_types::{Domain, DomainId, EmailAddress};

use crate::{
    contracts::{MAX_GRACE_DAYS, MAX_LABELS},
    locale::TimeZoneError,
    login::LoginIdError,
    plans::{Feature, PlanStatus, TermsError},
    tenants::TenantStatus,
};

/// Why a function of the directory did not do what it was asked.
///
/// What lies outside the caller's reach is reported exactly as what does not exist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Another tenant has this name, in some spelling.
    #[error("a tenant named \"{0}\" exists already")]
    TenantNameTaken(String),
    /// Another tenant has this customer number.
    #[error("another tenant has the customer number \"{0}\"")]
    CustomerNumberTaken(String),
    /// A tenant's service is in another state than a move starts from.
    #[error("the tenant {tenant} is {status}: it is not possible to {what} its service")]
    TenantMove {
        /// The tenant's name.
        tenant: String,
        /// Its status in force.
        status: TenantStatus,
        /// The move.
        what: &'static str,
    },
    /// A contract cannot end in the past.
    #[error("the end of the contract is in the past: terminate the tenant instead")]
    EndInPast,
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
    /// No domain within reach has this id.
    #[error("there is no domain {0} here")]
    NoSuchDomainId(DomainId),
    /// A domain alias has the addresses of the domain that it stands for.
    #[error("{0} stands for another domain: create the address there")]
    DomainIsAlias(Domain),
    /// A domain cannot stand for another one.
    #[error("{domain} cannot be an alias: {problem}")]
    AliasDomain {
        /// The domain.
        domain: Domain,
        /// Why not.
        problem: &'static str,
    },
    /// Something still belongs to the domain.
    #[error("{domain} cannot be removed: {problem}")]
    DomainNotEmpty {
        /// The domain.
        domain: Domain,
        /// What is there.
        problem: &'static str,
    },
    /// The plan gives the mailboxes of a domain their size (T-041).
    #[error("the plan sets no size per domain: {0}")]
    TierNotPossible(&'static str),
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
    /// Another plan has this name, in some spelling.
    #[error("a plan named \"{0}\" exists already")]
    PlanNameTaken(String),
    /// No such plan.
    #[error("there is no plan {0}")]
    NoSuchPlan(String),
    /// A plan cannot be given to a tenant, or not become a draft again.
    #[error("the plan \"{plan}\" is {status}: only a published plan is given to tenants")]
    PlanStatus {
        /// The plan's name.
        plan: String,
        /// What it is.
        status: PlanStatus,
    },
    /// Tenants have the plan.
    #[error("tenants have the plan \"{0}\": retire it instead")]
    PlanInUse(String),
    /// Terms that no plan can have.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The tenant's contract does not include this.
    #[error("this is not part of the contract: it needs the option \"{0}\"")]
    NotContracted(Feature),
    /// Another option has this code.
    #[error("the option \"{0}\" exists already")]
    OptionTaken(String),
    /// No such option.
    #[error("there is no option \"{0}\"")]
    NoSuchOption(String),
    /// A field of an option has a value that cannot be accepted.
    #[error("{field} {detail}")]
    OptionInvalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Tenants have the option, and what a pack adds was agreed with them.
    #[error("tenants have the option \"{0}\": retire it and add another one instead")]
    OptionInUse(String),
    /// Nobody can order the option any more.
    #[error("the option \"{0}\" is retired")]
    OptionRetired(String),
    /// An option adds to another one.
    #[error("the option \"{option}\" needs the option \"{needs}\"")]
    OptionNeeds {
        /// The option.
        option: String,
        /// The one it adds to.
        needs: String,
    },
    /// More packs than a tenant can have.
    #[error("of the option \"{option}\" a tenant can have {max} at most")]
    TooManyPacks {
        /// The option.
        option: String,
        /// The most.
        max: u32,
    },
    /// A tenant without a plan has everything already.
    #[error("the tenant has no plan, so everything is included: give it a plan first")]
    NoPlan,
    /// Seats are sold in other numbers.
    #[error("{0}")]
    SeatsNotSold(String),
    /// All accounts of the contract are there (T-033).
    #[error("all {max} accounts of the contract are in use ({used}): order more seats")]
    SeatsUsedUp {
        /// How many there are.
        used: u32,
        /// How many there may be.
        max: u32,
    },
    /// All domains of the contract are there (O-004).
    #[error("all {max} domains of the contract are in use")]
    DomainsUsedUp {
        /// How many there may be.
        max: u32,
    },
    /// The tenant has more than the new terms allow.
    #[error("the tenant has more than the plan allows ({0}): remove some, or accept the excess")]
    Exceeded(String),
    /// A contract cannot keep data for so long.
    #[error("the grace after the end of a contract is {MAX_GRACE_DAYS} days at most")]
    GraceTooLong,
    /// Too many further lines of a contract.
    #[error("a contract has {MAX_LABELS} further labels at most")]
    TooManyLabels,
    /// A field of an account or a template has a value that cannot be stored.
    #[error("{field} {detail}")]
    FieldInvalid {
        /// The field as the API names it.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// No such template, or not within reach.
    #[error("there is no template \"{0}\"")]
    NoSuchTemplate(String),
    /// The tenant has a template of this name, in some spelling.
    #[error("there is a template named \"{0}\" already")]
    TemplateNameTaken(String),
    /// The built-in template cannot be renamed or deleted.
    #[error("the template \"standard\" is built in: it can be changed, not renamed or deleted")]
    TemplateBuiltIn,
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
    /// Over this many characters.
    LongerThan(usize),
    /// A line end or another control character.
    ControlCharacter,
}

impl std::fmt::Display for NameProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {} characters", crate::MAX_NAME_CHARS),
            Self::LongerThan(max) => write!(f, "is longer than {max} characters"),
            Self::ControlCharacter => f.write_str("has a control character"),
        }
    }
}
