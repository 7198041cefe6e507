//! Mailboxes by their size (T-031, F-54), and who is to be warned (F-55).

use hikyaku_db::{DbError, Row, Tx, Value, WriteTx, params};
use hikyaku_directory::{AccountScope, PlatformScope, TenantScope};
use hikyaku_types::{AccountId, ByteSize, DomainId, EmailAddress, Id as _};

use crate::{
    error::MailError,
    list::{LONGEST, push_list},
    quota::{Quota, Usage},
};

/// Accounts that one transaction brings up to date (1,000): about 10 ms of writer time when all of
/// them have changed.
pub const ACCOUNTS_CHUNK: u32 = 1_000;

/// Permille below a mark to which a mailbox has to fall before reaching the mark is told again
/// (20).
pub const NOTICE_HYSTERESIS_PERMILLE: i64 = 20;

/// A stretch of accounts that is to be brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    /// After this account …
    pub after: AccountId,
    /// … up to and with this one.
    pub last: AccountId,
    /// Whether anything is to be done.
    pub is_stale: bool,
    /// Whether others follow.
    pub more: bool,
}

/// A mailbox that has reached a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// Whose.
    pub scope: AccountScope,
    /// 80 or 90.
    pub mark: u8,
    /// What it holds.
    pub usage: Usage,
    /// Of the limit that is nearer.
    pub permille: u64,
}

/// Looks at the next accounts.
pub fn stale(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: AccountId,
) -> Result<Refresh, MailError> {
    let beyond = tx.query_opt(BEYOND, params![after, ACCOUNTS_CHUNK - 1], |row| row.get(0))?;
    let last = beyond.unwrap_or_else(|| AccountId::from_i64(i64::MAX));
    let changed = tx.query_opt(&changed(), params![after, last], |_| Ok(()))?;
    let gone = tx.query_opt(GONE, params![after, last], |_| Ok(()))?;
    Ok(Refresh {
        after,
        last,
        is_stale: changed.or(gone).is_some(),
        more: beyond.is_some(),
    })
}

/// Brings a stretch of accounts up to date, and says who has reached a mark since.
pub fn refresh(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    stretch: Refresh,
) -> Result<Vec<Crossing>, MailError> {
    let range = params![stretch.after, stretch.last];
    tx.execute(&upsert(), range)?;
    tx.execute(DELETE_GONE, range)?;
    let crossings = tx.query(&crossings(), range, crossing)?;
    tx.execute(&set_noticed(), range)?;
    Ok(crossings.into_iter().flatten().collect())
}

const BEYOND: &str = "SELECT account_id FROM mail_account WHERE account_id > ?1 ORDER BY account_id LIMIT 1 OFFSET ?2";

/// A step in an index for each row, whatever PostgreSQL believes of the tables.
const GONE: &str = "SELECT u.account_id FROM usage_account u \
     WHERE u.account_id > ?1 AND u.account_id <= ?2 AND (SELECT a.id FROM account a \
     WHERE a.id = u.account_id AND a.deleted_at IS NULL) IS NULL LIMIT 1";

const DELETE_GONE: &str = "DELETE FROM usage_account WHERE account_id > ?1 AND account_id <= ?2 \
     AND (SELECT a.id FROM account a \
     WHERE a.id = usage_account.account_id AND a.deleted_at IS NULL) IS NULL";

/// The columns that are copied, and what changes with them.
const COPIED: [&str; 7] = [
    "tenant_id",
    "domain_id",
    "used_bytes",
    "used_messages",
    "quota_bytes",
    "quota_messages",
    "permille",
];

/// The accounts of a stretch as they are now. The limit that is nearer decides. Each table is told
/// the stretch: PostgreSQL does not conclude it from the join, and would read all accounts.
const NOW: &str = "SELECT x.account_id, x.tenant_id, x.domain_id, x.used_bytes, x.used_messages, \
     x.quota_bytes, x.quota_messages, \
     CASE WHEN x.of_bytes >= x.of_messages THEN x.of_bytes ELSE x.of_messages END AS permille \
     FROM (SELECT m.account_id, m.tenant_id, a.domain_id, m.used_bytes, m.used_messages, \
     m.quota_bytes, m.quota_messages, \
     CASE WHEN m.quota_bytes > 0 THEN m.used_bytes * 1000 / m.quota_bytes ELSE 0 END AS of_bytes, \
     CASE WHEN m.quota_messages > 0 THEN m.used_messages * 1000 / m.quota_messages ELSE 0 END \
     AS of_messages \
     FROM mail_account m JOIN account a ON a.id = m.account_id \
     WHERE m.account_id > ?1 AND m.account_id <= ?2 AND a.id > ?1 AND a.id <= ?2 \
     AND a.deleted_at IS NULL) x";

fn differs(ours: &str, theirs: &str) -> String {
    COPIED
        .map(|column| format!("{ours}.{column} <> {theirs}.{column}"))
        .join(" OR ")
}

fn changed() -> String {
    format!(
        "SELECT n.account_id FROM ({NOW}) n LEFT JOIN usage_account u \
         ON u.account_id = n.account_id AND u.account_id > ?1 AND u.account_id <= ?2 \
         WHERE u.account_id IS NULL OR {} LIMIT 1",
        differs("u", "n")
    )
}

fn upsert() -> String {
    let set = COPIED.map(|column| format!("{column} = excluded.{column}"));
    format!(
        "INSERT INTO usage_account (account_id, {}, noticed) \
         SELECT n.account_id, {}, 0 FROM ({NOW}) n WHERE n.account_id > ?1 \
         ON CONFLICT (account_id) DO UPDATE SET {} WHERE {}",
        COPIED.join(", "),
        COPIED.map(|column| format!("n.{column}")).join(", "),
        set.join(", "),
        differs("usage_account", "excluded"),
    )
}

/// What the owner of a row is told, or has been told and need not be told again.
fn level() -> String {
    let (down_90, down_80) = (
        900 - NOTICE_HYSTERESIS_PERMILLE,
        800 - NOTICE_HYSTERESIS_PERMILLE,
    );
    format!(
        "CASE WHEN permille >= 900 OR (permille >= {down_90} AND noticed = 90) THEN 90 \
         WHEN permille >= 800 OR (permille >= {down_80} AND noticed >= 80) THEN 80 ELSE 0 END"
    )
}

fn crossings() -> String {
    format!(
        "SELECT tenant_id, account_id, used_bytes, used_messages, quota_bytes, quota_messages, \
         permille, {level} FROM usage_account \
         WHERE account_id > ?1 AND account_id <= ?2 AND {level} > noticed",
        level = level()
    )
}

fn set_noticed() -> String {
    format!(
        "UPDATE usage_account SET noticed = {level} \
         WHERE account_id > ?1 AND account_id <= ?2 AND {level} <> noticed",
        level = level()
    )
}

fn crossing(row: &Row<'_>) -> Result<Option<Crossing>, DbError> {
    let mark: u8 = row.get(7)?;
    Ok((mark >= 80).then_some(Crossing {
        scope: AccountScope {
            tenant: row.get(0)?,
            account: row.get(1)?,
        },
        mark,
        usage: usage(row, 2)?,
        permille: row.get(6)?,
    }))
}

fn usage(row: &Row<'_>, first: usize) -> Result<Usage, DbError> {
    Ok(Usage {
        bytes: row.get(first)?,
        messages: row.get(first + 1)?,
        quota: Quota {
            bytes: row.get(first + 2)?,
            messages: row.get(first + 3)?,
        },
    })
}

/// In which order mailboxes are listed: the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By what they hold.
    #[default]
    Used,
    /// By how full they are.
    Ratio,
}

impl Order {
    const fn column(self) -> &'static str {
        match self {
            Self::Used => "u.used_bytes",
            Self::Ratio => "u.permille",
        }
    }
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// By what the list is ordered, of the last row.
    pub value: u64,
    /// The last row.
    pub account: AccountId,
}

/// One mailbox of a list, as it was measured last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountUsage {
    /// Whose.
    pub scope: AccountScope,
    /// The own address.
    pub address: EmailAddress,
    /// The display name.
    pub name: String,
    /// What it holds.
    pub usage: Usage,
    /// Of the limit that is nearer; 0 without one.
    pub permille: u64,
}

impl AccountUsage {
    /// The cursor of the page behind this row.
    pub fn cursor(&self, order: Order) -> Cursor {
        let value = match order {
            Order::Used => self.usage.bytes.bytes(),
            Order::Ratio => self.permille,
        };
        Cursor {
            value,
            account: self.scope.account,
        }
    }
}

/// Up to `limit` mailboxes of a tenant, or of some of its domains (up to 256), the largest first.
pub fn list(
    tx: &Tx<'_>,
    scope: TenantScope,
    domains: Option<&[DomainId]>,
    (order, after): (Order, Option<Cursor>),
    limit: u32,
) -> Result<Vec<AccountUsage>, MailError> {
    let after = after.unwrap_or(Cursor {
        value: u64::MAX,
        account: AccountId::from_i64(i64::MAX),
    });
    let mut parameters: Vec<Value<'_>> =
        params![scope.tenant, ByteSize(after.value), after.account, limit].to_vec();
    let within = match domains {
        Some([]) => return Ok(Vec::new()),
        Some(domains) => {
            let domains = domains.get(..domains.len().min(LONGEST)).unwrap_or(domains);
            format!(
                "AND u.domain_id IN ({})",
                push_list(&mut parameters, domains)
            )
        }
        None => String::new(),
    };
    Ok(
        tx.query(&list_statement(order, &within), &parameters, |row| {
            let address = format!("{}@{}", row.text(1)?, row.text(2)?);
            Ok(AccountUsage {
                scope: AccountScope {
                    tenant: scope.tenant,
                    account: row.get(0)?,
                },
                address: address.parse().map_err(|_| DbError::Conversion {
                    index: 1,
                    expected: "an address",
                    found: "another text",
                })?,
                name: row.get(3)?,
                usage: usage(row, 4)?,
                permille: row.get(8)?,
            })
        })?,
    )
}

fn list_statement(order: Order, within: &str) -> String {
    let column = order.column();
    format!(
        "SELECT u.account_id, ad.local_part, d.name, acc.name, u.used_bytes, u.used_messages, \
         u.quota_bytes, u.quota_messages, u.permille FROM usage_account u \
         JOIN account acc ON acc.id = u.account_id AND acc.deleted_at IS NULL \
         JOIN address ad ON ad.account_id = acc.id AND ad.kind = 'account' \
         JOIN domain d ON d.id = ad.domain_id \
         WHERE u.tenant_id = ?1 AND ({column}, u.account_id) < (?2, ?3) {within} \
         ORDER BY {column} DESC, u.account_id DESC LIMIT ?4"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lists_and_stretches_are_searched_for() {
        for order in [Order::Used, Order::Ratio] {
            let sql = list_statement(order, "AND u.domain_id IN (?5)");
            hikyaku_db::testing::assert_only_searches(sql, 5).await;
        }
        for sql in [changed(), crossings(), set_noticed(), GONE.to_owned()] {
            hikyaku_db::testing::assert_only_searches(sql, 2).await;
        }
    }
}
