//! Whether a domain is its tenant's: shown by a TXT record with a random token (OP-07).
//!
//! The look at the name service happens outside of transactions; here is what is asked for, and
//! what follows from the answer. A domain that was proved once stays so: a record that is tidied
//! away stops no mail.

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::{Domain, DomainError, DomainId, Timestamp};

use super::{HostedDomain, by_id, insert};
use crate::{
    DirectoryError, PlatformScope, TenantScope, contracts, plans::UnverifiedDomains, stored::Stored,
};

/// The label under the domain that has the record.
pub const PROOF_LABEL: &str = "_hikyaku";

/// What the record begins with; the token follows.
const PREFIX: &str = "hikyaku-verification=";

/// Whether a domain is proved to be the tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verification {
    /// Nobody has looked yet.
    Unverified,
    /// It is: by its record, or because the operator knows.
    Verified,
    /// Somebody looked, and the record was not there.
    Failed,
}

impl Stored for Verification {
    const NAME: &'static str = "a state of verification";

    fn word(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "unverified" => Some(Self::Unverified),
            "verified" => Some(Self::Verified),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

impl std::fmt::Display for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// What is known about the ownership of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Whether it is proved.
    pub state: Verification,
    /// The token that the record must have; none for a domain that the operator knows.
    pub token: Option<String>,
    /// Since when it is proved.
    pub verified_at: Option<Timestamp>,
    /// When somebody looked last.
    pub checked_at: Option<Timestamp>,
}

/// What a look at the name service showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The record has the token.
    Proved,
    /// There is no such record, or it has another text.
    NotProved,
}

/// Where the record belongs.
///
/// # Errors
/// For a domain so long that no label fits before it.
pub fn record_name(domain: &Domain) -> Result<Domain, DomainError> {
    format!("{PROOF_LABEL}.{domain}").parse()
}

/// What the record must say.
pub fn expected_record(token: &str) -> String {
    format!("{PREFIX}{token}")
}

/// Creates a domain whose owner is yet to be shown, with the token of the proof. Until then it is
/// ours for mail only where the contract says so.
///
/// # Errors
/// [`DirectoryError::DomainTaken`], [`DirectoryError::DomainIsIpAddress`],
/// [`DirectoryError::DomainsUsedUp`].
pub fn create_unverified(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    name: &Domain,
    token: &str,
) -> Result<DomainId, DirectoryError> {
    let id = insert(tx, scope, name, Verification::Unverified, Some(token))?;
    if contracts::terms(tx, scope)?.unverified_domains == UnverifiedDomains::Serve {
        tx.execute(
            "UPDATE domain SET serving = 1 WHERE tenant_id = ?1 AND id = ?2",
            params![scope.tenant, id],
        )?;
    }
    Ok(id)
}

/// Writes down what a look showed, unless another token was given out meanwhile. Returns the domain
/// as it was.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`].
pub fn record_check(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
    token: &str,
    check: Check,
) -> Result<HostedDomain, DirectoryError> {
    let before = by_id(tx, scope, id, "FOR UPDATE")?;
    if before.proof.token.as_deref() != Some(token) {
        return Ok(before);
    }
    match (check, before.proof.state) {
        (Check::Proved | Check::NotProved, Verification::Verified) => {
            tx.execute(
                "UPDATE domain SET checked_at = ?3 WHERE tenant_id = ?1 AND id = ?2",
                params![scope.tenant, id, tx.now()],
            )?;
        }
        (Check::Proved, _) => set_verified(tx, scope, id, Some(tx.now()))?,
        (Check::NotProved, _) => {
            tx.execute(
                "UPDATE domain SET verification = ?3, checked_at = ?4, updated_at = ?4
                 WHERE tenant_id = ?1 AND id = ?2",
                params![scope.tenant, id, Verification::Failed.word(), tx.now()],
            )?;
        }
    }
    Ok(before)
}

/// The operator knows whose the domain is.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`].
pub fn verify_by_hand(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    id: DomainId,
) -> Result<HostedDomain, DirectoryError> {
    let before = by_id(tx, scope, id, "FOR UPDATE")?;
    if before.proof.state != Verification::Verified {
        set_verified(tx, scope, id, before.proof.checked_at)?;
    }
    Ok(before)
}

/// Gives out a token for a domain that has none, because the operator made it: then its owner can
/// show the proof as well. A token that is there stays.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`].
pub fn renew_token(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
    token: &str,
) -> Result<(), DirectoryError> {
    by_id(tx, scope, id, "FOR UPDATE")?;
    tx.execute(
        "UPDATE domain SET verification_token = ?3
         WHERE tenant_id = ?1 AND id = ?2 AND verification_token IS NULL",
        params![scope.tenant, id, token],
    )?;
    Ok(())
}

fn set_verified(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
    checked_at: Option<Timestamp>,
) -> Result<(), DirectoryError> {
    tx.execute(
        "UPDATE domain SET verification = ?3, verified_at = ?4, checked_at = ?5, serving = 1,
             updated_at = ?4
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            scope.tenant,
            id,
            Verification::Verified.word(),
            tx.now(),
            checked_at
        ],
    )?;
    tx.hint(Hint::Directory);
    Ok(())
}
