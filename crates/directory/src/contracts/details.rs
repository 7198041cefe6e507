//! What people note about a contract: contact, payment, remarks (O-012, OP-03).

use std::collections::BTreeMap;

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};

use super::{ensure, lock};
use crate::{
    DirectoryError, PlatformScope, TenantScope, name,
    stored::{from_json, to_json},
};

/// Characters of one line of contact or payment at most: a postal address on one line.
pub const MAX_CONTACT_CHARS: usize = 400;
/// Further labels of a contract at most: the notice is one page or two.
pub const MAX_LABELS: usize = 30;

/// Plain data beside the terms. The house does no billing: all of it is for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Details {
    /// Whom to write to.
    pub contact: Contact,
    /// How it is paid.
    pub payment: Payment,
    /// Further lines of the notice: web storage, hosts of other services (O-011, O-012).
    pub labels: BTreeMap<String, String>,
    /// Remarks of the operator; tenants do not see them.
    pub notes: String,
}

/// A person at the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// The name.
    pub person: String,
    /// How the name is read.
    pub kana: String,
    /// The department.
    pub department: String,
    /// An address that does not depend on this host.
    pub mail: Option<EmailAddress>,
    /// The telephone number.
    pub phone: String,
    /// The postal code.
    pub postal_code: String,
    /// The postal address.
    pub postal_address: String,
}

/// What the bill says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payment {
    /// How (O-032).
    pub method: String,
    /// The month of the first payment, as people write it.
    pub start_month: String,
    /// For how long the contract runs.
    pub period: String,
}

/// Sets what people note about a contract.
///
/// # Errors
/// [`DirectoryError::NameInvalid`], [`DirectoryError::NoSuchTenant`].
pub fn set_details(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    details: &Details,
) -> Result<(), DirectoryError> {
    let details = tidied(details)?;
    lock(tx, scope)?;
    ensure(tx, scope.tenant)?;
    tx.execute(
        "UPDATE contract SET details = ?2, updated_at = ?3 WHERE tenant_id = ?1",
        params![scope.tenant, to_json(&details), tx.now()],
    )?;
    Ok(())
}

/// What people noted about a contract.
pub fn details(tx: &Tx<'_>, scope: TenantScope) -> Result<Details, DirectoryError> {
    let found = tx.query_opt(
        "SELECT details FROM contract WHERE tenant_id = ?1",
        params![scope.tenant],
        |row| from_json(row, 0, "the details of a contract"),
    )?;
    Ok(found.unwrap_or_default())
}

fn tidied(details: &Details) -> Result<Details, DirectoryError> {
    let (contact, payment) = (&details.contact, &details.payment);
    let line = |text: &str| name::line(text, MAX_CONTACT_CHARS);
    let mut labels = BTreeMap::new();
    for (label, text) in details.labels.iter().take(MAX_LABELS + 1) {
        labels.insert(name::tenant_name(label)?, line(text)?);
    }
    if labels.len() > MAX_LABELS {
        return Err(DirectoryError::TooManyLabels);
    }
    Ok(Details {
        contact: Contact {
            person: line(&contact.person)?,
            kana: line(&contact.kana)?,
            department: line(&contact.department)?,
            mail: contact.mail.clone(),
            phone: line(&contact.phone)?,
            postal_code: line(&contact.postal_code)?,
            postal_address: line(&contact.postal_address)?,
        },
        payment: Payment {
            method: line(&payment.method)?,
            start_month: line(&payment.start_month)?,
            period: line(&payment.period)?,
        },
        labels,
        notes: name::note(&details.notes)?,
    })
}
