//! Telling the owner that the account was locked.

use hikyaku_access::lockout::LockObserver;
use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, DirectoryError, accounts};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_types::Timestamp;
use serde_json::json;

use super::of_account;
use crate::Actor;

/// Writes the notice and the operation log in the transaction of the lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct LockNotices;

impl LockObserver for LockNotices {
    fn locked(
        &self,
        tx: &WriteTx<'_>,
        scope: AccountScope,
        until: Timestamp,
    ) -> Result<(), DbError> {
        tell(tx, scope, until).map_err(|error| match error {
            DirectoryError::Db(error) => error,
            // The account was found and locked in this very transaction.
            _ => DbError::NotFound,
        })
    }
}

fn tell(tx: &WriteTx<'_>, scope: AccountScope, until: Timestamp) -> Result<(), DirectoryError> {
    let account = accounts::load(tx, scope)?;
    let shown = local_time(until, account.time_zone.as_str());
    let notice = Notice::new(
        Event::AccountLocked,
        scope.tenant_scope(),
        Recipient::Account(scope),
        json!({ "until": shown }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    let act = of_account(&account, "account.lock").after(json!({ "until": shown }));
    Ok(Actor::system("sign-in").log(tx, act)?)
}

/// An instant as the account's owner reads a clock.
fn local_time(at: Timestamp, zone: &str) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = instant.to_zoned(zone);
    local.strftime("%Y/%m/%d %H:%M").to_string()
}
