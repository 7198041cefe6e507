//! What a tenant decides about passwords, second factors and sign-in (AD-24): one object, stored as
//! JSON, changed as a whole.
//!
//! Invariants:
//! - A tenant without a row has the defaults, and so has every part that a stored policy does not
//!   name: what a later release adds is in force with its default.
//! - Only a policy that [`SecurityPolicy::validate`] accepts is stored.

mod factor;
mod networks;
mod password;
mod protocols;

use hikyaku_db::{DbError, Hint, Tx, WriteTx, params};
use hikyaku_directory::TenantScope;
use serde::{Deserialize, Serialize};

pub use factor::{
    FactorMethod, FactorRequirement, MAX_REMEMBER_DAYS, ResetPolicy, SecondFactorPolicy,
    SessionPolicy,
};
pub use networks::{MAX_POLICY_NETWORKS, ProtocolNetworks};
pub use password::{Judgement, PasswordFault, PasswordPolicy, PasswordPreset, Strength};
pub use protocols::{AppPasswordPolicy, LockoutPolicy, MainPassword};

/// Everything that a tenant decides about who gets in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityPolicy {
    /// What a new password must be like.
    pub password: PasswordPolicy,
    /// Second factors at sign-in in a browser.
    pub second_factor: SecondFactorPolicy,
    /// Whether the main password opens mail programs' protocols.
    pub main_password: MainPassword,
    /// Passwords of programs.
    pub app_passwords: AppPasswordPolicy,
    /// From where each protocol may be used; a protocol without networks from anywhere.
    pub networks: ProtocolNetworks,
    /// When too many failures lock the password.
    pub lockout: LockoutPolicy,
    /// How long browsers stay signed in.
    pub sessions: SessionPolicy,
    /// Forgotten passwords.
    pub reset: ResetPolicy,
}

/// A part of a policy that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct PolicyError {
    /// The field, with dots between its parts.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

impl PolicyError {
    fn new(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field,
            detail: detail.into(),
        }
    }
}

impl SecurityPolicy {
    /// Whether it can be stored.
    ///
    /// # Errors
    /// The first part that is out of its bounds.
    pub fn validate(&self) -> Result<(), PolicyError> {
        self.password.validate()?;
        self.second_factor.validate()?;
        self.app_passwords.validate()?;
        self.networks.validate()?;
        self.lockout.validate()?;
        self.sessions.validate()?;
        self.reset.validate()
    }

    /// The policy in a column that is NULL where there is none.
    pub(crate) fn from_column(text: Option<&str>, index: usize) -> Result<Self, DbError> {
        match text {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(text).map_err(|_| DbError::Conversion {
                index,
                expected: "a security policy",
                found: "another text",
            }),
        }
    }
}

/// A whole number that must be within bounds.
fn within(
    field: &'static str,
    value: u32,
    bounds: std::ops::RangeInclusive<u32>,
) -> Result<(), PolicyError> {
    if bounds.contains(&value) {
        return Ok(());
    }
    let (low, high) = (bounds.start(), bounds.end());
    Err(PolicyError::new(
        field,
        format!("must be from {low} to {high}, not {value}"),
    ))
}

/// The policy of a tenant.
pub fn load(tx: &Tx<'_>, scope: TenantScope) -> Result<SecurityPolicy, DbError> {
    let found = tx.query_opt(
        "SELECT policy FROM security_policy WHERE tenant_id = ?1",
        params![scope.tenant],
        |row| SecurityPolicy::from_column(Some(row.text(0)?), 0),
    )?;
    Ok(found.unwrap_or_default())
}

/// Replaces the policy of a tenant; in force at once, also for sessions that are open. Locks the
/// tenant's row, so that changes happen one after another.
///
/// # Errors
/// [`StorePolicyError::Policy`] for one that cannot be.
pub fn store(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    policy: &SecurityPolicy,
) -> Result<(), StorePolicyError> {
    policy.validate()?;
    lock(tx, scope)?;
    let text = serde_json::to_string(policy).expect("invariant: a policy has a JSON form");
    tx.execute(
        "INSERT INTO security_policy (tenant_id, policy, updated_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id)
         DO UPDATE SET policy = excluded.policy, updated_at = excluded.updated_at",
        params![scope.tenant, text, tx.now()],
    )?;
    tx.hint(Hint::Tenant(scope.tenant));
    Ok(())
}

/// Locks what a change of a tenant's policy decides on.
pub fn lock(tx: &WriteTx<'_>, scope: TenantScope) -> Result<(), DbError> {
    tx.query_one(
        "SELECT id FROM tenant WHERE id = ?1 FOR UPDATE",
        params![scope.tenant],
        |_| Ok(()),
    )
}

/// Why a policy was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorePolicyError {
    /// It cannot be.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

#[cfg(test)]
mod tests;
