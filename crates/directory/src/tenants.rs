//! Tenants: the customer companies. The operator's functions.

mod change;
mod lifecycle;
mod search;
mod standing;

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::{TenantId, Timestamp};

pub use change::{MAX_CUSTOMER_NUMBER_CHARS, TenantChange, update};
pub use lifecycle::{Move, move_to};
pub use search::{Found, MAX_PAGE, Order, Query, search, search_one};
pub use standing::{STANDING_COLUMN_COUNT, STANDING_COLUMNS, Settled, Standing, settle};

use crate::{
    DirectoryError, Language, PlatformScope, Reach, TenantScope, TimeZoneName, name, stored::Stored,
};

/// Whether a tenant's service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TenantStatus {
    /// Not yet in service: only its administrators sign in, and new mail has to wait at its senders
    /// (O-010).
    Preparing,
    /// In service.
    Active,
    /// Nobody signs in, and new mail is refused; what is stored stays.
    Suspended,
    /// The contract has ended: as if suspended, and after the grace of the contract its data may be
    /// erased.
    Terminated,
}

impl TenantStatus {
    /// Who may sign in.
    pub const fn admits(self) -> Admission {
        match self {
            Self::Active => Admission::Everybody,
            Self::Preparing => Admission::Administrators,
            Self::Suspended | Self::Terminated => Admission::Nobody,
        }
    }
}

/// Whom a tenant's status lets sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// All its accounts.
    Everybody,
    /// Those who have a role: they prepare the service.
    Administrators,
    /// No account of it.
    Nobody,
}

impl Stored for TenantStatus {
    const NAME: &'static str = "a tenant status";

    fn word(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "preparing" => Some(Self::Preparing),
            "active" => Some(Self::Active),
            "suspended" => Some(Self::Suspended),
            "terminated" => Some(Self::Terminated),
            _ => None,
        }
    }
}

impl std::fmt::Display for TenantStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// One tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tenant {
    /// The scope to use for everything of it.
    pub scope: TenantScope,
    /// The name as entered.
    pub name: String,
    /// How the name is read, possibly empty.
    pub kana: String,
    /// The operator's number for it (お客様番号), unique.
    pub customer_number: Option<String>,
    /// Whether its service runs: the status in force.
    pub status: TenantStatus,
    /// What is written about that, and when it changes.
    pub standing: Standing,
    /// The language of its texts unless an account has another.
    pub language: Language,
    /// The time zone of its dates unless an account has another.
    pub time_zone: TimeZoneName,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

/// A tenant to create.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The name, unique without regard to case and width.
    pub name: String,
    /// How the name is read, possibly empty.
    pub kana: String,
    /// The operator's number for it, unique.
    pub customer_number: Option<String>,
    /// Whether it begins in service, or is prepared.
    pub begin: Begin,
    /// Default Japanese.
    pub language: Language,
    /// Default Asia/Tokyo.
    pub time_zone: TimeZoneName,
}

/// How a tenant begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// In service.
    #[default]
    AtOnce,
    /// Prepared until an instant, or until somebody says that it begins (O-010).
    Prepared {
        /// The instant.
        until: Option<Timestamp>,
    },
}

impl NewTenant {
    /// A tenant of this name with the default language and time zone.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kana: String::new(),
            customer_number: None,
            begin: Begin::AtOnce,
            language: Language::default(),
            time_zone: TimeZoneName::default(),
        }
    }
}

/// The columns that [`tenant`] reads.
const COLUMNS: &str = "t.id, t.name, t.kana, t.customer_number, t.status, t.service_start_at, \
     t.end_at, t.language, t.time_zone, t.created_at, t.updated_at";
/// How many columns [`COLUMNS`] has.
const COLUMN_COUNT: usize = 11;

/// Creates a tenant without a plan.
///
/// # Errors
/// [`DirectoryError::TenantNameTaken`], [`DirectoryError::CustomerNumberTaken`],
/// [`DirectoryError::NameInvalid`].
pub fn create(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    new: &NewTenant,
) -> Result<TenantScope, DirectoryError> {
    let name = name::tenant_name(&new.name)?;
    let kana = name::display_name(&new.kana)?;
    let number = change::customer_number(new.customer_number.as_deref())?;
    let tenant: TenantId = tx.new_id();
    let (status, start) = match new.begin {
        Begin::AtOnce => (TenantStatus::Active, None),
        Begin::Prepared { until } => (TenantStatus::Preparing, until),
    };
    let inserted = tx.execute(
        "INSERT INTO tenant (id, name, canonical, kana, customer_number, search, status,
             service_start_at, language, time_zone, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
         ON CONFLICT DO NOTHING",
        params![
            tenant,
            &name,
            name::folded(&name),
            &kana,
            number.as_deref(),
            search::text(&name, &kana, number.as_deref()),
            status.word(),
            start,
            new.language.word(),
            new.time_zone.as_str(),
            tx.now(),
        ],
    )?;
    if inserted == 0 {
        change::check_number(tx, tenant, number.as_deref())?;
        return Err(DirectoryError::TenantNameTaken(name));
    }
    Ok(TenantScope { tenant })
}

/// The tenant of a name, in any spelling that is the same name.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`].
pub fn find_by_name(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    name: &str,
) -> Result<Tenant, DirectoryError> {
    let unknown =
        || DirectoryError::NoSuchTenant(name.chars().take(name::MAX_NAME_CHARS).collect());
    let wanted = name::tenant_name(name).map_err(|_| unknown())?;
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM tenant t WHERE t.canonical = ?1"),
        params![name::folded(&wanted)],
        |row| tenant(row, tx.now()),
    )?
    .ok_or_else(unknown)
}

/// The tenant of a scope.
pub fn load(tx: &Tx<'_>, scope: TenantScope) -> Result<Tenant, DirectoryError> {
    Ok(tx.query_one(
        &format!("SELECT {COLUMNS} FROM tenant t WHERE t.id = ?1"),
        params![scope.tenant],
        |row| tenant(row, tx.now()),
    )?)
}

/// The tenant of an id that came from outside.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`].
pub fn find(tx: &Tx<'_>, reach: impl Reach, id: TenantId) -> Result<Tenant, DirectoryError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM tenant t WHERE t.id = ?1"),
        params![id],
        |row| tenant(row, tx.now()),
    )?
    .filter(|found| reach.covers(found.scope.tenant))
    .ok_or_else(|| DirectoryError::NoSuchTenant(id.to_string()))
}

/// Up to `limit` tenants in the order of their folded names, from after the named one on.
pub fn list(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Tenant>, DirectoryError> {
    Ok(tx.query(
        &format!(
            "SELECT {COLUMNS} FROM tenant t WHERE t.canonical > ?1 ORDER BY t.canonical LIMIT ?2"
        ),
        params![after.map(name::folded).unwrap_or_default(), limit],
        |row| tenant(row, tx.now()),
    )?)
}

/// Writes a tenant's status down, whatever it was: [`move_to`] has the rules. In force at the next
/// message and the next command of every session.
pub fn set_status(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    status: TenantStatus,
) -> Result<(), DirectoryError> {
    let changed = tx.execute(
        "UPDATE tenant SET status = ?2, updated_at = ?3 WHERE id = ?1",
        params![scope.tenant, status.word(), tx.now()],
    )?;
    if changed == 0 {
        return Err(DirectoryError::NoSuchTenant(scope.tenant.to_string()));
    }
    tx.hint(Hint::Tenant(scope.tenant));
    tx.hint(Hint::Directory);
    Ok(())
}

fn tenant(row: &Row<'_>, now: Timestamp) -> Result<Tenant, DbError> {
    let standing = Standing::read(row, 4)?;
    Ok(Tenant {
        scope: TenantScope {
            tenant: row.get(0)?,
        },
        name: row.get(1)?,
        kana: row.get(2)?,
        customer_number: row.get(3)?,
        status: standing.at(now),
        standing,
        language: Language::read(row, 7)?,
        time_zone: TimeZoneName::from_storage(row.get(8)?),
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}
