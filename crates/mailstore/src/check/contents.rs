//! References to contents, counted for a whole tenant.

use hikyaku_blob::ReferenceSource;
use hikyaku_db::{Tx, params};
use hikyaku_types::TenantId;

use crate::{Mailstore, error::MailError};

use super::{Finding, Inconsistency};

/// The references that messages hold.
const MESSAGES: ReferenceSource = ReferenceSource {
    sql: "SELECT m.blob_hash AS hash FROM message m \
          JOIN mail_account a ON a.account_id = m.account_id WHERE a.tenant_id = ?1",
};

impl Mailstore {
    /// Checks the counts of references to the contents of one tenant.
    pub async fn check_tenant(&self, tenant: TenantId) -> Result<Vec<Finding>, MailError> {
        let mut sources = vec![MESSAGES];
        sources.extend_from_slice(self.references());
        self.db()
            .read(move |tx| {
                let differing = hikyaku_blob::differing_references(tx, tenant, &sources)?;
                Ok(differing
                    .into_iter()
                    .map(|found| Finding {
                        tenant,
                        account: None,
                        inconsistency: Inconsistency::References {
                            hash: found.hash,
                            stored: found.stored,
                            found: found.found,
                        },
                    })
                    .collect())
            })
            .await
    }
}

/// The tenants that have contents, also when they have no account any more.
pub(super) fn tenants(tx: &Tx<'_>) -> Result<Vec<TenantId>, MailError> {
    Ok(
        tx.query("SELECT DISTINCT tenant_id FROM blob", params![], |row| {
            row.get(0)
        })?,
    )
}
