//! The notice that a registration is complete (登録完了のお知らせ, O-011, O-012, K-61): what a customer
//! is told about the contract. It never has a password: administrators are invited (C-16).

use hikyaku_db::{Tx, params};
use hikyaku_directory::{
    Language, TenantScope, TimeZoneName,
    contracts::{Contact, Payment},
    domains::{self, Query},
    plans::Terms,
};
use hikyaku_types::{EmailAddress, Timestamp};
use std::collections::BTreeMap;

use crate::{Actor, ControlError, TenantRef, tenants};

/// Domains that a notice names at most; a page or two.
const MAX_DOMAINS: u32 = 100;
/// Administrators that a notice names at most.
const MAX_ADMINISTRATORS: u32 = 20;

/// What a notice says.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The customer's name.
    pub name: String,
    /// The operator's number for it.
    pub customer_number: Option<String>,
    /// In which language it is written.
    pub language: Language,
    /// Whose days are meant.
    pub time_zone: TimeZoneName,
    /// The name of the plan.
    pub plan: Option<String>,
    /// When the service begins or began.
    pub service_start_at: Timestamp,
    /// When the contract ends.
    pub end_at: Option<Timestamp>,
    /// What is in force.
    pub terms: Terms,
    /// Options with their names and packs.
    pub options: Vec<NoticeOption>,
    /// Names as people read them.
    pub domains: Vec<String>,
    /// Who administers it.
    pub administrators: Vec<EmailAddress>,
    /// Whom the notice goes to.
    pub contact: Contact,
    /// How it is paid.
    pub payment: Payment,
    /// Further lines.
    pub labels: BTreeMap<String, String>,
}

/// An option in a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeOption {
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// How many packs.
    pub packs: u32,
}

/// The notice of a tenant as things are now.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn notice(tx: &Tx<'_>, actor: &Actor, tenant: &TenantRef) -> Result<Notice, ControlError> {
    let view = tenants::show(tx, actor, tenant)?;
    let scope = view.tenant.scope;
    let query = Query {
        limit: MAX_DOMAINS,
        ..Query::default()
    };
    let domains = domains::search(tx, scope, &query)?;
    let options = view.contract.options.into_iter().map(|had| NoticeOption {
        name_ja: had.option.name_ja,
        name_en: had.option.name_en,
        packs: had.packs,
    });
    let standing = view.tenant.standing;
    Ok(Notice {
        name: view.tenant.name,
        customer_number: view.tenant.customer_number,
        language: view.tenant.language,
        time_zone: view.tenant.time_zone,
        plan: view.contract.plan.map(|plan| plan.name),
        service_start_at: standing.service_start_at.unwrap_or(view.tenant.created_at),
        end_at: standing.end_at,
        terms: view.contract.terms,
        options: options.collect(),
        domains: domains
            .iter()
            .map(|found| found.domain.name.to_unicode())
            .collect(),
        administrators: administrators(tx, scope)?,
        contact: view.contract.details.contact,
        payment: view.contract.details.payment,
        labels: view.contract.details.labels,
    })
}

/// Those who hold a role in the whole of the tenant, in the order in which they got it.
fn administrators(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<EmailAddress>, ControlError> {
    let found: Vec<Option<EmailAddress>> = tx.query(
        ADMINISTRATORS,
        params![scope.tenant, MAX_ADMINISTRATORS, tx.now()],
        |row| Ok(format!("{}@{}", row.text(0)?, row.text(1)?).parse().ok()),
    )?;
    Ok(found.into_iter().flatten().collect())
}

const ADMINISTRATORS: &str = "SELECT own.local_part, d.name
     FROM role_grant g
     JOIN account acc ON acc.tenant_id = g.tenant_id AND acc.id = g.account_id
          AND acc.deleted_at IS NULL
     JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
     JOIN domain d ON d.id = own.domain_id
     WHERE g.tenant_id = ?1 AND g.role = 'company-administrator' AND g.place = 'tenant'
       AND (g.expires_at IS NULL OR g.expires_at > ?3)
     ORDER BY g.id LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn administrators_are_found_by_an_index() {
        hikyaku_db::testing::assert_only_searches(ADMINISTRATORS.to_owned(), 3).await;
    }
}
