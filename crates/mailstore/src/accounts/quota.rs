//! Quota and usage of an account.

use std::time::Duration;

use hikyaku_db::{Hint, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;

use crate::{
    Mailstore,
    error::MailError,
    quota::{Quota, Usage},
};

/// What the account holds and may hold.
pub fn usage(tx: &Tx<'_>, scope: AccountScope) -> Result<Usage, MailError> {
    tx.query_opt(
        "SELECT used_bytes, used_messages, quota_bytes, quota_messages FROM mail_account \
         WHERE account_id = ?1 AND tenant_id = ?2",
        params![scope.account, scope.tenant],
        |row| {
            Ok(Usage {
                bytes: row.get(0)?,
                messages: row.get(1)?,
                quota: Quota {
                    bytes: row.get(2)?,
                    messages: row.get(3)?,
                },
            })
        },
    )?
    .ok_or(MailError::NoSuchAccount)
}

/// Sets what the account may hold. A quota below the usage is allowed: nothing is removed, nothing
/// more comes in.
pub fn set_quota(tx: &WriteTx<'_>, scope: AccountScope, quota: Quota) -> Result<(), MailError> {
    let messages = i64::try_from(quota.messages).unwrap_or(i64::MAX);
    let updated = tx.execute(
        "UPDATE mail_account SET quota_bytes = ?3, quota_messages = ?4 \
         WHERE account_id = ?1 AND tenant_id = ?2",
        params![scope.account, scope.tenant, quota.bytes, messages],
    )?;
    if updated == 0 {
        return Err(MailError::NoSuchAccount);
    }
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// Sets how long messages that are expunged from now on stay restorable.
pub fn set_restore_window(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    window: Duration,
) -> Result<(), MailError> {
    let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let updated = tx.execute(
        "UPDATE mail_account SET restore_seconds = ?3 WHERE account_id = ?1 AND tenant_id = ?2",
        params![scope.account, scope.tenant, seconds],
    )?;
    if updated == 0 {
        return Err(MailError::NoSuchAccount);
    }
    Ok(())
}

impl Mailstore {
    /// What the account holds and may hold.
    pub async fn usage(&self, scope: AccountScope) -> Result<Usage, MailError> {
        self.db().read(move |tx| usage(tx, scope)).await
    }
}
