//! Telling people what a measurement found.

use hikyaku_db::WriteTx;
use hikyaku_directory::{
    DirectoryError,
    pools::{Event, Pool, Recorded},
};
use hikyaku_mailstore::usage::Crossing;
use hikyaku_notices::{Notice, Recipient, enqueue};
use hikyaku_oplog::Target;
use hikyaku_types::ByteSize;
use serde_json::json;

use crate::{Act, Actor, ControlError};

/// As whom the house writes into the log.
const NAME: &str = "usage measurement";

/// A pool in the operation log.
pub(super) fn target(pool: &Pool) -> Target {
    match pool.key.domain {
        Some(domain) => Target::new("domain", domain, &pool.name),
        None => Target::new("tenant", pool.key.tenant.tenant, &pool.name),
    }
}

/// The notices and log entries of a pool's measurement.
pub(super) fn pool(tx: &WriteTx<'_>, recorded: &Recorded) -> Result<(), ControlError> {
    let pool = &recorded.pool;
    for event in &recorded.events {
        notice(tx, pool, *event)?;
        let action = match event {
            Event::Reached90 => continue,
            Event::Locked => "pool.lock",
            Event::Unlocked => "pool.unlock",
        };
        let act = Act::in_tenant(pool.key.tenant.tenant, action, target(pool)).after(json!({
            "percent": pool.percent(),
            "used_bytes": pool.totals.used.bytes(),
            "limit_bytes": pool.limit.bytes(),
        }));
        Actor::system(NAME).log(tx, act)?;
    }
    Ok(())
}

/// The notice to the administrators (N-01, N-02, N-02b).
pub(super) fn notice(tx: &WriteTx<'_>, pool: &Pool, event: Event) -> Result<(), ControlError> {
    let event = match event {
        Event::Reached90 => hikyaku_notices::Event::Pool90,
        Event::Locked => hikyaku_notices::Event::PoolLocked,
        Event::Unlocked => hikyaku_notices::Event::PoolUnlocked,
    };
    let variables = json!({
        "name": pool.name,
        "percent": pool.percent(),
        "used": shown(pool.totals.used),
        "total": shown(pool.limit),
        "grace_hours": pool.grace_hours,
    });
    let notice = Notice::new(event, pool.key.tenant, Recipient::Administrators, variables);
    enqueue(tx, &notice)?;
    Ok(())
}

/// The notice to the owner of a mailbox (F-55).
pub(super) fn mailbox(tx: &WriteTx<'_>, crossing: &Crossing) -> Result<(), ControlError> {
    let event = if crossing.mark >= 90 {
        hikyaku_notices::Event::Mailbox90
    } else {
        hikyaku_notices::Event::Mailbox80
    };
    let variables = json!({
        "percent": crossing.permille / 10,
        "used": shown(crossing.usage.bytes),
        "total": shown(crossing.usage.quota.bytes),
    });
    let recipient = Recipient::Account(crossing.scope);
    let notice = Notice::new(event, crossing.scope.tenant_scope(), recipient, variables);
    match enqueue(tx, &notice) {
        // It was deleted since the look.
        Ok(_) | Err(DirectoryError::NoSuchAccount(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A size for people: `9.2 GB`.
fn shown(size: ByteSize) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut number = size.bytes() as f64;
    let mut unit = 0;
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 {
        format!("{number} {name}")
    } else {
        format!("{number:.1} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_with_one_decimal() {
        assert_eq!(shown(ByteSize(1023)), "1023 B");
        assert_eq!(shown(ByteSize::mib(9_420)), "9.2 GB");
        assert_eq!(shown(ByteSize(0)), "0 B");
        assert_eq!(shown(ByteSize(u64::MAX)), "16777216.0 TB");
    }
}
