//! Terms for accounts that have none: those of a database from before there were terms.

use std::collections::BTreeSet;

use hikyaku_db::{WriteTx, params};

use super::{details, store, terms};
use crate::{AccountScope, DirectoryError, PlatformScope};

/// Accounts of one transaction: about ten milliseconds of writing.
const CHUNK: u32 = 50;

/// Makes the next accounts searchable that are not. Returns how many; none means that all are.
pub fn make_searchable(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
) -> Result<usize, DirectoryError> {
    let scopes = tx.query(
        "SELECT tenant_id, id FROM account WHERE search_version = 0 ORDER BY id LIMIT ?1",
        params![CHUNK],
        |row| {
            Ok(AccountScope {
                tenant: row.get(0)?,
                account: row.get(1)?,
            })
        },
    )?;
    for found in details::details_of(tx, &scopes)? {
        store::search_columns(tx, &found)?;
        let (none, all) = (BTreeSet::new(), terms::terms(&found));
        terms::write(tx, found.account.scope, &none, &all)?;
    }
    Ok(scopes.len())
}
