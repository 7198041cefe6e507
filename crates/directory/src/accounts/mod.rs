//! Accounts: the licensed mailboxes of people, teams and systems, each with one own address.

mod change;
mod create;
mod delete;
mod details;
mod find;
mod find_deleted;
mod list;
mod networks;
mod profile;
mod rename;
mod search_repair;
mod sender;
mod store;
pub mod terms;

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::{DomainId, EmailAddress, Timestamp};

pub use change::{AccountChange, update};
pub(crate) use create::create_in;
pub use create::{NewAccount, create};
pub use delete::{DeletedAccount, begin_erasure, delete, deleted, erase, restore};
pub use details::{Details, Reception, Sending, Settings, Switches, details, details_of};
pub use find::{find_by_address, find_by_id, load};
pub use find_deleted::{DeletedBefore, find_deleted, find_deleted_by_id, list_deleted};
pub use list::{ListQuery, MAX_PAGE, list};
pub use networks::{AllowedNetworks, MAX_NETWORKS, Way, allowed_networks};
pub(crate) use profile::line;
pub use profile::{
    MAX_ATTRIBUTE_CHARS, MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTES, MAX_NOTES_CHARS, Profile,
};
pub use rename::{OldAddress, rename};
pub use search_repair::make_searchable;
pub use sender::{SendAs, may_send_as, sending};

use crate::{
    AccountScope, DirectoryError, Language, TimeZoneName,
    domains::stored_domain,
    stored::{Stored, unreadable},
};

/// One account as administrators and protocols see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The scope to use for everything of it.
    pub scope: AccountScope,
    /// Its own address; aliases are apart.
    pub address: EmailAddress,
    /// The domain of its own address.
    pub domain: DomainId,
    /// The display name, possibly empty.
    pub name: String,
    /// What it is for.
    pub kind: AccountKind,
    /// Whether its owner may sign in.
    pub status: AccountStatus,
    /// By which ways its owner may sign in.
    pub access: Access,
    /// The time zone in force: its own or the tenant's.
    pub time_zone: TimeZoneName,
    /// The language in force: its own or the tenant's.
    pub language: Language,
    /// What it has of its own.
    pub overrides: Overrides,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccountKind {
    /// One person's.
    #[default]
    Person,
    /// A team's (共有アカウント).
    Shared,
    /// A machine's: administrator notices, noreply.
    System,
}

impl Stored for AccountKind {
    const NAME: &'static str = "an account kind";

    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Shared => "shared",
            Self::System => "system",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "person" => Some(Self::Person),
            "shared" => Some(Self::Shared),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}

/// Whether an account's owner may sign in. Mail for a suspended account is received and kept: what
/// a customer sends to somebody who is on leave or under investigation must not be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccountStatus {
    /// May sign in.
    #[default]
    Active,
    /// May not sign in, and so not send.
    Suspended,
}

impl Stored for AccountStatus {
    const NAME: &'static str = "an account status";

    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "suspended" => Some(Self::Suspended),
            _ => None,
        }
    }
}

macro_rules! shown_as_stored {
    ($($name:ty),+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    )+};
}
shown_as_stored!(AccountKind, AccountStatus);

/// By which ways an account's owner may sign in (T-024, T-027).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches of the account form, each shown by its name"
)]
pub struct Access {
    /// POP3.
    pub pop: bool,
    /// IMAP.
    pub imap: bool,
    /// Submission (SMTP AUTH).
    pub smtp: bool,
    /// Webmail and the account pages.
    pub web: bool,
}

impl Access {
    /// Every way: the default.
    pub const ALL: Self = Self {
        pop: true,
        imap: true,
        smtp: true,
        web: true,
    };
}

impl Default for Access {
    fn default() -> Self {
        Self::ALL
    }
}

/// Settings an account can have of its own instead of its tenant's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Its own time zone.
    pub time_zone: Option<TimeZoneName>,
    /// Its own language.
    pub language: Option<Language>,
}

/// The columns that [`read`] takes an [`Account`] from, for the tables of [`FROM`].
pub const COLUMNS: &str = "acc.id, acc.tenant_id, acc.domain_id, own.local_part, d.name, \
     acc.name, acc.kind, acc.status, acc.access_pop, acc.access_imap, acc.access_smtp, \
     acc.access_web, acc.time_zone, acc.language, t.time_zone, t.language, acc.created_at, \
     acc.updated_at";

/// How many columns [`COLUMNS`] has: further ones begin at this index.
pub const COLUMN_COUNT: usize = 18;

/// Living accounts with what belongs to them; to be followed by further joins, then `AND …`.
pub const JOINS: &str = "\
     JOIN address own ON own.account_id = acc.id AND own.kind = 'account' \
     JOIN domain d ON d.id = acc.domain_id \
     JOIN tenant t ON t.id = acc.tenant_id";

/// The account in a row that begins with [`COLUMNS`].
pub fn read(row: &Row<'_>) -> Result<Account, DbError> {
    let address = EmailAddress::from_quoted(row.text(3)?, stored_domain(row, 4)?)
        .map_err(|_| unreadable(3, "a local part"))?;
    let overrides = Overrides {
        time_zone: row.get::<Option<_>>(12)?.map(TimeZoneName::from_storage),
        language: Language::read_opt(row, 13)?,
    };
    let time_zone = match &overrides.time_zone {
        Some(own) => own.clone(),
        None => TimeZoneName::from_storage(row.get(14)?),
    };
    let language = match overrides.language {
        Some(own) => own,
        None => Language::read(row, 15)?,
    };
    Ok(Account {
        scope: AccountScope {
            tenant: row.get(1)?,
            account: row.get(0)?,
        },
        address,
        domain: row.get(2)?,
        name: row.get(5)?,
        kind: AccountKind::read(row, 6)?,
        status: AccountStatus::read(row, 7)?,
        access: Access {
            pop: row.get(8)?,
            imap: row.get(9)?,
            smtp: row.get(10)?,
            web: row.get(11)?,
        },
        time_zone,
        language,
        overrides,
        created_at: row.get(16)?,
        updated_at: row.get(17)?,
    })
}

/// Locks the row of a living account for this transaction: the first thing a write does that
/// decides on the account.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub(crate) fn lock(tx: &Tx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    tx.query_opt(
        "SELECT id FROM account WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL FOR UPDATE",
        params![scope.tenant, scope.account],
        |_| Ok(()),
    )?
    .ok_or_else(|| unknown(scope))
}

/// Locks a living account for a caller that looks at it before it changes it.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn lock_for_change(
    tx: &hikyaku_db::WriteTx<'_>,
    scope: AccountScope,
) -> Result<(), DirectoryError> {
    lock(tx, scope)
}

/// What to answer when an account is not there or not within reach.
pub(crate) fn unknown(scope: AccountScope) -> DirectoryError {
    DirectoryError::NoSuchAccount(scope.account.to_string())
}
