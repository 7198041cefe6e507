//! Plans: what the operator sells, as data (OP-04).
//!
//! Invariants:
//! - A plan's terms are checked before they are stored, and every change of them is a new revision.
//! - Tenants keep the terms that were applied to them ([`crate::contracts`]): a change of a plan
//!   changes nobody's contract until it is applied.
//! - Only a published plan is given to tenants; a retired one stays with those who have it.

mod feature;
mod presets;
mod seats;
mod terms;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{PlanId, Timestamp};

pub use feature::{Feature, FeatureError};
pub use presets::{Preset, presets};
pub use seats::SeatTerms;
pub use terms::{
    DEFAULT_LOCK_GRACE_HOURS, DayRange, ListTerms, MAX_ARCHIVE_YEARS, MAX_LOCK_GRACE_HOURS,
    MAX_PLAN_RECIPIENTS, MAX_QUARANTINE_DAYS, NotContracted, OverAction, OverQuotaReply, QuotaMode,
    Service, ServicesByZone, Terms, UnverifiedDomains, Zone,
};

use crate::{
    DirectoryError, PlatformScope, name,
    stored::{Stored, from_json, to_json},
};

/// A wrong field of terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {detail}")]
pub struct TermsError {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

/// Whether a plan can be given to tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanStatus {
    /// Not yet.
    Draft,
    /// It can.
    Published,
    /// No more; who has it keeps it.
    Retired,
}

impl Stored for PlanStatus {
    const NAME: &'static str = "a plan status";

    fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "draft" => Some(Self::Draft),
            "published" => Some(Self::Published),
            "retired" => Some(Self::Retired),
            _ => None,
        }
    }
}

impl std::fmt::Display for PlanStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// One plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// The name, unique without regard to case and width.
    pub name: String,
    /// Whether tenants can have it.
    pub status: PlanStatus,
    /// Of the terms, from 1.
    pub revision: u64,
    /// For people.
    pub description: String,
    /// For people: the house does no billing.
    pub price_label: String,
    /// What it promises.
    pub terms: Terms,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

/// A plan to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    /// The name, unique without regard to case and width.
    pub name: String,
    /// For people.
    pub description: String,
    /// For people.
    pub price_label: String,
    /// What it promises.
    pub terms: Terms,
}

/// What to change of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanChange {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another price label.
    pub price_label: Option<String>,
    /// Other terms: another revision, if they differ.
    pub terms: Option<Terms>,
}

const COLUMNS: &str =
    "id, name, status, revision, description, price_label, terms, created_at, updated_at";

/// Creates a plan as a draft.
///
/// # Errors
/// [`DirectoryError::PlanNameTaken`], [`DirectoryError::NameInvalid`], [`DirectoryError::Terms`].
pub fn create(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    new: &NewPlan,
) -> Result<PlanId, DirectoryError> {
    new.terms.check()?;
    let name = name::tenant_name(&new.name)?;
    let id: PlanId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO plan (id, name, canonical, status, revision, description, price_label, terms,
             created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?8)
         ON CONFLICT (canonical) DO NOTHING",
        params![
            id,
            &name,
            name::folded(&name),
            PlanStatus::Draft.word(),
            name::note(&new.description)?,
            name::display_name(&new.price_label)?,
            to_json(&new.terms),
            tx.now(),
        ],
    )?;
    if inserted == 0 {
        return Err(DirectoryError::PlanNameTaken(name));
    }
    Ok(id)
}

/// The plan of an id.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`].
pub fn find(tx: &Tx<'_>, _operator: PlatformScope, id: PlanId) -> Result<Plan, DirectoryError> {
    by_id(tx, id, "")
}

/// The plan of an id, locked for this transaction.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`].
pub fn lock(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    id: PlanId,
) -> Result<Plan, DirectoryError> {
    by_id(tx, id, "FOR UPDATE")
}

/// The plan of a name, in any spelling that is the same name.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`].
pub fn find_by_name(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    name: &str,
) -> Result<Plan, DirectoryError> {
    let wanted: String = name.chars().take(name::MAX_NAME_CHARS).collect();
    let unknown = || DirectoryError::NoSuchPlan(wanted.clone());
    let canonical = name::tenant_name(name).map_err(|_| unknown())?;
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM plan WHERE canonical = ?1"),
        params![name::folded(&canonical)],
        plan,
    )?
    .ok_or_else(unknown)
}

/// Up to `limit` plans in the order of their folded names, from after the named one on.
pub fn list(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Plan>, DirectoryError> {
    let after = after.map(name::folded).unwrap_or_default();
    Ok(tx.query(&list_statement(), params![after, limit], plan)?)
}

fn list_statement() -> String {
    format!("SELECT {COLUMNS} FROM plan WHERE canonical > ?1 ORDER BY canonical LIMIT ?2")
}

/// Changes a plan. Contracts keep what was applied to them.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`] and those of [`create`].
pub fn update(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    id: PlanId,
    change: &PlanChange,
) -> Result<(), DirectoryError> {
    let before = by_id(tx, id, "FOR UPDATE")?;
    let name = match &change.name {
        Some(name) => name::tenant_name(name)?,
        None => before.name,
    };
    let terms = change.terms.as_ref().unwrap_or(&before.terms);
    terms.check()?;
    let revision = before.revision + u64::from(*terms != before.terms);
    let canonical = name::folded(&name);
    let updated = tx.execute(
        "UPDATE plan SET name = ?2, canonical = ?3, revision = ?4, description = ?5,
             price_label = ?6, terms = ?7, updated_at = ?8
         WHERE id = ?1
           AND NOT EXISTS (SELECT 1 FROM plan other WHERE other.canonical = ?3 AND other.id <> ?1)",
        params![
            id,
            &name,
            &canonical,
            i64::try_from(revision).unwrap_or(i64::MAX),
            name::note(change.description.as_ref().unwrap_or(&before.description))?,
            name::display_name(change.price_label.as_ref().unwrap_or(&before.price_label))?,
            to_json(terms),
            tx.now(),
        ],
    )?;
    if updated == 0 {
        return Err(DirectoryError::PlanNameTaken(name));
    }
    Ok(())
}

/// Publishes or retires a plan.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`]; [`DirectoryError::PlanStatus`] for a way back to a draft.
pub fn set_status(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    id: PlanId,
    status: PlanStatus,
) -> Result<(), DirectoryError> {
    let before = by_id(tx, id, "FOR UPDATE")?;
    if status == PlanStatus::Draft && before.status != PlanStatus::Draft {
        return Err(DirectoryError::PlanStatus {
            plan: before.name,
            status: before.status,
        });
    }
    tx.execute(
        "UPDATE plan SET status = ?2, updated_at = ?3 WHERE id = ?1",
        params![id, status.word(), tx.now()],
    )?;
    Ok(())
}

/// Removes a plan that no tenant has.
///
/// # Errors
/// [`DirectoryError::NoSuchPlan`], [`DirectoryError::PlanInUse`].
pub fn delete(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    id: PlanId,
) -> Result<(), DirectoryError> {
    let before = by_id(tx, id, "FOR UPDATE")?;
    let used = tx.query_opt(
        "SELECT 1 FROM contract WHERE plan_id = ?1 LIMIT 1",
        params![id],
        |_| Ok(()),
    )?;
    if used.is_some() {
        return Err(DirectoryError::PlanInUse(before.name));
    }
    tx.execute("DELETE FROM plan WHERE id = ?1", params![id])?;
    Ok(())
}

/// The plan of an id, with `FOR UPDATE` locked.
pub(crate) fn by_id(tx: &Tx<'_>, id: PlanId, lock: &str) -> Result<Plan, DirectoryError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM plan WHERE id = ?1 {lock}"),
        params![id],
        plan,
    )?
    .ok_or_else(|| DirectoryError::NoSuchPlan(id.to_string()))
}

fn plan(row: &Row<'_>) -> Result<Plan, DbError> {
    Ok(Plan {
        id: row.get(0)?,
        name: row.get(1)?,
        status: PlanStatus::read(row, 2)?,
        revision: row.get(3)?,
        description: row.get(4)?,
        price_label: row.get(5)?,
        terms: from_json(row, 6, "terms of a plan")?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plans_are_listed_by_an_index() {
        hikyaku_db::testing::assert_only_searches(list_statement(), 2).await;
    }
}
