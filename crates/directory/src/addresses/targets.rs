//! Aliases with everything: several targets, who may send as them, until when they hold (F-53).
//!
//! An alias with one target says so in its own row, which is all that a delivery reads. One with
//! several has them all in `alias_target`, and its own id in `spread_id`; `account_id` is then the
//! first of them.

use std::collections::HashMap;

use hikyaku_db::{DbError, Hint, Row, Tx, Value, WriteTx, params, sql::in_list, sql::values_list};
use hikyaku_types::{AddressId, DomainId, EmailAddress, Timestamp};

use super::insert::{Stands, insert};
use crate::{
    AccountScope, DirectoryError, Reach, TenantScope, accounts,
    domains::{self, stored_domain},
    stored::unreadable,
};

/// Targets of one alias at most: a team. For more there are mailing lists, which also know who may
/// write to them.
pub const MAX_TARGETS: usize = 100;
/// Targets of one statement.
const ROWS: usize = 10;
/// Aliases whose targets one statement reads.
const CHUNK: usize = 50;

/// Whether an alias works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AliasState {
    /// It does, until it expires.
    #[default]
    Enabled,
    /// Mail for it is refused as for an unknown address; not even the catch-all gets it.
    Disabled,
}

impl From<bool> for AliasState {
    fn from(enabled: bool) -> Self {
        if enabled {
            Self::Enabled
        } else {
            Self::Disabled
        }
    }
}

/// Whether a target may send as the alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaySend {
    /// It may.
    #[default]
    Yes,
    /// It only receives.
    No,
}

impl From<bool> for MaySend {
    fn from(may: bool) -> Self {
        if may { Self::Yes } else { Self::No }
    }
}

/// One account that gets the mail of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The account.
    pub scope: AccountScope,
    /// Whether it may send as the alias.
    pub may_send: MaySend,
}

/// A target with its address, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownTarget {
    /// The target.
    pub target: Target,
    /// The account's own address.
    pub address: EmailAddress,
}

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alias {
    /// Its id.
    pub id: AddressId,
    /// Whose it is.
    pub tenant: TenantScope,
    /// Its domain.
    pub domain: DomainId,
    /// The address as entered.
    pub address: EmailAddress,
    /// Living accounts that get its mail, by address. Empty when all of them are deleted.
    pub targets: Vec<ShownTarget>,
    /// Whether it works.
    pub state: AliasState,
    /// From when on it does not work any more.
    pub expires_at: Option<Timestamp>,
    /// A note for administrators.
    pub note: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What an administrator decides about an alias.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AliasSettings {
    /// The accounts that get its mail, all of the alias's tenant; at least one.
    pub targets: Vec<Target>,
    /// Whether it works.
    pub state: AliasState,
    /// From when on it does not work any more.
    pub expires_at: Option<Timestamp>,
    /// A note for administrators.
    pub note: String,
}

/// Creates an alias.
///
/// # Errors
/// [`DirectoryError::NameTaken`] (T-035), [`DirectoryError::NoSuchDomain`],
/// [`DirectoryError::NobodyIsCatchAll`], [`DirectoryError::AddressNeedsQuotes`],
/// [`DirectoryError::NoSuchAccount`] for a target, [`DirectoryError::FieldInvalid`].
pub fn create(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    address: &EmailAddress,
    settings: &AliasSettings,
) -> Result<AddressId, DirectoryError> {
    let domain = domains::of_new_address(tx, tenant, address)?;
    let targets = checked(tx, tenant, &settings.targets)?;
    let first = targets.first().ok_or_else(none)?;
    let id = insert(tx, first.scope, domain.id, Stands::Alias, address)?;
    write(tx, id, settings, &targets)?;
    tx.hint(Hint::Directory);
    Ok(id)
}

/// Gives an alias other settings, all of them.
///
/// # Errors
/// [`DirectoryError::NoSuchAlias`], [`DirectoryError::NoSuchAccount`] for a target,
/// [`DirectoryError::FieldInvalid`].
pub fn change(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    alias: &EmailAddress,
    settings: &AliasSettings,
) -> Result<(), DirectoryError> {
    let targets = checked(tx, tenant, &settings.targets)?;
    let id: AddressId = tx
        .query_opt(
            "SELECT id FROM address
             WHERE tenant_id = ?1 AND canonical = ?2 AND kind = 'alias' FOR UPDATE",
            params![tenant.tenant, alias.canonical()],
            |row| row.get(0),
        )?
        .ok_or_else(|| DirectoryError::NoSuchAlias(alias.clone()))?;
    tx.execute(
        "DELETE FROM alias_target WHERE address_id = ?1",
        params![id],
    )?;
    write(tx, id, settings, &targets)?;
    tx.hint(Hint::Directory);
    Ok(())
}

/// Locks an alias for a caller that looks at it before it changes it.
///
/// # Errors
/// [`DirectoryError::Db`], also when it is gone.
pub fn lock(tx: &WriteTx<'_>, id: AddressId) -> Result<(), DirectoryError> {
    Ok(tx.query_one(
        "SELECT id FROM address WHERE id = ?1 FOR UPDATE",
        params![id],
        |_| Ok(()),
    )?)
}

/// The alias of an address, within reach.
///
/// # Errors
/// [`DirectoryError::NoSuchAlias`].
pub fn find(tx: &Tx<'_>, reach: impl Reach, alias: &EmailAddress) -> Result<Alias, DirectoryError> {
    let found = tx.query_opt(
        &format!("{SELECT} WHERE a.canonical = ?1 AND a.kind = 'alias'"),
        params![alias.canonical()],
        read,
    )?;
    let found = found
        .filter(|found| reach.covers(found.tenant.tenant))
        .ok_or_else(|| DirectoryError::NoSuchAlias(alias.clone()))?;
    let mut found = [found];
    load_targets(tx, &mut found)?;
    let [found] = found;
    Ok(found)
}

/// Which aliases to list, and which part of the list.
#[derive(Debug, Clone, Copy, Default)]
pub struct AliasList<'a> {
    /// Only aliases in these domains; all within reach when there is none.
    pub domains: &'a [DomainId],
    /// Only aliases of this account.
    pub account: Option<AccountScope>,
    /// Only aliases after this one: the last one of the page before.
    pub after: Option<&'a EmailAddress>,
    /// At most so many, up to [`accounts::MAX_PAGE`].
    pub limit: u32,
}

/// Aliases within reach in the order of their canonical addresses, each with its targets.
pub fn page(
    tx: &Tx<'_>,
    reach: impl Reach,
    list: AliasList<'_>,
) -> Result<Vec<Alias>, DirectoryError> {
    let after = list.after.map(EmailAddress::canonical).unwrap_or_default();
    let limit = list.limit.min(accounts::MAX_PAGE);
    let mut values: Vec<Value<'_>> = params![after, limit].to_vec();
    let mut conditions = String::new();
    let tenant = list.account.map(|scope| scope.tenant).or(reach.tenant());
    if let Some(tenant) = tenant {
        if !reach.covers(tenant) {
            return Ok(Vec::new());
        }
        conditions.push_str(" AND a.tenant_id = ?3");
        values.push(tenant.into());
    }
    if let Some(scope) = list.account {
        conditions.push_str(
            " AND a.id IN (SELECT b.id FROM address b WHERE b.tenant_id = ?3 AND b.account_id = ?4
                 UNION SELECT x.address_id FROM alias_target x
                 WHERE x.tenant_id = ?3 AND x.account_id = ?4)",
        );
        values.push(scope.account.into());
    }
    if !list.domains.is_empty() {
        let first = values.len() + 1;
        let domains = in_list(first, list.domains.len());
        let condition = format!(" AND a.domain_id IN ({domains})");
        conditions.push_str(&condition);
        values.extend(list.domains.iter().map(|id| Value::from(*id)));
    }
    let sql = format!(
        "{SELECT} WHERE a.kind = 'alias' AND a.canonical > ?1{conditions}
         ORDER BY a.canonical LIMIT ?2"
    );
    let mut found = tx.query(&sql, &values, read)?;
    load_targets(tx, &mut found)?;
    Ok(found)
}

const SELECT: &str = "SELECT a.id, a.tenant_id, a.domain_id, a.local_part, d.name, a.enabled, \
     a.expires_at, a.note, a.created_at FROM address a JOIN domain d ON d.id = a.domain_id";

fn read(row: &Row<'_>) -> Result<Alias, DbError> {
    Ok(Alias {
        id: row.get(0)?,
        tenant: TenantScope {
            tenant: row.get(1)?,
        },
        domain: row.get(2)?,
        address: address(row, 3)?,
        targets: Vec::new(),
        state: row.get::<bool>(5)?.into(),
        expires_at: row.get(6)?,
        note: row.get(7)?,
        created_at: row.get(8)?,
    })
}

fn address(row: &Row<'_>, column: usize) -> Result<EmailAddress, DbError> {
    EmailAddress::from_quoted(row.text(column)?, stored_domain(row, column + 1)?)
        .map_err(|_| unreadable(column, "a local part"))
}

/// Reads the living targets of aliases, some at a time.
fn load_targets(tx: &Tx<'_>, aliases: &mut [Alias]) -> Result<(), DirectoryError> {
    let sql = format!(
        "SELECT a.id, acc.tenant_id, acc.id, own.local_part, d.name,
                COALESCE(x.may_send, a.may_send)
         FROM address a
         LEFT JOIN alias_target x ON x.address_id = a.spread_id
         JOIN account acc ON acc.id = COALESCE(x.account_id, a.account_id)
              AND acc.deleted_at IS NULL
         JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
         JOIN domain d ON d.id = own.domain_id
         WHERE a.id IN ({})",
        in_list(1, CHUNK)
    );
    let mut found: HashMap<AddressId, Vec<ShownTarget>> = HashMap::new();
    for chunk in aliases.chunks(CHUNK) {
        let padded = chunk.iter().chain(chunk.last().into_iter().cycle());
        let ids: Vec<Value<'_>> = padded.take(CHUNK).map(|alias| alias.id.into()).collect();
        tx.query(&sql, &ids, |row| {
            let target = ShownTarget {
                target: Target {
                    scope: AccountScope {
                        tenant: row.get(1)?,
                        account: row.get(2)?,
                    },
                    may_send: row.get::<bool>(5)?.into(),
                },
                address: address(row, 3)?,
            };
            found.entry(row.get(0)?).or_default().push(target);
            Ok(())
        })?;
    }
    for alias in aliases {
        let mut targets = found.remove(&alias.id).unwrap_or_default();
        targets.sort_by_cached_key(|target| target.address.canonical());
        alias.targets = targets;
    }
    Ok(())
}

fn none() -> DirectoryError {
    DirectoryError::FieldInvalid {
        field: "targets",
        detail: "has no account: an alias needs at least one".to_owned(),
    }
}

/// The targets, each once, locked in the order of their ids.
fn checked(
    tx: &Tx<'_>,
    tenant: TenantScope,
    targets: &[Target],
) -> Result<Vec<Target>, DirectoryError> {
    let mut sorted = targets.to_vec();
    sorted.sort_by_key(|target| target.scope);
    sorted.dedup_by_key(|target| target.scope);
    if sorted.is_empty() {
        return Err(none());
    }
    if sorted.len() > MAX_TARGETS {
        return Err(DirectoryError::FieldInvalid {
            field: "targets",
            detail: format!("has more than {MAX_TARGETS} accounts: make a mailing list"),
        });
    }
    for target in &sorted {
        if target.scope.tenant != tenant.tenant {
            return Err(accounts::unknown(target.scope));
        }
        accounts::lock(tx, target.scope)?;
    }
    Ok(sorted)
}

fn write(
    tx: &WriteTx<'_>,
    id: AddressId,
    settings: &AliasSettings,
    targets: &[Target],
) -> Result<(), DirectoryError> {
    let first = targets.first().ok_or_else(none)?;
    let spread = (targets.len() > 1).then_some(id);
    let note = accounts::line("note", &settings.note)?;
    tx.execute(
        "UPDATE address SET account_id = ?2, spread_id = ?3, may_send = ?4, enabled = ?5,
             expires_at = ?6, note = ?7 WHERE id = ?1",
        params![
            id,
            first.scope.account,
            spread,
            first.may_send == MaySend::Yes,
            settings.state == AliasState::Enabled,
            settings.expires_at,
            note,
        ],
    )?;
    if spread.is_none() {
        return Ok(());
    }
    for chunk in targets.chunks(ROWS) {
        let mut values: Vec<Value<'_>> = Vec::with_capacity(chunk.len() * 4);
        for target in chunk {
            let may_send = target.may_send == MaySend::Yes;
            let (account, tenant) = (target.scope.account, target.scope.tenant);
            values.extend_from_slice(params![id, account, tenant, may_send]);
        }
        tx.execute(
            &format!(
                "INSERT INTO alias_target (address_id, account_id, tenant_id, may_send) VALUES {}",
                values_list(1, chunk.len(), 4)
            ),
            &values,
        )?;
    }
    Ok(())
}
