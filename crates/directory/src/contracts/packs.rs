//! The options of a contract and how many packs of each.

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_types::Timestamp;

use super::{change, lock};
use crate::{
    DirectoryError, PlatformScope, TenantScope,
    options::{self, CatalogueOption},
};

/// An option that a tenant has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contracted {
    /// The option.
    pub option: CatalogueOption,
    /// How many packs.
    pub packs: u32,
    /// Since when, or since when so many.
    pub since_at: Timestamp,
}

/// Sets how many packs of an option a tenant has; 0 takes it away. In force at once.
///
/// # Errors
/// [`DirectoryError::NoPlan`] for a tenant that has everything already,
/// [`DirectoryError::NoSuchOption`], [`DirectoryError::OptionRetired`] for more packs than before,
/// [`DirectoryError::TooManyPacks`], [`DirectoryError::OptionNeeds`].
pub fn set_packs(
    tx: &WriteTx<'_>,
    operator: PlatformScope,
    scope: TenantScope,
    code: &str,
    packs: u32,
) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    let option = options::lock_by_code(tx, operator, code)?;
    let before = of(tx, scope)?;
    let had = before.iter().find(|had| had.option.id == option.id);
    let had = had.map_or(0, |had| had.packs);
    check(&option, &before, had, packs)?;
    if packs == 0 {
        tx.execute(
            "DELETE FROM tenant_option WHERE tenant_id = ?1 AND option_id = ?2",
            params![scope.tenant, option.id],
        )?;
    } else if packs != had {
        tx.execute(
            "INSERT INTO tenant_option (tenant_id, option_id, packs, since_at)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant_id, option_id) DO UPDATE SET packs = ?3, since_at = ?4",
            params![scope.tenant, option.id, packs, tx.now()],
        )?;
    }
    change::put_in_force(tx, scope)
}

fn check(
    option: &CatalogueOption,
    before: &[Contracted],
    had: u32,
    packs: u32,
) -> Result<(), DirectoryError> {
    let has = |code: &str| before.iter().any(|had| had.option.code == code);
    if packs == 0 {
        let code = option.code.as_str();
        let above = before
            .iter()
            .find(|had| had.option.needs.as_deref() == Some(code));
        return match above {
            Some(above) => Err(DirectoryError::OptionNeeds {
                option: above.option.code.clone(),
                needs: option.code.clone(),
            }),
            None => Ok(()),
        };
    }
    if option.retired_at.is_some() && packs > had {
        return Err(DirectoryError::OptionRetired(option.code.clone()));
    }
    if let Some(max) = option.max_packs
        && packs > max.max(had)
    {
        return Err(DirectoryError::TooManyPacks {
            option: option.code.clone(),
            max,
        });
    }
    match &option.needs {
        Some(needs) if !has(needs) => Err(DirectoryError::OptionNeeds {
            option: option.code.clone(),
            needs: needs.clone(),
        }),
        _ => Ok(()),
    }
}

/// The options of a tenant, in the order of their codes. The catalogue is short, and one tenant has
/// each of it once at most.
pub(super) fn of(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<Contracted>, DirectoryError> {
    Ok(tx.query(
        &format!(
            "SELECT {}, had.packs, had.since_at FROM tenant_option had
             JOIN catalogue_option o ON o.id = had.option_id
             WHERE had.tenant_id = ?1 ORDER BY o.code",
            options::COLUMNS
        ),
        params![scope.tenant],
        |row| {
            Ok(Contracted {
                option: options::option(row)?,
                packs: row.get(options::COLUMN_COUNT)?,
                since_at: row.get(options::COLUMN_COUNT + 1)?,
            })
        },
    )?)
}
