//! Measuring all pools and mailboxes.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, Lane, Tx, WriteTx};
use hikyaku_directory::{
    PlatformScope, TenantScope,
    pools::{self, Contracted, Gap, Totals},
};
use hikyaku_mailstore::usage::{self, Measured};
use hikyaku_types::{AccountId, Id as _, TenantId, Timestamp};

use super::tell;
use crate::ControlError;

/// How often everything is measured (default 5 minutes): a lock comes and goes at most so much
/// later than it is due.
pub const MEASURE_EVERY: Duration = Duration::from_mins(5);

/// Tenants whose pools are measured in one transaction (64).
pub const TENANTS_PAGE: u32 = 64;

const HOUR_MS: i64 = 3_600_000;

/// Every measurement covers the whole platform, or what the caller was allowed to name.
const HOUSE: PlatformScope = PlatformScope::operator();

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Pools that were measured.
    pub pools: u64,
    /// Locks that began.
    pub locked: u64,
    /// Locks that ended.
    pub unlocked: u64,
    /// Owners of mailboxes who were warned.
    pub warned: u64,
}

impl std::ops::AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.pools += other.pools;
        self.locked += other.locked;
        self.unlocked += other.unlocked;
        self.warned += other.warned;
    }
}

/// Measures. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Meter {
    db: Database,
}

/// What is written in one transaction.
type Page = Arc<Vec<(Contracted, Totals)>>;

impl Meter {
    /// The meter of a store.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    /// Measures everything: mailboxes, then pools, then forgets what is past its time.
    pub async fn round(&self, gap: Gap) -> Result<Report, ControlError> {
        let mut report = Report {
            warned: self.mailboxes().await?,
            ..Report::default()
        };
        let mut after = None;
        loop {
            let page = self.db.read(move |tx| page(tx, after)).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.0.key.tenant.tenant);
            report += self.settle(page, gap).await?;
        }
        let gone = self
            .db
            .write(Lane::Background, |tx| pools::forget_gone(tx, HOUSE));
        gone.await?;
        while self
            .db
            .write(Lane::Background, |tx| usage::purge(tx, HOUSE))
            .await?
            > 0
        {}
        Ok(report)
    }

    /// Measures the pools of one tenant now.
    pub async fn tenant(&self, scope: TenantScope) -> Result<Report, ControlError> {
        let page = self.db.read(move |tx| page_of(tx, scope)).await?;
        self.settle(page, Gap::Running).await
    }

    async fn settle(
        &self,
        page: Vec<(Contracted, Totals)>,
        gap: Gap,
    ) -> Result<Report, ControlError> {
        let page: Page = Arc::new(page);
        self.db
            .write(Lane::Background, move |tx| settle(tx, &page, gap))
            .await
    }

    /// Brings the lists of mailboxes up to date, and warns those who have reached a mark.
    async fn mailboxes(&self) -> Result<u64, ControlError> {
        let mut warned = 0;
        let mut after = AccountId::from_i64(0);
        loop {
            let stretch = self
                .db
                .read(move |tx| usage::stale(tx, HOUSE, after))
                .await?;
            if stretch.is_stale {
                let refresh = move |tx: &WriteTx<'_>| {
                    let crossings = usage::refresh(tx, HOUSE, stretch)?;
                    for crossing in &crossings {
                        tell::mailbox(tx, crossing)?;
                    }
                    Ok::<_, ControlError>(crossings.len() as u64)
                };
                warned += self.db.write(Lane::Background, refresh).await?;
            }
            if !stretch.more {
                return Ok(warned);
            }
            after = stretch.last;
        }
    }
}

/// The next tenants' pools with what they hold.
fn page(tx: &Tx<'_>, after: Option<TenantId>) -> Result<Vec<(Contracted, Totals)>, ControlError> {
    let contracted = pools::contracted(tx, HOUSE, after, TENANTS_PAGE)?;
    with_totals(tx, after, contracted)
}

fn page_of(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<(Contracted, Totals)>, ControlError> {
    let contracted = pools::contracted_of(tx, scope)?;
    let before = TenantId::from_i64(scope.tenant.to_i64() - 1);
    with_totals(tx, Some(before), contracted)
}

fn with_totals(
    tx: &Tx<'_>,
    after: Option<TenantId>,
    contracted: Vec<Contracted>,
) -> Result<Vec<(Contracted, Totals)>, ControlError> {
    let Some(last) = contracted.last().map(|one| one.key.tenant.tenant) else {
        return Ok(Vec::new());
    };
    let totals = usage::totals(tx, HOUSE, after, last)?;
    let with = contracted.into_iter().map(|one| {
        let held = totals.of(one.key.tenant.tenant, one.key.domain);
        (one, held)
    });
    Ok(with.collect())
}

/// Writes a page down, with everything that follows from it.
fn settle(tx: &WriteTx<'_>, page: &Page, gap: Gap) -> Result<Report, ControlError> {
    let now = tx.now();
    let recorded = pools::record(tx, HOUSE, page, gap)?;
    let points: Vec<Measured> = page
        .iter()
        .map(|(one, totals)| point(one, *totals, now))
        .collect();
    usage::record(tx, HOUSE, &points)?;
    let mut report = Report {
        pools: recorded.len() as u64,
        ..Report::default()
    };
    for (one, point) in recorded.iter().zip(&points) {
        let first_of_day = one.previous.is_none_or(|previous| previous < point.day);
        if one.pool.key.domain.is_none() && first_of_day {
            usage::record_top(tx, one.pool.key.tenant, point.day)?;
        }
        let happened = |event| u64::from(one.events.contains(&event));
        report.locked += happened(pools::Event::Locked);
        report.unlocked += happened(pools::Event::Unlocked);
    }
    for one in &recorded {
        tell::pool(tx, one)?;
    }
    Ok(report)
}

fn point(contracted: &Contracted, totals: Totals, now: Timestamp) -> Measured {
    Measured {
        key: contracted.key,
        hour: Timestamp(now.millis() - now.millis().rem_euclid(HOUR_MS)),
        day: contracted.time_zone.beginning_of_day(now),
        totals,
        limit: contracted.limit,
    }
}
