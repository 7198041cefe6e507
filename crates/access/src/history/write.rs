//! Writing a batch: what is alike together, then what it means for locks and last uses.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::Duration,
};

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AppPasswordId, Id as _, Timestamp};

use super::{Counts, Outcome, Seen};
use crate::{
    lockout::{self, LockObserver},
    sign_in::Protocol,
};

/// Successes alike within so long are one row: a day.
const SUCCESSES: Duration = Duration::from_hours(24);
/// Failures alike within so long are one row: an hour.
const FAILURES: Duration = Duration::from_hours(1);
/// The last use of a secret is written again after so long: 10 minutes.
pub(crate) const LAST_USE_EVERY: Duration = Duration::from_mins(10);

/// Tries that are one row.
#[derive(Debug, Clone)]
pub(super) struct Alike {
    scope: AccountScope,
    key: String,
    first_at: Timestamp,
    last_at: Timestamp,
    count: u32,
    /// How many of them count for the lock.
    failures: u32,
    protocol: Protocol,
    ip: IpAddr,
    client: String,
    outcome: Outcome,
    app_password: Option<(AppPasswordId, String)>,
}

/// Puts together what is alike, in the order in which it began.
pub(super) fn collapse(batch: Vec<Seen>) -> Vec<Alike> {
    let mut places: HashMap<(AccountScope, String), usize> = HashMap::new();
    let mut rows: Vec<Alike> = Vec::new();
    for seen in batch {
        let key = key(&seen);
        let place = *places
            .entry((seen.scope, key.clone()))
            .or_insert(rows.len());
        let failures = u32::from(seen.counts == Counts::Yes);
        match rows.get_mut(place) {
            Some(row) => {
                row.count += 1;
                row.failures += failures;
                row.first_at = row.first_at.min(seen.at);
                row.last_at = row.last_at.max(seen.at);
            }
            None => rows.push(Alike {
                scope: seen.scope,
                key,
                first_at: seen.at,
                last_at: seen.at,
                count: 1,
                failures,
                protocol: seen.protocol,
                ip: seen.ip,
                client: seen.client,
                outcome: seen.outcome,
                app_password: seen.app_password,
            }),
        }
    }
    rows
}

/// What makes two tries alike, with the time in which they are.
fn key(seen: &Seen) -> String {
    let bucket = match seen.outcome {
        Outcome::Success => SUCCESSES,
        _ => FAILURES,
    };
    let bucket = seen.at.0 / i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX);
    let mut hasher = blake3::Hasher::new();
    for part in [
        seen.protocol.word(),
        seen.outcome.word(),
        &seen.ip.to_string(),
        &seen.client,
        &bucket.to_string(),
    ] {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    if let Some((id, _)) = &seen.app_password {
        hasher.update(&id.to_i64().to_be_bytes());
    }
    let mut text = hasher.finalize().to_hex().to_string();
    text.truncate(32);
    text
}

/// Writes rows, last uses and locks. Accounts are locked in ascending order.
pub(super) fn write(
    tx: &WriteTx<'_>,
    rows: &[Alike],
    observer: &dyn LockObserver,
) -> Result<(), DbError> {
    let mut failures: BTreeMap<AccountScope, u32> = BTreeMap::new();
    for row in rows {
        if row.failures > 0 {
            *failures.entry(row.scope).or_default() += row.failures;
        }
    }
    for (scope, count) in failures {
        lockout::count(tx, scope, count, observer)?;
    }
    for row in rows {
        insert(tx, row)?;
        if row.outcome == Outcome::Success {
            touch(tx, row)?;
        }
    }
    Ok(())
}

/// One row, or more of the one there is. Nothing for an account that is gone.
fn insert(tx: &WriteTx<'_>, row: &Alike) -> Result<(), DbError> {
    let (credential, label) = match &row.app_password {
        Some((_, label)) => ("app_password", label.as_str()),
        None => ("password", ""),
    };
    let id: hikyaku_types::SessionId = tx.new_id();
    tx.execute(
        "INSERT INTO sign_in_event
             (id, tenant_id, account_id, alike, first_at, last_at, count, protocol, address,
              client, result, credential, label)
         SELECT ?1, tenant_id, id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
         FROM account WHERE tenant_id = ?2 AND id = ?3
         ON CONFLICT (tenant_id, account_id, alike) DO UPDATE
             SET count = sign_in_event.count + excluded.count, last_at = excluded.last_at",
        params![
            id,
            row.scope.tenant,
            row.scope.account,
            &row.key,
            row.first_at,
            row.last_at,
            row.count,
            row.protocol.word(),
            row.ip.to_string(),
            &row.client,
            row.outcome.word(),
            credential,
            label,
        ],
    )?;
    Ok(())
}

/// The last use of the secret, unless it was written a short while ago.
fn touch(tx: &WriteTx<'_>, row: &Alike) -> Result<(), DbError> {
    let (at, before) = (row.last_at, row.last_at.minus(LAST_USE_EVERY));
    let scope = row.scope;
    match &row.app_password {
        Some((id, _)) => tx.execute(
            "UPDATE app_password SET last_used_at = ?4, last_protocol = ?5, last_address = ?6
             WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3
               AND (last_used_at IS NULL OR last_used_at <= ?7)",
            params![
                scope.tenant,
                scope.account,
                *id,
                at,
                row.protocol.word(),
                row.ip.to_string(),
                before
            ],
        )?,
        None => tx.execute(
            "UPDATE credential SET last_used_at = ?3
             WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'
               AND (last_used_at IS NULL OR last_used_at <= ?4)",
            params![scope.tenant, scope.account, at, before],
        )?,
    };
    Ok(())
}
