//! What one pack of an option adds to the terms of a contract.

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_types::ByteSize;
use serde::{Deserialize, Serialize};

use crate::plans::{Feature, Terms};

/// What one pack adds. An option without any effect is a service outside of this program that is
/// ordered the same way (O-054).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Effect {
    /// Gates that it opens.
    pub features: BTreeSet<Feature>,
    /// Further accounts.
    pub seats: u32,
    /// Further domains.
    pub domains: u32,
    /// Further mailing lists.
    pub lists: u32,
    /// Further groups with audit rules of their own.
    pub audit_groups: u32,
    /// A larger pool.
    pub pool_bytes: ByteSize,
    /// Further accounts that may use a feature licensed per account (O-020).
    pub licensed_accounts: BTreeMap<Feature, u32>,
}

impl Effect {
    /// The terms with so many packs more. Where the terms set no limit, none is made.
    pub fn apply(&self, terms: &mut Terms, packs: u32) {
        let add = |limit: &mut Option<u32>, each: u32| {
            if let Some(limit) = limit {
                *limit = limit.saturating_add(each.saturating_mul(packs));
            }
        };
        add(&mut terms.seats.max, self.seats);
        add(&mut terms.max_domains, self.domains);
        add(&mut terms.lists.max_lists, self.lists);
        terms.audit_groups = terms
            .audit_groups
            .saturating_add(self.audit_groups.saturating_mul(packs));
        if let Some(pool) = &mut terms.pool_bytes {
            let more = self.pool_bytes.bytes().saturating_mul(u64::from(packs));
            *pool = ByteSize(pool.bytes().saturating_add(more));
        }
        terms.features.extend(&self.features);
        for (feature, accounts) in &self.licensed_accounts {
            let licensed = terms.licensed_accounts.entry(*feature).or_default();
            *licensed = licensed.saturating_add(accounts.saturating_mul(packs));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::Preset;

    #[test]
    fn packs_add_up_and_make_no_limit_where_there_was_none() {
        let pack = Effect {
            features: BTreeSet::from([Feature::Lists, Feature::SecondSpamEngine]),
            seats: 10,
            lists: 5,
            pool_bytes: ByteSize::mib(1024),
            licensed_accounts: BTreeMap::from([(Feature::SecondSpamEngine, 50)]),
            ..Effect::default()
        };
        let mut terms = Preset::Pooled.plan().terms;
        terms.seats.max = Some(20);
        pack.apply(&mut terms, 3);
        assert_eq!(terms.seats.max, Some(50));
        assert_eq!(terms.lists.max_lists, Some(15));
        assert_eq!(terms.pool_bytes, Some(ByteSize::mib(13 * 1024)));
        assert_eq!(terms.licensed_accounts[&Feature::SecondSpamEngine], 150);
        assert!(terms.includes(Feature::Lists));
        let mut unlimited = Terms::standard();
        pack.apply(&mut unlimited, 3);
        assert_eq!((unlimited.seats.max, unlimited.pool_bytes), (None, None));
    }
}
