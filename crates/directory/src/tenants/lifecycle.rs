//! The moves between the states of a contract.

use hikyaku_db::{Hint, WriteTx, params};

use super::{Tenant, TenantStatus, find};
use crate::{DirectoryError, PlatformScope, TenantScope, contracts, stored::Stored};

/// What an operator does with a tenant's service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// A prepared service begins now.
    Begin,
    /// The service stops; everything stays.
    Suspend,
    /// A stopped service, or a contract that has ended within its grace, goes on.
    Resume,
    /// The contract ends now.
    Terminate,
}

impl Move {
    /// The word in errors and in the operation log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Terminate => "terminate",
        }
    }

    /// The statuses it starts from.
    const fn is_from(self, status: TenantStatus) -> bool {
        use TenantStatus::{Active, Preparing, Suspended, Terminated};
        match self {
            Self::Begin => matches!(status, Preparing),
            Self::Suspend => matches!(status, Preparing | Active),
            Self::Resume => matches!(status, Suspended | Terminated),
            Self::Terminate => matches!(status, Preparing | Active | Suspended),
        }
    }
}

/// Makes a move and returns the tenant as it was.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`]; [`DirectoryError::TenantMove`] from a status that the move
/// does not start from.
pub fn move_to(
    tx: &WriteTx<'_>,
    operator: PlatformScope,
    scope: TenantScope,
    what: Move,
) -> Result<Tenant, DirectoryError> {
    contracts::lock(tx, scope)?;
    let before = find(tx, operator, scope.tenant)?;
    if !what.is_from(before.status) {
        return Err(DirectoryError::TenantMove {
            tenant: before.name,
            status: before.status,
            what: what.word(),
        });
    }
    let now = tx.now();
    let standing = before.standing;
    // A service that was to begin later still does, and an end that has come is taken back.
    let prepared = standing.service_start_at.is_some_and(|start| start > now);
    let (status, start, end) = match what {
        Move::Begin => (TenantStatus::Active, Some(now), standing.end_at),
        Move::Suspend => (
            TenantStatus::Suspended,
            standing.service_start_at,
            standing.end_at,
        ),
        Move::Resume => {
            let status = if prepared {
                TenantStatus::Preparing
            } else {
                TenantStatus::Active
            };
            let end = standing.end_at.filter(|end| *end > now);
            (status, standing.service_start_at, end)
        }
        Move::Terminate => (
            TenantStatus::Terminated,
            standing.service_start_at,
            Some(now),
        ),
    };
    tx.execute(
        "UPDATE tenant SET status = ?2, service_start_at = ?3, end_at = ?4, updated_at = ?5
         WHERE id = ?1",
        params![scope.tenant, status.word(), start, end, now],
    )?;
    tx.hint(Hint::Tenant(scope.tenant));
    tx.hint(Hint::Directory);
    Ok(before)
}
