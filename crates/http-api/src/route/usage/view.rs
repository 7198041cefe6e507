//! Usage in answers.

use hikyaku_control::usage::Banner;
use hikyaku_directory::pools::{Pool, Summary};
use hikyaku_mailstore::Usage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::timestamps;

/// What the mailboxes of a tenant or domain hold together, as it was measured last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolUsage)]
pub(super) struct PoolView {
    /// The id of the domain, or of the tenant: what `/api/v1/locks/{id}` takes.
    id: String,
    /// The tenant.
    tenant: String,
    /// The domain; null for a whole tenant.
    domain: Option<String>,
    /// The name of the tenant or domain.
    name: String,
    used_bytes: u64,
    messages: u64,
    accounts: u64,
    /// What they may hold together; null without a limit.
    limit_bytes: Option<u64>,
    /// Full percents of the limit; null without one.
    percent: Option<u64>,
    /// What the mailboxes may hold one by one, added up.
    allocated_bytes: u64,
    /// Mailboxes without a limit of their own.
    unlimited_accounts: u64,
    /// `normal` (to 79 %), `warning` (80), `critical` (90), `full` (100), `locked`.
    state: &'static str,
    /// Since when it is in its band of 0, 80, 90 or 100 percent; of a lock, since when that is.
    since_at: String,
    /// Since when it is above 100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    over_since_at: Option<String>,
    /// Hours until it is locked, if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours_left: Option<f64>,
    /// When that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    locks_at: Option<String>,
    /// Hours above 100 % until it is locked, by the contract.
    grace_hours: u32,
    /// Hours that an operator added.
    extra_hours: u32,
    /// When it was measured.
    measured_at: String,
}

impl PoolView {
    pub(super) fn new(pool: &Pool) -> Self {
        let standing = &pool.standing;
        let limit = Some(pool.limit.bytes()).filter(|limit| *limit > 0);
        let left = standing.left(pool.grace_hours);
        let (state, since) = match standing.locked_at {
            Some(locked_at) => ("locked", locked_at),
            None => (standing.band.word(), standing.band_since),
        };
        Self {
            id: pool.key.id().to_string(),
            tenant: pool.key.tenant.tenant.to_string(),
            domain: pool.key.domain.map(|domain| domain.to_string()),
            name: pool.name.clone(),
            used_bytes: pool.totals.used.bytes(),
            messages: pool.totals.messages,
            accounts: pool.totals.accounts,
            limit_bytes: limit,
            percent: limit.map(|_| pool.percent()),
            allocated_bytes: pool.totals.allocated.bytes(),
            unlimited_accounts: pool.totals.unlimited,
            state,
            since_at: timestamps::show(since),
            over_since_at: standing.over.map(|over| timestamps::show(over.since)),
            hours_left: left.map(|left| (left.as_secs_f64() / 360.0).round() / 10.0),
            locks_at: pool.locks_at().map(timestamps::show),
            grace_hours: pool.grace_hours,
            extra_hours: standing.extra_hours,
            measured_at: timestamps::show(pool.measured_at),
        }
    }
}

/// What a page shows above everything else. The strongest comes first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageBanner)]
pub(super) struct BannerView {
    /// `pool_80`, `pool_90`, `pool_over`, `pool_locked`.
    kind: &'static str,
    /// The tenant or domain.
    name: String,
    percent: u64,
    since_at: String,
    /// When new mail will be refused if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    locks_at: Option<String>,
}

impl BannerView {
    pub(super) fn all(banners: &[Banner]) -> Vec<Self> {
        let views = banners.iter().map(|banner| Self {
            kind: banner.kind.word(),
            name: banner.name.clone(),
            percent: banner.percent,
            since_at: timestamps::show(banner.since),
            locks_at: banner.locks_at.map(timestamps::show),
        });
        views.collect()
    }
}

/// The whole platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformUsage)]
pub(super) struct SummaryView {
    tenants: u64,
    accounts: u64,
    used_bytes: u64,
    messages: u64,
    /// What contracts with a limit allow, added up.
    contracted_bytes: u64,
    /// Pools at 80 to 89 %.
    warning: u64,
    /// At 90 to 99 %.
    critical: u64,
    /// At 100 % or more.
    full: u64,
    /// Locked.
    locked: u64,
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        Self {
            tenants: summary.tenants,
            accounts: summary.accounts,
            used_bytes: summary.used.bytes(),
            messages: summary.messages,
            contracted_bytes: summary.contracted.bytes(),
            warning: summary.warning,
            critical: summary.critical,
            full: summary.full,
            locked: summary.locked,
        }
    }
}

/// What one mailbox holds and may hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailboxUsage)]
pub(super) struct MailboxUsageView {
    pub(super) used_bytes: u64,
    pub(super) messages: u64,
    /// Null without a limit.
    pub(super) quota_bytes: Option<u64>,
    /// Null without a limit.
    pub(super) quota_messages: Option<u64>,
}

impl From<Usage> for MailboxUsageView {
    fn from(usage: Usage) -> Self {
        let limit = |limit: u64| Some(limit).filter(|limit| *limit > 0);
        Self {
            used_bytes: usage.bytes.bytes(),
            messages: usage.messages,
            quota_bytes: limit(usage.quota.bytes.bytes()),
            quota_messages: limit(usage.quota.messages),
        }
    }
}
