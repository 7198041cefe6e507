//! The terms of a contract: every number and switch on which plans differ (OP-04).

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_types::ByteSize;
use serde::{Deserialize, Serialize};

use super::{Feature, SeatTerms, TermsError};

/// Hours above 100 % after which a pool is locked, unless a plan says otherwise: a day (C-03).
pub const DEFAULT_LOCK_GRACE_HOURS: u16 = 24;
/// Hours of grace at most: a week (C-03).
pub const MAX_LOCK_GRACE_HOURS: u16 = 168;
/// Recipients of one message that a plan can allow at most, far above the usual 1,000.
pub const MAX_PLAN_RECIPIENTS: u32 = 100_000;
/// Days that quarantined mail can be kept at most (T-052: 14 in the sources; room for others).
pub const MAX_QUARANTINE_DAYS: u16 = 90;
/// Years that an archive keeps at most (T-077).
pub const MAX_ARCHIVE_YEARS: u16 = 10;

/// What is in force for a tenant, or what a plan promises. `None` is "the plan sets no limit": what
/// the host itself can do still holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// Who sets the size of a mailbox (C-02).
    pub quota_mode: QuotaMode,
    /// The size of a mailbox: of every one, or of a new one that is given no other. 0: no limit of
    /// its own.
    pub mailbox_quota_bytes: ByteSize,
    /// The ceiling of a mailbox that has no limit of its own, and of every other (O-002).
    pub mailbox_ceiling_bytes: Option<ByteSize>,
    /// What all mailboxes of the tenant may hold together (O-013).
    pub pool_bytes: Option<ByteSize>,
    /// What happens when the pool is locked (C-01).
    pub over_action: OverAction,
    /// Hours above 100 % until the pool is locked (C-03).
    pub lock_grace_hours: u16,
    /// Whether senders try again when a mailbox is full or a pool is locked.
    pub over_quota_reply: OverQuotaReply,
    /// The largest message, in full with its encoding (C-04).
    pub max_message_bytes: Option<ByteSize>,
    /// The most recipients of one message.
    pub max_recipients: Option<u32>,
    /// Mailing lists.
    pub lists: ListTerms,
    /// How long quarantined mail may be kept (T-052).
    pub quarantine_days: DayRange,
    /// Groups with audit rules of their own (T-076).
    pub audit_groups: u32,
    /// Years that the archive keeps (T-077).
    pub archive_years: u16,
    /// How many accounts there may be, and how they are sold (O-003).
    pub seats: SeatTerms,
    /// How many domains there may be; a subdomain and a domain alias count each (O-004).
    pub max_domains: Option<u32>,
    /// What unverified domains may do.
    pub unverified_domains: UnverifiedDomains,
    /// Which services may be used from where (O-024, C-05).
    pub services: ServicesByZone,
    /// What is included.
    pub features: BTreeSet<Feature>,
    /// How many accounts may use a feature that is licensed per account (O-020). A feature that is
    /// not named here may be used by all.
    pub licensed_accounts: BTreeMap<Feature, u32>,
}

impl Default for Terms {
    /// The defaults of the requirements (0.3, OP-04).
    fn default() -> Self {
        Self {
            quota_mode: QuotaMode::default(),
            mailbox_quota_bytes: ByteSize::mib(10 * 1024),
            mailbox_ceiling_bytes: None,
            pool_bytes: None,
            over_action: OverAction::default(),
            lock_grace_hours: DEFAULT_LOCK_GRACE_HOURS,
            over_quota_reply: OverQuotaReply::default(),
            max_message_bytes: Some(ByteSize::mib(25)),
            max_recipients: Some(1_000),
            lists: ListTerms::default(),
            quarantine_days: DayRange::default(),
            audit_groups: 4,
            archive_years: MAX_ARCHIVE_YEARS,
            seats: SeatTerms::default(),
            max_domains: None,
            unverified_domains: UnverifiedDomains::default(),
            services: ServicesByZone::default(),
            features: Feature::ALL.iter().copied().collect(),
            licensed_accounts: BTreeMap::new(),
        }
    }
}

impl Terms {
    /// What is in force for a tenant without a plan: everything, with no limit but the host's.
    pub fn standard() -> Self {
        Self {
            mailbox_quota_bytes: ByteSize(0),
            max_message_bytes: None,
            max_recipients: None,
            lists: ListTerms {
                max_lists: None,
                ..ListTerms::default()
            },
            seats: SeatTerms {
                min: 1,
                unit: 1,
                large_unit: 1,
                ..SeatTerms::default()
            },
            ..Self::default()
        }
    }

    /// Whether a feature is included.
    pub fn includes(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// The gate of a feature.
    ///
    /// # Errors
    /// [`NotContracted`] when the feature is not included.
    pub fn require(&self, feature: Feature) -> Result<(), NotContracted> {
        if self.includes(feature) {
            Ok(())
        } else {
            Err(NotContracted { feature })
        }
    }

    /// Whether people may use a service from a zone: it must be open there, and included.
    pub fn may_use(&self, service: Service, zone: Zone) -> bool {
        let gate = match (service, zone) {
            (Service::Imap, _) => Some(Feature::Imap),
            (Service::Pop, _) => Some(Feature::Pop),
            (Service::Smtp, Zone::Internet) => Some(Feature::SmtpFromInternet),
            (Service::Smtp, Zone::Closed) | (Service::Web, _) => None,
        };
        self.services.of(zone).contains(&service)
            && gate.is_none_or(|feature| self.includes(feature))
    }

    /// Whether administrators give each mailbox a size of its own, in a domain with this tier
    /// (T-041).
    pub fn sizes_are_individual(&self, tier: Option<ByteSize>) -> bool {
        self.quota_mode == QuotaMode::PerUserWithinPool && tier.is_none()
    }

    /// The limit in force for a mailbox with a wanted size of its own, in a domain with this tier;
    /// 0 is "none", asked for and answered.
    pub fn mailbox_limit(&self, wanted: ByteSize, tier: Option<ByteSize>) -> ByteSize {
        let limit = match self.quota_mode {
            QuotaMode::FixedPerDomain => tier.unwrap_or(self.mailbox_quota_bytes),
            QuotaMode::PerUserWithinPool => tier.unwrap_or(wanted),
            QuotaMode::PoolOnly => ByteSize(0),
        };
        match self.mailbox_ceiling_bytes {
            Some(ceiling) if limit.bytes() == 0 => ceiling,
            Some(ceiling) => limit.min(ceiling),
            None => limit,
        }
    }

    /// Refuses terms that contradict themselves or no source allows.
    ///
    /// # Errors
    /// [`TermsError`] with the first wrong field.
    pub fn check(&self) -> Result<(), TermsError> {
        let wrong = |field, detail: String| Err(TermsError { field, detail });
        if self.lock_grace_hours > MAX_LOCK_GRACE_HOURS {
            let detail = format!("must be 0 to {MAX_LOCK_GRACE_HOURS} hours");
            return wrong("lock_grace_hours", detail);
        }
        if self
            .max_message_bytes
            .is_some_and(|size| size.bytes() < 1024)
        {
            return wrong("max_message_bytes", "must be 1 KB or more".to_owned());
        }
        if !(1..=MAX_PLAN_RECIPIENTS).contains(&self.max_recipients.unwrap_or(1)) {
            let detail = format!("must be 1 to {MAX_PLAN_RECIPIENTS}");
            return wrong("max_recipients", detail);
        }
        let days = self.quarantine_days;
        if days.min == 0 || days.min > days.max || days.max > MAX_QUARANTINE_DAYS {
            let detail = format!("must be a range within 1 to {MAX_QUARANTINE_DAYS} days");
            return wrong("quarantine_days", detail);
        }
        if self.archive_years > MAX_ARCHIVE_YEARS {
            let detail = format!("must be at most {MAX_ARCHIVE_YEARS} years");
            return wrong("archive_years", detail);
        }
        if self.quota_mode == QuotaMode::FixedPerDomain && self.mailbox_quota_bytes.bytes() == 0 {
            let detail = "must be given where every mailbox has the same size".to_owned();
            return wrong("mailbox_quota_bytes", detail);
        }
        self.seats.check()
    }
}

/// A feature is not part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not part of the contract: it needs the option \"{feature}\"")]
pub struct NotContracted {
    /// The feature.
    pub feature: Feature,
}

/// Who sets the size of a mailbox (C-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaMode {
    /// The domain's tier: all its mailboxes have the same size, which nobody changes (O-001).
    FixedPerDomain,
    /// The administrator, for each mailbox; all share a pool.
    #[default]
    PerUserWithinPool,
    /// Nobody: only the pool counts.
    PoolOnly,
}

/// What a lock does (C-01). Reading and deleting always go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverAction {
    /// New mail is refused.
    #[default]
    RejectInbound,
    /// New mail is refused, and nothing is sent.
    RejectInboundAndBlockSend,
}

/// What the sender of a refused message is told (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverQuotaReply {
    /// 552: the message comes back at once.
    #[default]
    Permanent,
    /// 452: the sender's host tries again.
    Temporary,
}

/// Mailing lists (OP-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListTerms {
    /// How many lists.
    pub max_lists: Option<u32>,
    /// How many members each.
    pub max_members: u32,
    /// The largest message to a list.
    pub max_message_bytes: ByteSize,
}

impl Default for ListTerms {
    fn default() -> Self {
        Self {
            max_lists: Some(5),
            max_members: 1_000,
            max_message_bytes: ByteSize::mib(15),
        }
    }
}

/// A range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayRange {
    /// The fewest.
    pub min: u16,
    /// The most.
    pub max: u16,
}

impl Default for DayRange {
    /// 1 to 14 days (T-052).
    fn default() -> Self {
        Self { min: 1, max: 14 }
    }
}

/// What a domain may do before its owner has shown that it is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnverifiedDomains {
    /// Nothing: mail for it goes where the name service says, and nobody sends in its name.
    #[default]
    Wait,
    /// What every domain does.
    Serve,
}

/// From where somebody comes (O-024).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The networks that the operator names: VPN, company lines.
    Closed,
    /// Anywhere else.
    Internet,
}

/// A service that people sign in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Submission.
    Smtp,
    /// POP3.
    Pop,
    /// IMAP.
    Imap,
    /// Webmail and consoles.
    Web,
}

impl Service {
    const ALL: [Self; 4] = [Self::Smtp, Self::Pop, Self::Imap, Self::Web];
}

/// Which services may be used from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServicesByZone {
    /// From the closed network.
    pub closed: BTreeSet<Service>,
    /// From the Internet.
    pub internet: BTreeSet<Service>,
}

impl Default for ServicesByZone {
    /// Everything from everywhere (C-05, C-08).
    fn default() -> Self {
        Self {
            closed: Service::ALL.into(),
            internet: Service::ALL.into(),
        }
    }
}

impl ServicesByZone {
    /// Those of one zone.
    pub fn of(&self, zone: Zone) -> &BTreeSet<Service> {
        match zone {
            Zone::Closed => &self.closed,
            Zone::Internet => &self.internet,
        }
    }
}

#[cfg(test)]
mod tests;
