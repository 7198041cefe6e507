//! The catalogue of options and packs that tenants can have beside their plan (OP-05, O-006).
//!
//! Invariants:
//! - An option is known by its code, which never changes.
//! - What a pack adds changes only while no tenant has the option: contracts keep what was agreed.
//! - A retired option stays with those who have it, and nobody else gets it.

mod catalogue;
mod effect;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{OptionId, Timestamp};

pub use catalogue::catalogue;
pub use effect::Effect;

use crate::{
    DirectoryError, PlatformScope, name,
    stored::{from_json, to_json},
};

/// Characters of an option's code at most: it is a word in files and on command lines.
pub const MAX_CODE_CHARS: usize = 40;

/// One option of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueOption {
    /// Its id.
    pub id: OptionId,
    /// The word for programs.
    pub code: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// What a pack holds, in Japanese.
    pub unit_ja: String,
    /// What a pack holds, in English.
    pub unit_en: String,
    /// For people: the house does no billing.
    pub price_label: String,
    /// How many packs a tenant can have; `None`: any number.
    pub max_packs: Option<u32>,
    /// The code of the option that must be there first.
    pub needs: Option<String>,
    /// What one pack adds.
    pub effect: Effect,
    /// Since when nobody can order it any more.
    pub retired_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

/// An option to add to the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOption {
    /// The word for programs: lower-case letters, digits and `_`.
    pub code: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// What a pack holds, in Japanese.
    pub unit_ja: String,
    /// What a pack holds, in English.
    pub unit_en: String,
    /// For people.
    pub price_label: String,
    /// How many packs a tenant can have; `None`: any number.
    pub max_packs: Option<u32>,
    /// The code of the option that must be there first.
    pub needs: Option<String>,
    /// What one pack adds.
    pub effect: Effect,
}

/// What to change of an option.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionChange {
    /// Another Japanese name.
    pub name_ja: Option<String>,
    /// Another English name.
    pub name_en: Option<String>,
    /// Another Japanese unit.
    pub unit_ja: Option<String>,
    /// Another English unit.
    pub unit_en: Option<String>,
    /// Another price label.
    pub price_label: Option<String>,
    /// Another most; who has more keeps them.
    pub max_packs: Option<Option<u32>>,
    /// Another effect, while no tenant has the option.
    pub effect: Option<Effect>,
    /// Retired, or offered again.
    pub retired: Option<bool>,
}

pub(crate) const COLUMNS: &str = "o.id, o.code, o.name_ja, o.name_en, o.unit_ja, o.unit_en, \
     o.price_label, o.max_packs, o.needs, o.effect, o.retired_at, o.created_at, o.updated_at";

/// How many columns [`COLUMNS`] has.
pub(crate) const COLUMN_COUNT: usize = 13;

/// Adds an option to the catalogue.
///
/// # Errors
/// [`DirectoryError::OptionTaken`], [`DirectoryError::OptionInvalid`],
/// [`DirectoryError::NoSuchOption`] when the one it adds to is not there,
/// [`DirectoryError::NameInvalid`].
pub fn create(
    tx: &WriteTx<'_>,
    operator: PlatformScope,
    new: &NewOption,
) -> Result<OptionId, DirectoryError> {
    check_code(&new.code)?;
    check_max(new.max_packs)?;
    if let Some(base) = &new.needs {
        find_by_code(tx, operator, base)?;
    }
    let id: OptionId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO catalogue_option (id, code, name_ja, name_en, unit_ja, unit_en, price_label,
             max_packs, needs, effect, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
         ON CONFLICT (code) DO NOTHING",
        params![
            id,
            &new.code,
            name::tenant_name(&new.name_ja)?,
            name::tenant_name(&new.name_en)?,
            name::display_name(&new.unit_ja)?,
            name::display_name(&new.unit_en)?,
            name::display_name(&new.price_label)?,
            new.max_packs,
            new.needs.as_deref(),
            to_json(&new.effect),
            tx.now(),
        ],
    )?;
    if inserted == 0 {
        return Err(DirectoryError::OptionTaken(new.code.clone()));
    }
    Ok(id)
}

/// The option of a code.
///
/// # Errors
/// [`DirectoryError::NoSuchOption`].
pub fn find_by_code(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    code: &str,
) -> Result<CatalogueOption, DirectoryError> {
    by_code(tx, code, "")
}

/// The option of an id.
///
/// # Errors
/// [`DirectoryError::NoSuchOption`].
pub fn find(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    id: OptionId,
) -> Result<CatalogueOption, DirectoryError> {
    by_id(tx, id, "")
}

/// Which options a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// Those that can be ordered.
    Only,
    /// Also the retired ones.
    AndRetired,
}

/// Up to `limit` options in the order of their codes, from after the named one on. The catalogue is
/// no secret: tenants see what they can order.
pub fn list(
    tx: &Tx<'_>,
    offered: Offered,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<CatalogueOption>, DirectoryError> {
    let params = params![after.unwrap_or_default(), limit];
    Ok(tx.query(&list_statement(offered), params, option)?)
}

fn list_statement(offered: Offered) -> String {
    let only = match offered {
        Offered::Only => "AND o.retired_at IS NULL",
        Offered::AndRetired => "",
    };
    format!(
        "SELECT {COLUMNS} FROM catalogue_option o WHERE o.code > ?1 {only} ORDER BY o.code LIMIT ?2"
    )
}

/// Changes an option.
///
/// # Errors
/// [`DirectoryError::NoSuchOption`], [`DirectoryError::OptionInUse`] for another effect while
/// tenants have it, and those of [`create`].
pub fn update(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    id: OptionId,
    change: &OptionChange,
) -> Result<(), DirectoryError> {
    let before = by_id(tx, id, "FOR UPDATE")?;
    let effect = change.effect.as_ref().unwrap_or(&before.effect);
    if *effect != before.effect && is_used(tx, id)? {
        return Err(DirectoryError::OptionInUse(before.code));
    }
    let max_packs = change.max_packs.unwrap_or(before.max_packs);
    check_max(max_packs)?;
    let retired_at = match change.retired {
        Some(true) => before.retired_at.or(Some(tx.now())),
        Some(false) => None,
        None => before.retired_at,
    };
    tx.execute(
        "UPDATE catalogue_option SET name_ja = ?2, name_en = ?3, unit_ja = ?4, unit_en = ?5,
             price_label = ?6, max_packs = ?7, effect = ?8, retired_at = ?9, updated_at = ?10
         WHERE id = ?1",
        params![
            id,
            name::tenant_name(change.name_ja.as_ref().unwrap_or(&before.name_ja))?,
            name::tenant_name(change.name_en.as_ref().unwrap_or(&before.name_en))?,
            name::display_name(change.unit_ja.as_ref().unwrap_or(&before.unit_ja))?,
            name::display_name(change.unit_en.as_ref().unwrap_or(&before.unit_en))?,
            name::display_name(change.price_label.as_ref().unwrap_or(&before.price_label))?,
            max_packs,
            to_json(effect),
            retired_at,
            tx.now(),
        ],
    )?;
    Ok(())
}

/// The option of a code, locked: nobody changes what a pack adds while a tenant gets one.
///
/// # Errors
/// [`DirectoryError::NoSuchOption`].
pub fn lock_by_code(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    code: &str,
) -> Result<CatalogueOption, DirectoryError> {
    by_code(tx, code, "FOR UPDATE")
}

fn by_code(tx: &Tx<'_>, code: &str, lock: &str) -> Result<CatalogueOption, DirectoryError> {
    let shown: String = code.chars().take(MAX_CODE_CHARS).collect();
    if code.contains('\0') {
        return Err(DirectoryError::NoSuchOption(shown));
    }
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM catalogue_option o WHERE o.code = ?1 {lock}"),
        params![code],
        option,
    )?
    .ok_or(DirectoryError::NoSuchOption(shown))
}

fn by_id(tx: &Tx<'_>, id: OptionId, lock: &str) -> Result<CatalogueOption, DirectoryError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM catalogue_option o WHERE o.id = ?1 {lock}"),
        params![id],
        option,
    )?
    .ok_or_else(|| DirectoryError::NoSuchOption(id.to_string()))
}

fn is_used(tx: &Tx<'_>, id: OptionId) -> Result<bool, DbError> {
    let found = tx.query_opt(
        "SELECT 1 FROM tenant_option WHERE option_id = ?1 LIMIT 1",
        params![id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn check_code(code: &str) -> Result<(), DirectoryError> {
    let is_word = code.starts_with(|c: char| c.is_ascii_lowercase())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_word && code.len() <= MAX_CODE_CHARS {
        return Ok(());
    }
    Err(DirectoryError::OptionInvalid {
        field: "code",
        detail: format!("must be a word of a-z, 0-9 and _, up to {MAX_CODE_CHARS} characters"),
    })
}

fn check_max(max_packs: Option<u32>) -> Result<(), DirectoryError> {
    if max_packs == Some(0) {
        return Err(DirectoryError::OptionInvalid {
            field: "max_packs",
            detail: "must be 1 or more; null is any number".to_owned(),
        });
    }
    Ok(())
}

pub(crate) fn option(row: &Row<'_>) -> Result<CatalogueOption, DbError> {
    Ok(CatalogueOption {
        id: row.get(0)?,
        code: row.get(1)?,
        name_ja: row.get(2)?,
        name_en: row.get(3)?,
        unit_ja: row.get(4)?,
        unit_en: row.get(5)?,
        price_label: row.get(6)?,
        max_packs: row.get(7)?,
        needs: row.get(8)?,
        effect: from_json(row, 9, "the effect of an option")?,
        retired_at: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_catalogue_is_listed_by_an_index() {
        for offered in [Offered::Only, Offered::AndRetired] {
            hikyaku_db::testing::assert_only_searches(list_statement(offered), 2).await;
        }
    }

    #[test]
    fn codes_are_words() {
        for good in ["accounts_10", "a", "ssl"] {
            check_code(good).unwrap();
        }
        let long = "a".repeat(MAX_CODE_CHARS + 1);
        for bad in ["", "1a", "A", "a-b", "ü", "a b", long.as_str()] {
            assert!(check_code(bad).is_err(), "{bad:?}");
        }
    }
}
