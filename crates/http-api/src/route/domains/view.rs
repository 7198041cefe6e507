//! Domains in answers.

use hikyaku_control::domains as control;
use hikyaku_directory::domains::{DomainService, Found, Subaddressing};
use hikyaku_types::{ByteSize, Domain, DomainId, EmailAddress, TenantId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::timestamps;

/// A domain in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DomainView)]
pub(crate) struct DomainView {
    #[schema(value_type = String)]
    id: DomainId,
    /// As A-labels.
    #[schema(value_type = String)]
    name: Domain,
    /// As people read it.
    unicode_name: String,
    /// The name of its tenant.
    tenant: String,
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// Who gets mail for unknown addresses.
    #[schema(value_type = Option<String>)]
    catch_all: Option<EmailAddress>,
    /// Whether `user+tag@` reaches `user@`.
    subaddressing: bool,
    /// The domain that it stands for with all its addresses.
    #[schema(value_type = Option<String>)]
    alias_of: Option<Domain>,
    #[schema(value_type = super::Proved)]
    verification: String,
    /// The TXT record that shows the ownership; null where nobody has to show it.
    verification_record: Option<RecordView>,
    verified_at: Option<String>,
    /// When the record was looked for last.
    checked_at: Option<String>,
    /// Whether mail for it is ours; a domain that waits for its proof is not.
    in_service: bool,
    /// The size of all its mailboxes; null: as the plan says.
    #[schema(value_type = Option<u64>)]
    mailbox_quota_bytes: Option<ByteSize>,
    /// How many accounts have their own address in it.
    accounts: u32,
    created_at: String,
}

/// A record to set at the name service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordView {
    /// Its name.
    name: String,
    /// What it says.
    text: String,
}

impl From<Found> for DomainView {
    fn from(found: Found) -> Self {
        let domain = found.domain;
        let record = control::expected(&domain);
        Self {
            id: domain.id,
            unicode_name: domain.name.to_unicode(),
            name: domain.name,
            tenant: found.tenant,
            tenant_id: domain.tenant.tenant,
            catch_all: found.catch_all,
            subaddressing: domain.subaddressing == Subaddressing::On,
            alias_of: found.alias_of,
            verification: domain.proof.state.to_string(),
            verification_record: record.map(|(name, text)| RecordView { name, text }),
            verified_at: domain.proof.verified_at.map(timestamps::show),
            checked_at: domain.proof.checked_at.map(timestamps::show),
            in_service: domain.service == DomainService::Running,
            mailbox_quota_bytes: domain.mailbox_quota,
            accounts: found.accounts,
            created_at: timestamps::show(domain.created_at),
        }
    }
}

impl DomainView {
    /// What of it may not change unnoticed: not the number of its accounts, nor that somebody
    /// looked at the record.
    pub(super) fn representation(&self) -> Value {
        let mut value = json!(self);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("accounts");
            fields.remove("checked_at");
        }
        value
    }
}
