//! What was agreed with each tenant: plan, seats, options, and the terms in force that follow.
//!
//! Invariants:
//! - The terms in force are computed when plan, seats or options change, and stored: reading them
//!   is one step in one index ([`terms`]).
//! - A tenant without a plan has [`Terms::standard`]: every function, no limit but the host's.
//! - Everything that a limit of the contract decides on (accounts, domains, plan, options) is
//!   decided under the lock of the tenant's row.

mod change;
mod details;
mod packs;
mod seats;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{ByteSize, DomainId, PlanId, TenantId, Timestamp};

pub use change::{
    Difference, Exceeded, MAX_GRACE_DAYS, OnExcess, PlanOrder, Preview, apply, preview,
    set_grace_days, tenants_of_plan,
};
pub use details::{Contact, Details, MAX_CONTACT_CHARS, MAX_LABELS, Payment, details, set_details};
pub use packs::{Contracted, set_packs};
pub(crate) use seats::domains;
pub use seats::{Seats, check_domain_room, seats, take_seat, take_seats};

use crate::{
    DirectoryError, TenantScope,
    plans::{NotContracted, Terms},
    stored::{from_json, unreadable},
};

/// Days after the end of a contract in which everything stays and can be resumed, unless the
/// contract says otherwise: 30.
pub const DEFAULT_GRACE_DAYS: u16 = 30;

/// A contract in full.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contract {
    /// The plan, if the tenant has one.
    pub plan: Option<PlanInForce>,
    /// Accounts that were ordered, without packs. `None`: as many as the plan has.
    pub seats: Option<u32>,
    /// What is in force.
    pub terms: Terms,
    /// The options it has.
    pub options: Vec<Contracted>,
    /// Days after the end in which everything stays.
    pub grace_days: u16,
    /// Contact, payment and notes.
    pub details: Details,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// The plan of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanInForce {
    /// The plan.
    pub id: PlanId,
    /// Its name.
    pub name: String,
    /// The revision that was applied.
    pub revision: u64,
    /// The revision that the plan has now: it is to be applied when it is a later one.
    pub current_revision: u64,
}

/// The terms in force: one statement.
pub fn terms(tx: &Tx<'_>, scope: TenantScope) -> Result<Terms, DirectoryError> {
    Ok(tx
        .query_opt(TERMS, params![scope.tenant], |row| terms_at(row, 0))?
        .unwrap_or_else(Terms::standard))
}

const TERMS: &str = "SELECT in_force FROM contract WHERE tenant_id = ?1";

/// The contract of a tenant.
pub fn load(tx: &Tx<'_>, scope: TenantScope) -> Result<Contract, DirectoryError> {
    let found = tx.query_opt(
        "SELECT c.in_force, c.seats, c.grace_days, c.details, c.updated_at, c.plan_id,
             c.plan_revision, p.name, p.revision
         FROM contract c LEFT JOIN plan p ON p.id = c.plan_id
         WHERE c.tenant_id = ?1",
        params![scope.tenant],
        contract,
    )?;
    let mut contract = found.unwrap_or_else(|| Contract {
        plan: None,
        seats: None,
        terms: Terms::standard(),
        options: Vec::new(),
        grace_days: DEFAULT_GRACE_DAYS,
        details: Details::default(),
        updated_at: None,
    });
    contract.options = packs::of(tx, scope)?;
    Ok(contract)
}

/// Whose the size of a mailbox is, in one domain (C-02, T-041).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxSize {
    /// Every mailbox of the domain has this one; 0: only the pool counts. Nobody changes it.
    Fixed(ByteSize),
    /// Each mailbox has its own.
    Individual {
        /// What a new one gets; 0: no limit of its own.
        usual: ByteSize,
        /// The most, also for those without a limit of their own.
        ceiling: Option<ByteSize>,
    },
}

/// Who sets the size of the mailboxes of a domain.
///
/// # Errors
/// [`DirectoryError::Db`], also when the tenant has no such domain.
pub fn mailbox_size(
    tx: &Tx<'_>,
    scope: TenantScope,
    domain: DomainId,
) -> Result<MailboxSize, DirectoryError> {
    let tier: Option<ByteSize> = tx.query_one(
        "SELECT mailbox_quota_bytes FROM domain WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, domain],
        |row| row.get(0),
    )?;
    let terms = terms(tx, scope)?;
    Ok(if terms.sizes_are_individual(tier) {
        MailboxSize::Individual {
            usual: terms.mailbox_limit(terms.mailbox_quota_bytes, None),
            ceiling: terms.mailbox_ceiling_bytes,
        }
    } else {
        MailboxSize::Fixed(terms.mailbox_limit(ByteSize(0), tier))
    })
}

impl From<NotContracted> for DirectoryError {
    fn from(gate: NotContracted) -> Self {
        Self::NotContracted(gate.feature)
    }
}

/// Locks a tenant's row for this transaction: what a limit of its contract decides on is decided
/// under this lock.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`].
pub fn lock(tx: &Tx<'_>, scope: TenantScope) -> Result<(), DirectoryError> {
    tx.query_opt(
        "SELECT id FROM tenant WHERE id = ?1 FOR UPDATE",
        params![scope.tenant],
        |_| Ok(()),
    )?
    .ok_or_else(|| DirectoryError::NoSuchTenant(scope.tenant.to_string()))
}

/// Makes the row of a contract where there is none yet. The caller has the lock.
pub(crate) fn ensure(tx: &WriteTx<'_>, tenant: TenantId) -> Result<(), DirectoryError> {
    tx.execute(
        "INSERT INTO contract (tenant_id, grace_days, details, created_at, updated_at)
         VALUES (?1, ?2, '{}', ?3, ?3)
         ON CONFLICT (tenant_id) DO NOTHING",
        params![tenant, DEFAULT_GRACE_DAYS, tx.now()],
    )?;
    Ok(())
}

fn contract(row: &Row<'_>) -> Result<Contract, DbError> {
    let plan = match row.get::<Option<PlanId>>(5)? {
        Some(id) => Some(PlanInForce {
            id,
            revision: row.get(6)?,
            name: row.get(7)?,
            current_revision: row.get(8)?,
        }),
        None => None,
    };
    Ok(Contract {
        plan,
        seats: row.get(1)?,
        terms: terms_at(row, 0)?,
        options: Vec::new(),
        grace_days: u16::try_from(row.get::<u32>(2)?)
            .map_err(|_| unreadable(2, "a number of days"))?,
        details: from_json(row, 3, "the details of a contract")?,
        updated_at: row.get(4)?,
    })
}

/// Terms in a column that is NULL without a plan.
fn terms_at(row: &Row<'_>, index: usize) -> Result<Terms, DbError> {
    match row.get::<Option<String>>(index)? {
        Some(_) => from_json(row, index, "terms in force"),
        None => Ok(Terms::standard()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_terms_in_force_are_one_step_in_an_index() {
        hikyaku_db::testing::assert_only_searches(TERMS.to_owned(), 1).await;
    }
}
