//! What a list looks at of each account before it decides.

use hikyaku_db::{DbError, Row};
use hikyaku_directory::AccountScope;
use hikyaku_types::{DomainId, Id as _, TemplateId};

use super::order::{AccountSort, AfterAccount, Key};

/// An account that a list may show.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) scope: AccountScope,
    pub(super) domain: DomainId,
    pub(super) place: AfterAccount,
    pub(super) search_text: String,
    pub(super) address: String,
    pub(super) status: String,
    pub(super) receiving: String,
    pub(super) sending: String,
    pub(super) kind: String,
    pub(super) template: Option<TemplateId>,
    pub(super) department: String,
    pub(super) used: [i64; 2],
    pub(super) quota: [i64; 2],
}

/// Selects what [`read`] takes; conditions follow.
pub(super) fn select(by: AccountSort) -> String {
    format!(
        "SELECT {}, acc.id, acc.tenant_id, acc.domain_id, acc.search_text, own.canonical,
                acc.status, acc.receiving, acc.sending, acc.kind, acc.template_id,
                acc.department, m.used_bytes, m.quota_bytes, m.used_messages, m.quota_messages",
        by.expression()
    )
}

/// The account in a row of [`select`].
pub(super) fn read(row: &Row<'_>, by: AccountSort) -> Result<Candidate, DbError> {
    let scope = AccountScope {
        account: row.get(1)?,
        tenant: row.get(2)?,
    };
    let key = if by.is_text() {
        Key::Text(row.get(0)?)
    } else {
        Key::Number(row.get(0)?)
    };
    Ok(Candidate {
        scope,
        place: AfterAccount {
            key,
            id: scope.account.to_i64(),
        },
        domain: row.get(3)?,
        search_text: row.get(4)?,
        address: row.get(5)?,
        status: row.get(6)?,
        receiving: row.get(7)?,
        sending: row.get(8)?,
        kind: row.get(9)?,
        template: row.get(10)?,
        department: row.get(11)?,
        used: [row.get(12)?, row.get(14)?],
        quota: [row.get(13)?, row.get(15)?],
    })
}
