//! Walking over all accounts, for jobs and checks of the whole platform.

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, Id};

use crate::error::MailError;

/// Accounts looked up at once.
const PAGE: u32 = 256;

/// The accounts after one, ascending.
pub(crate) fn after(tx: &Tx<'_>, after: Option<AccountId>) -> Result<Vec<AccountScope>, MailError> {
    let after = after.map_or(0, Id::to_i64);
    Ok(tx.query(
        "SELECT tenant_id, account_id FROM mail_account WHERE account_id > ?1 \
         ORDER BY account_id LIMIT ?2",
        params![after, PAGE],
        |row| {
            Ok(AccountScope {
                tenant: row.get(0)?,
                account: row.get(1)?,
            })
        },
    )?)
}
