//! Tenants: the customer companies. The operator's functions.

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::{TenantId, Timestamp};

use crate::{
    DirectoryError, Language, PlatformScope, TenantScope, TimeZoneName, name, stored::Stored,
};

/// Whether a tenant's service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TenantStatus {
    /// In service.
    Active,
    /// Nobody signs in, and new mail is refused; what is stored stays.
    Suspended,
}

impl Stored for TenantStatus {
    const NAME: &'static str = "a tenant status";

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
    /// Whether its service runs.
    pub status: TenantStatus,
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
    /// Default Japanese.
    pub language: Language,
    /// Default Asia/Tokyo.
    pub time_zone: TimeZoneName,
}

impl NewTenant {
    /// A tenant of this name with the default language and time zone.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: Language::default(),
            time_zone: TimeZoneName::default(),
        }
    }
}

const COLUMNS: &str = "id, name, status, language, time_zone, created_at, updated_at";

/// Creates an active tenant.
///
/// # Errors
/// [`DirectoryError::TenantNameTaken`], [`DirectoryError::NameInvalid`].
pub fn create(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    new: &NewTenant,
) -> Result<TenantScope, DirectoryError> {
    let name = name::tenant_name(&new.name)?;
    let tenant: TenantId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO tenant
             (id, name, canonical, status, language, time_zone, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
         ON CONFLICT (canonical) DO NOTHING",
        params![
            tenant,
            &name,
            name::folded(&name),
            TenantStatus::Active.word(),
            new.language.word(),
            new.time_zone.as_str(),
            tx.now(),
        ],
    )?;
    if inserted == 0 {
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
        &format!("SELECT {COLUMNS} FROM tenant WHERE canonical = ?1"),
        params![name::folded(&wanted)],
        tenant,
    )?
    .ok_or_else(unknown)
}

/// The tenant of a scope.
pub fn load(tx: &Tx<'_>, scope: TenantScope) -> Result<Tenant, DirectoryError> {
    Ok(tx.query_one(
        &format!("SELECT {COLUMNS} FROM tenant WHERE id = ?1"),
        params![scope.tenant],
        tenant,
    )?)
}

/// Up to `limit` tenants in the order of their folded names, from after the named one on.
pub fn list(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Tenant>, DirectoryError> {
    Ok(tx.query(
        &format!("SELECT {COLUMNS} FROM tenant WHERE canonical > ?1 ORDER BY canonical LIMIT ?2"),
        params![after.map(name::folded).unwrap_or_default(), limit],
        tenant,
    )?)
}

/// Starts or stops a tenant's service. In force at the next message and the next command of every
/// session.
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

fn tenant(row: &Row<'_>) -> Result<Tenant, DbError> {
    Ok(Tenant {
        scope: TenantScope {
            tenant: row.get(0)?,
        },
        name: row.get(1)?,
        status: TenantStatus::read(row, 2)?,
        language: Language::read(row, 3)?,
        time_zone: TimeZoneName::from_storage(row.get(4)?),
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}
