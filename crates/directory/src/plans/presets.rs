//! Plans after the services that the requirements describe, for operators to begin with.

use std::collections::BTreeSet;

use hikyaku_types::ByteSize;

use super::{
    Feature, ListTerms, NewPlan, OverAction, QuotaMode, SeatTerms, Service, ServicesByZone, Terms,
};

/// Plans that are offered, and installed on demand only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// A small host: a size for each mailbox, a ceiling, no pool (000).
    Individual,
    /// A large company's service: one tier for all mailboxes of a domain (001).
    Tiered,
    /// A shared pool with a lock after 24 hours (003).
    Pooled,
}

/// All presets as plans.
pub fn presets() -> [NewPlan; 3] {
    [Preset::Individual, Preset::Tiered, Preset::Pooled].map(Preset::plan)
}

impl Preset {
    /// The plan.
    pub fn plan(self) -> NewPlan {
        let (name, description, terms) = match self {
            Self::Individual => (
                "000 style",
                "A size for each mailbox, 20 MB usually, and 250 MB at most. No pool.",
                individual(),
            ),
            Self::Tiered => (
                "001 style",
                "Every mailbox of a domain has the size of its tier (100 MB, 3 GB, 10 GB). Over it \
                 nothing is received and nothing sent. IMAP, audit, archive by option.",
                tiered(),
            ),
            Self::Pooled => (
                "003 style",
                "All mailboxes share a pool. Above 100 % for 24 hours new mail is refused; reading \
                 and sending go on. Lists, engines, storage by option.",
                pooled(),
            ),
        };
        NewPlan {
            name: name.to_owned(),
            description: description.to_owned(),
            price_label: String::new(),
            terms,
        }
    }
}

/// K-02: 250 MB; T-021: 20 MB are usual.
fn individual() -> Terms {
    Terms {
        mailbox_quota_bytes: ByteSize::mib(20),
        mailbox_ceiling_bytes: Some(ByteSize::mib(250)),
        seats: SeatTerms {
            min: 1,
            unit: 1,
            large_unit: 1,
            ..SeatTerms::default()
        },
        features: without(&[
            Feature::Audit,
            Feature::Archive,
            Feature::SecondVirusEngine,
            Feature::SecondSpamEngine,
            Feature::Sandbox,
            Feature::Sso,
            Feature::SentMailStorage,
            Feature::LargeFiles,
            Feature::DnsHosting,
        ]),
        ..Terms::default()
    }
}

/// O-001, C-01, C-04, O-024.
fn tiered() -> Terms {
    Terms {
        quota_mode: QuotaMode::FixedPerDomain,
        mailbox_quota_bytes: ByteSize::mib(10 * 1024),
        over_action: OverAction::RejectInboundAndBlockSend,
        max_message_bytes: Some(ByteSize::mib(15)),
        services: ServicesByZone {
            internet: BTreeSet::from([Service::Smtp, Service::Imap, Service::Web]),
            ..ServicesByZone::default()
        },
        features: without(&[
            Feature::Imap,
            Feature::Audit,
            Feature::Archive,
            Feature::ExternalAccounts,
            Feature::TenantHost,
            Feature::SentMailStorage,
            Feature::LargeFiles,
            Feature::DnsHosting,
        ]),
        ..Terms::default()
    }
}

/// O-013 to O-016, K-60.
fn pooled() -> Terms {
    Terms {
        quota_mode: QuotaMode::PoolOnly,
        mailbox_quota_bytes: ByteSize(0),
        pool_bytes: Some(ByteSize::mib(10 * 1024)),
        max_message_bytes: Some(ByteSize::mib(20)),
        lists: ListTerms {
            max_lists: Some(0),
            ..ListTerms::default()
        },
        features: without(&[
            Feature::Audit,
            Feature::Archive,
            Feature::SecondVirusEngine,
            Feature::SecondSpamEngine,
            Feature::Sandbox,
            Feature::Sso,
            Feature::SentMailStorage,
            Feature::LargeFiles,
            Feature::Lists,
        ]),
        ..Terms::default()
    }
}

fn without(left_out: &[Feature]) -> BTreeSet<Feature> {
    let all = Feature::ALL.iter().copied();
    all.filter(|feature| !left_out.contains(feature)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::Zone;

    #[test]
    fn the_presets_are_sound_and_differ_as_their_sources_do() {
        for plan in presets() {
            plan.terms.check().unwrap();
        }
        let [small, tiered, pooled] = presets().map(|plan| plan.terms);
        let wanted = ByteSize(0);
        assert_eq!(small.mailbox_limit(wanted, None), ByteSize::mib(250));
        assert_eq!(tiered.mailbox_limit(wanted, None), ByteSize::mib(10_240));
        assert_eq!(pooled.mailbox_limit(wanted, None), wanted);
        assert_eq!(tiered.max_message_bytes, Some(ByteSize::mib(15)));
        assert!(!tiered.may_use(Service::Pop, Zone::Internet));
        assert!(!tiered.includes(Feature::Imap));
        assert_eq!(pooled.over_action, OverAction::RejectInbound);
    }
}
