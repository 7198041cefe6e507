//! Pools: what the mailboxes of a tenant, or of one of its domains, may hold together (C-02,
//! O-013), and the lock of a pool that stays above it (C-03, C-20, O-014, O-015).
//!
//! Invariants:
//! - Nothing here is written on the way of a message. A pool is measured aside, from time to time
//!   ([`record`]); what routing reads of it is whether it is locked, with the recipient it finds.
//! - A pool is changed under the lock of its row: a measurement and an operator see each other.
//! - Only mail in mailboxes counts: not what can be restored, and not what is in quarantine
//!   (O-016), because neither is a placement in a mailbox ([`Totals`] comes from the accounts'
//!   own counters).
//! - A mailbox belongs to the pool of its tenant, and to that of the domain of its own address.
//!   Mail is refused where it would make a locked pool larger, whatever the address that leads
//!   there.

mod contracted;
mod operate;
mod policy;
mod read;
mod record;
mod row;
mod state;

use hikyaku_types::{ByteSize, DomainId, Timestamp};

pub use contracted::{Contracted, contracted, contracted_of, set_domain_pool};
pub use operate::{extend, find, release};
pub use policy::{UsagePolicy, policy, set_policy};
pub use read::{
    SendingOf, Summary, is_sending_blocked, load, of_tenant, sending_of, summary, troubled,
};
pub(crate) use record::reply_of;
pub use record::{Recorded, forget_gone, record};
pub use state::{
    Band, Event, Found, Gap, LONGEST_STEP, MAX_EXTRA_HOURS, NOTICE_HYSTERESIS_PERCENT, Over,
    Standing, elapsed, percent,
};

use crate::TenantScope;

/// Which pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PoolKey {
    /// Whose.
    pub tenant: TenantScope,
    /// The domain whose own it is; nothing: it is the tenant's.
    pub domain: Option<DomainId>,
}

impl PoolKey {
    /// The pool of a whole tenant.
    pub const fn of_tenant(tenant: TenantScope) -> Self {
        Self {
            tenant,
            domain: None,
        }
    }

    /// The number by which people name it: the domain's id, or the tenant's.
    pub fn id(self) -> i64 {
        let tenant = hikyaku_types::Id::to_i64(self.tenant.tenant);
        self.domain.map_or(tenant, hikyaku_types::Id::to_i64)
    }

    /// The number that stands for the domain in the tables: 0 is the whole tenant, and no id.
    pub fn domain_number(self) -> i64 {
        self.domain.map_or(0, hikyaku_types::Id::to_i64)
    }
}

/// What the mailboxes of a pool hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Bytes, each message of a mailbox once.
    pub used: ByteSize,
    /// Messages.
    pub messages: u64,
    /// Mailboxes.
    pub accounts: u64,
    /// What they may hold one by one, added up: more than the limit is oversold (F-54).
    pub allocated: ByteSize,
    /// How many of them have no limit of their own.
    pub unlimited: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.used.0 = self.used.0.saturating_add(other.used.0);
        self.messages = self.messages.saturating_add(other.messages);
        self.accounts = self.accounts.saturating_add(other.accounts);
        self.allocated.0 = self.allocated.0.saturating_add(other.allocated.0);
        self.unlimited = self.unlimited.saturating_add(other.unlimited);
    }
}

/// A pool as it was measured last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// Which one.
    pub key: PoolKey,
    /// The name of the tenant or domain.
    pub name: String,
    /// What it holds.
    pub totals: Totals,
    /// What it may hold; 0: no limit.
    pub limit: ByteSize,
    /// Hours above 100 % until it is locked, by the contract.
    pub grace_hours: u32,
    /// Where it stands.
    pub standing: Standing,
    /// When that was.
    pub measured_at: Timestamp,
}

impl Pool {
    /// Full percents that are used.
    pub fn percent(&self) -> u64 {
        percent(self.totals.used, self.limit)
    }

    /// When it will be locked if nothing changes.
    pub fn locks_at(&self) -> Option<Timestamp> {
        let left = self.standing.left(self.grace_hours)?;
        Some(self.measured_at.plus(left))
    }
}
