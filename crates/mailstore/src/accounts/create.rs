//! The beginning of an account's mail.

use std::time::Duration;

use hikyaku_db::{Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, Timestamp};

use crate::{
    error::MailError,
    limits::Limits,
    list::insert_rows,
    mailboxes::{NewMailbox, insert_mailboxes},
    name::INBOX,
    quota::Quota,
    special_use::SpecialUse,
};

/// Makes the mail side of an account: its counters, INBOX and the default mailboxes, subscribed.
/// Nothing happens if it exists; its quota is then set.
pub fn create(tx: &WriteTx<'_>, scope: AccountScope, quota: Quota) -> Result<(), MailError> {
    let inbox: MailboxId = tx.new_id();
    let first_validity = first_uid_validity(tx.now());
    let defaults = SpecialUse::DEFAULTS;
    let made = tx.execute(
        "INSERT INTO mail_account (account_id, tenant_id, inbox_id, modseq, next_uid_validity, \
         used_bytes, used_messages, quota_bytes, quota_messages, restore_seconds, change_count, \
         kept_modseq) VALUES (?1, ?2, ?3, 1, ?4, 0, 0, ?5, ?6, ?7, 0, 1) ON CONFLICT DO NOTHING",
        params![
            scope.account,
            scope.tenant,
            inbox,
            first_validity + 1 + defaults.len() as i64,
            quota.bytes,
            i64::try_from(quota.messages).unwrap_or(i64::MAX),
            seconds(Limits::default().restore_window)
        ],
    )?;
    if made == 0 {
        return super::set_quota(tx, scope, quota);
    }
    let mut mailboxes = vec![NewMailbox::top(inbox, INBOX, None)];
    mailboxes.extend(defaults.map(|(role, name)| NewMailbox::top(tx.new_id(), name, Some(role))));
    insert_mailboxes(tx, scope.account, &mailboxes, first_validity, 1)?;
    let names = mailboxes.iter().map(|mailbox| mailbox.name.as_str());
    let rows: Vec<[Value<'_>; 2]> = names
        .map(|name| [scope.account.into(), name.into()])
        .collect();
    insert_rows(tx, "INSERT INTO subscription (account_id, path)", rows, "")?;
    Ok(())
}

/// The first UIDVALIDITY of an account: the time in seconds, so that an account made anew under an
/// old address never shows a client the old generation.
fn first_uid_validity(now: Timestamp) -> i64 {
    now.seconds().clamp(1, i64::from(u32::MAX) - 1_000_000)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
