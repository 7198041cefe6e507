//! What contracts say of a message, kept in memory so that no message pays a statement for it.
//!
//! What is known of a tenant is dropped with the next hint for the tenant: a plan was applied, a
//! pool was locked. Because a hint may come before a reader's snapshot knows of the change, nothing
//! is believed for longer than [`KNOWN_FOR`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hikyaku_db::{Hint, HintSubscription, Hints, Tx};
use hikyaku_directory::{
    AccountScope, DirectoryError, TenantScope, contracts,
    plans::{OverQuotaReply, Terms},
    pools::{self, SendingOf},
};
use hikyaku_types::{ByteSize, TenantId, Timestamp};

use crate::{Policy, Rejection, policy::MailboxFull};

/// How long what is known of a tenant is believed without a look (1 minute).
pub const KNOWN_FOR: Duration = Duration::from_mins(1);
/// Tenants of which something is known at most (10,000); then all is forgotten and read again.
pub const KNOWN_TENANTS_MAX: usize = 10_000;

/// The limits of a tenant's mail: the contract's, within those of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// The largest message (C-04).
    pub max_message: ByteSize,
    /// The most recipients of one message (K-06).
    pub max_recipients: usize,
    /// The reply for a full mailbox.
    pub mailbox_full: MailboxFull,
    /// Whether its people may send (C-01).
    pub(crate) sending: SendingOf,
}

impl InForce {
    fn new(terms: &Terms, sending: SendingOf, policy: &Policy) -> Self {
        let most = terms
            .max_recipients
            .map_or(usize::MAX, |most| most as usize);
        let largest = terms.max_message_bytes.unwrap_or(policy.max_message);
        Self {
            max_message: largest.min(policy.max_message),
            max_recipients: most.min(policy.max_recipients),
            mailbox_full: match terms.over_quota_reply {
                OverQuotaReply::Temporary => MailboxFull::Defer,
                OverQuotaReply::Permanent => policy.mailbox_full,
            },
            sending,
        }
    }

    /// Refuses a message that is larger than the tenant's may be.
    pub(crate) fn check_size(&self, octets: u64) -> Result<(), Rejection> {
        if octets > self.max_message.bytes() {
            return Err(Rejection::too_big(self.max_message));
        }
        Ok(())
    }
}

/// What is known of tenants.
#[derive(Debug)]
pub(crate) struct Known {
    hints: Hints,
    tenants: Mutex<HashMap<TenantId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    in_force: InForce,
    watch: HintSubscription,
    since: Timestamp,
}

impl Entry {
    /// A clock that went back makes it no younger.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.millis().abs_diff(self.since.millis());
        !self.watch.has_changed() && u128::from(age) < KNOWN_FOR.as_millis()
    }
}

impl Known {
    pub(crate) fn new(hints: Hints) -> Self {
        Self {
            hints,
            tenants: Mutex::default(),
        }
    }

    /// What is in force for a tenant: from memory, or in two statements.
    pub(crate) fn of(
        &self,
        tx: &Tx<'_>,
        tenant: TenantId,
        policy: &Policy,
    ) -> Result<InForce, DirectoryError> {
        let now = tx.now();
        if let Some(entry) = self.lock().get(&tenant).filter(|entry| entry.is_fresh(now)) {
            return Ok(entry.in_force);
        }
        // From before the look: what changes after it is noticed.
        let watch = self.hints.subscribe(Hint::Tenant(tenant));
        let scope = TenantScope { tenant };
        let terms = contracts::terms(tx, scope)?;
        let in_force = InForce::new(&terms, pools::sending_of(tx, scope)?, policy);
        let entry = Entry {
            in_force,
            watch,
            since: now,
        };
        let mut tenants = self.lock();
        if tenants.len() >= KNOWN_TENANTS_MAX {
            tenants.clear();
        }
        tenants.insert(tenant, entry);
        Ok(in_force)
    }

    /// What is in force for an account that sends, when that is known without a look.
    pub(crate) fn of_sender_at_once(
        &self,
        scope: AccountScope,
        now: Timestamp,
    ) -> Option<Result<InForce, Rejection>> {
        let tenants = self.lock();
        let entry = tenants
            .get(&scope.tenant)
            .filter(|entry| entry.is_fresh(now))?;
        match entry.in_force.sending {
            SendingOf::Open => Some(Ok(entry.in_force)),
            SendingOf::Blocked => Some(Err(Rejection::sending_stopped())),
            SendingOf::BlockedInDomains => None,
        }
    }

    /// The same, and refuses to let an account send whose pool is locked, where the contract says
    /// so.
    pub(crate) fn of_sender(
        &self,
        tx: &Tx<'_>,
        scope: AccountScope,
        policy: &Policy,
    ) -> Result<Result<InForce, Rejection>, DirectoryError> {
        let in_force = self.of(tx, scope.tenant, policy)?;
        let blocked = match in_force.sending {
            SendingOf::Open => false,
            SendingOf::Blocked => true,
            SendingOf::BlockedInDomains => pools::is_sending_blocked(tx, scope)?,
        };
        Ok(if blocked {
            Err(Rejection::sending_stopped())
        } else {
            Ok(in_force)
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Entry>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
