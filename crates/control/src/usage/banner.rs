//! What pages show above everything else (T-009 to T-011): the strongest wins.

use hikyaku_directory::pools::{Band, Pool};
use hikyaku_types::Timestamp;

/// What a banner is about, the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BannerKind {
    /// 80 % or more (N-00).
    Pool80,
    /// 90 % or more.
    Pool90,
    /// Above 100 %: the grace runs.
    PoolOver,
    /// New mail is refused.
    PoolLocked,
}

impl BannerKind {
    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pool80 => "pool_80",
            Self::Pool90 => "pool_90",
            Self::PoolOver => "pool_over",
            Self::PoolLocked => "pool_locked",
        }
    }
}

/// A banner. The words in both languages are the page's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// What it is about.
    pub kind: BannerKind,
    /// The tenant or domain.
    pub name: String,
    /// How full it is.
    pub percent: u64,
    /// Since when.
    pub since: Timestamp,
    /// When new mail will be refused if nothing changes.
    pub locks_at: Option<Timestamp>,
}

impl Banner {
    /// The banner of a pool, if it needs one.
    pub fn of(pool: &Pool) -> Option<Self> {
        let standing = &pool.standing;
        let (kind, since) = match (standing.locked_at, standing.over, standing.band) {
            (Some(locked_at), ..) => (BannerKind::PoolLocked, locked_at),
            (None, Some(over), _) => (BannerKind::PoolOver, over.since),
            (None, None, Band::Critical | Band::Full) => (BannerKind::Pool90, standing.band_since),
            (None, None, Band::Warning) => (BannerKind::Pool80, standing.band_since),
            (None, None, Band::Normal) => return None,
        };
        Some(Self {
            kind,
            name: pool.name.clone(),
            percent: pool.percent(),
            since,
            locks_at: pool.locks_at(),
        })
    }

    /// The banners of pools, the strongest first.
    pub fn of_all<'a>(pools: impl IntoIterator<Item = &'a Pool>) -> Vec<Self> {
        let mut banners: Vec<Self> = pools.into_iter().filter_map(Self::of).collect();
        banners.sort_by_key(|banner| std::cmp::Reverse((banner.kind, banner.percent)));
        banners
    }
}
