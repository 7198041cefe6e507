//! Templates of accounts (AD-04): what a new account of a department begins with.
//!
//! A tenant always has the template `standard`, which has the defaults of the account form until it
//! is changed: only then does it have a row. Accounts copy from a template when they are made; they
//! do not follow it afterwards.

use std::collections::BTreeMap;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{TemplateId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    DirectoryError, Language, TenantScope, TimeZoneName,
    accounts::{Access, Profile, Switches},
    name,
    stored::unreadable,
};

/// The name of the built-in template.
pub const STANDARD: &str = "standard";
/// Templates of one tenant at most: one for every department of a large company.
pub const MAX_TEMPLATES: usize = 200;

/// What accounts copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of the account form, each shown by its name"
)]
pub struct TemplateSettings {
    /// The department.
    pub department: String,
    /// The title (役職).
    pub title: String,
    /// The organisation.
    pub organisation: String,
    /// Free directory attributes.
    pub attributes: BTreeMap<String, String>,
    /// The language; none: the tenant's.
    pub language: Option<String>,
    /// The time zone; none: the tenant's.
    pub time_zone: Option<String>,
    /// Bytes of the mailbox; 0 is unlimited within the plan.
    pub quota_bytes: u64,
    /// Messages of the mailbox; 0 is unlimited.
    pub quota_messages: u64,
    /// May sign in to the web.
    pub web: bool,
    /// May sign in with IMAP.
    pub imap: bool,
    /// May sign in with POP3.
    pub pop: bool,
    /// May submit mail.
    pub smtp: bool,
    /// May change the own password.
    pub may_change_password: bool,
    /// May change the own profile.
    pub may_edit_profile: bool,
    /// Is in the global address list.
    pub in_gal: bool,
    /// Is told of by the public directory service.
    pub in_directory: bool,
}

impl Default for TemplateSettings {
    fn default() -> Self {
        let (access, switches) = (Access::default(), Switches::default());
        Self {
            department: String::new(),
            title: String::new(),
            organisation: String::new(),
            attributes: BTreeMap::new(),
            language: None,
            time_zone: None,
            quota_bytes: 0,
            quota_messages: 0,
            web: access.web,
            imap: access.imap,
            pop: access.pop,
            smtp: access.smtp,
            may_change_password: switches.may_change_password,
            may_edit_profile: switches.may_edit_profile,
            in_gal: switches.in_gal,
            in_directory: switches.in_directory,
        }
    }
}

impl TemplateSettings {
    /// The settings as they are stored.
    ///
    /// # Errors
    /// [`DirectoryError::FieldInvalid`], [`DirectoryError::TimeZone`].
    pub fn checked(&self) -> Result<Self, DirectoryError> {
        let profile = Profile {
            department: self.department.clone(),
            title: self.title.clone(),
            organisation: self.organisation.clone(),
            attributes: self.attributes.clone(),
            ..Profile::default()
        }
        .checked()?;
        if let Some(language) = &self.language {
            let known = language.parse::<Language>();
            known.map_err(|error| DirectoryError::FieldInvalid {
                field: "language",
                detail: error.to_string(),
            })?;
        }
        if let Some(zone) = &self.time_zone {
            zone.parse::<TimeZoneName>()?;
        }
        Ok(Self {
            department: profile.department,
            title: profile.title,
            organisation: profile.organisation,
            attributes: profile.attributes,
            ..self.clone()
        })
    }
}

/// One template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Template {
    /// Its id; none for the built-in one while nobody has changed it.
    pub id: Option<TemplateId>,
    /// Its name.
    pub name: String,
    /// Whether it is `standard`.
    pub built_in: bool,
    /// What accounts copy.
    pub settings: TemplateSettings,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

impl Template {
    fn standard() -> Self {
        Self {
            id: None,
            name: STANDARD.to_owned(),
            built_in: true,
            settings: TemplateSettings::default(),
            updated_at: None,
        }
    }
}

/// The templates of a tenant: `standard`, then the others by name.
pub fn list(tx: &Tx<'_>, tenant: TenantScope) -> Result<Vec<Template>, DirectoryError> {
    let mut found = tx.query(
        &format!("{SELECT} WHERE tenant_id = ?1 ORDER BY canonical"),
        params![tenant.tenant],
        read,
    )?;
    let standard = match found.iter().position(|template| template.built_in) {
        Some(place) => found.remove(place),
        None => Template::standard(),
    };
    found.insert(0, standard);
    Ok(found)
}

/// The template of an id, or `standard`, or of a name.
///
/// # Errors
/// [`DirectoryError::NoSuchTemplate`].
pub fn find(tx: &Tx<'_>, tenant: TenantScope, which: &str) -> Result<Template, DirectoryError> {
    let canonical = name::folded(which.trim());
    let id: Option<TemplateId> = which.parse().ok();
    let found = tx.query_opt(
        &format!(
            "{SELECT} WHERE tenant_id = ?1 AND (canonical = ?2 OR id = ?3) ORDER BY id LIMIT 1"
        ),
        params![tenant.tenant, &canonical, id],
        read,
    )?;
    match found {
        Some(found) => Ok(found),
        None if canonical == STANDARD => Ok(Template::standard()),
        None => {
            let shown = which.chars().take(name::MAX_NAME_CHARS).collect();
            Err(DirectoryError::NoSuchTemplate(shown))
        }
    }
}

/// Locks a tenant's templates for a caller that looks at one before it changes it.
///
/// # Errors
/// [`DirectoryError::Db`], also when there is no such tenant.
pub fn lock(tx: &WriteTx<'_>, tenant: TenantScope) -> Result<(), DirectoryError> {
    Ok(tx.query_one(
        "SELECT id FROM tenant WHERE id = ?1 FOR UPDATE",
        params![tenant.tenant],
        |_| Ok(()),
    )?)
}

/// Creates a template.
///
/// # Errors
/// [`DirectoryError::TemplateNameTaken`], [`DirectoryError::NameInvalid`],
/// [`DirectoryError::FieldInvalid`], also with more than [`MAX_TEMPLATES`].
pub fn create(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    name: &str,
    settings: &TemplateSettings,
) -> Result<TemplateId, DirectoryError> {
    let name = named(name)?;
    // A numeral would be taken for an id.
    if name::folded(&name) == STANDARD {
        return Err(DirectoryError::TemplateNameTaken(name));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DirectoryError::FieldInvalid {
            field: "name",
            detail: "is a number: write a word".to_owned(),
        });
    }
    let count: i64 = tx.query_one(
        "SELECT COUNT(*) FROM account_template WHERE tenant_id = ?1",
        params![tenant.tenant],
        |row| row.get(0),
    )?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_TEMPLATES {
        return Err(DirectoryError::FieldInvalid {
            field: "name",
            detail: format!("would be the template after {MAX_TEMPLATES}: delete one first"),
        });
    }
    insert(tx, tenant, (&name, false), settings)
}

/// Changes a template: what is `None` stays.
///
/// # Errors
/// [`DirectoryError::NoSuchTemplate`], [`DirectoryError::TemplateNameTaken`],
/// [`DirectoryError::TemplateBuiltIn`], [`DirectoryError::FieldInvalid`].
pub fn change(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    which: &str,
    (name, settings): (Option<&str>, Option<&TemplateSettings>),
) -> Result<TemplateId, DirectoryError> {
    let before = find(tx, tenant, which)?;
    let name = match name {
        Some(name) => named(name)?,
        None => before.name.clone(),
    };
    if before.built_in && name != before.name {
        return Err(DirectoryError::TemplateBuiltIn);
    }
    let settings = settings.unwrap_or(&before.settings);
    let Some(id) = before.id else {
        return insert(tx, tenant, (STANDARD, true), settings);
    };
    let canonical = name::folded(&name);
    let taken = tx.query_opt(
        "SELECT id FROM account_template WHERE tenant_id = ?1 AND canonical = ?2 AND id <> ?3",
        params![tenant.tenant, &canonical, id],
        |_| Ok(()),
    )?;
    if taken.is_some() || (canonical == STANDARD && !before.built_in) {
        return Err(DirectoryError::TemplateNameTaken(name));
    }
    tx.execute(
        "UPDATE account_template SET name = ?3, canonical = ?4, settings = ?5, updated_at = ?6
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            tenant.tenant,
            id,
            &name,
            &canonical,
            json(settings)?,
            tx.now()
        ],
    )?;
    Ok(id)
}

/// Deletes a template. Accounts that were made of it stay as they are.
///
/// # Errors
/// [`DirectoryError::NoSuchTemplate`], [`DirectoryError::TemplateBuiltIn`].
pub fn delete(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    which: &str,
) -> Result<Template, DirectoryError> {
    let found = find(tx, tenant, which)?;
    if found.built_in {
        return Err(DirectoryError::TemplateBuiltIn);
    }
    tx.execute(
        "DELETE FROM account_template WHERE tenant_id = ?1 AND id = ?2",
        params![tenant.tenant, found.id],
    )?;
    Ok(found)
}

const SELECT: &str = "SELECT id, name, built_in, settings, updated_at FROM account_template";

fn named(text: &str) -> Result<String, DirectoryError> {
    name::tenant_name(text)
}

fn json(settings: &TemplateSettings) -> Result<String, DirectoryError> {
    let checked = settings.checked()?;
    Ok(serde_json::to_string(&checked).expect("invariant: settings of texts and numbers are JSON"))
}

fn insert(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    (name, built_in): (&str, bool),
    settings: &TemplateSettings,
) -> Result<TemplateId, DirectoryError> {
    let id: TemplateId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO account_template
             (id, tenant_id, name, canonical, built_in, settings, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
         ON CONFLICT (tenant_id, canonical) DO NOTHING",
        params![
            id,
            tenant.tenant,
            name,
            name::folded(name),
            built_in,
            json(settings)?,
            tx.now(),
        ],
    )?;
    if inserted == 0 {
        return Err(DirectoryError::TemplateNameTaken(name.to_owned()));
    }
    Ok(id)
}

fn read(row: &Row<'_>) -> Result<Template, DbError> {
    Ok(Template {
        id: row.get(0)?,
        name: row.get(1)?,
        built_in: row.get(2)?,
        settings: serde_json::from_str(row.text(3)?)
            .map_err(|_| unreadable(3, "the settings of a template"))?,
        updated_at: row.get(4)?,
    })
}
