//! From whom notices come, and which administrators get them.

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::TenantScope;
use hikyaku_types::EmailAddress;

use crate::template::owner_number;

/// What a tenant, or the platform, has set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeSettings {
    /// The name of the service in texts.
    pub product: Option<String>,
    /// The name beside the sender's address.
    pub sender_name: Option<String>,
    /// The sender's address.
    pub sender_address: Option<EmailAddress>,
    /// Who gets the notices to administrators; empty: those who hold the office.
    pub administrators: Vec<EmailAddress>,
}

/// What is set for a tenant, or for the platform.
pub fn load(tx: &Tx<'_>, tenant: Option<TenantScope>) -> Result<NoticeSettings, DbError> {
    let found = tx.query_opt(
        "SELECT product, sender_name, sender_address, administrators FROM notice_settings \
         WHERE tenant_id = ?1",
        params![owner_number(tenant)],
        |row| {
            let sender: Option<String> = row.get(2)?;
            let administrators: Vec<String> =
                serde_json::from_str(row.text(3)?).unwrap_or_default();
            Ok(NoticeSettings {
                product: row.get(0)?,
                sender_name: row.get(1)?,
                sender_address: sender.and_then(|text| text.parse().ok()),
                administrators: administrators
                    .iter()
                    .filter_map(|text| text.parse().ok())
                    .collect(),
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Sets all of it.
pub fn set(
    tx: &WriteTx<'_>,
    tenant: Option<TenantScope>,
    settings: &NoticeSettings,
) -> Result<(), DbError> {
    let administrators: Vec<String> = settings
        .administrators
        .iter()
        .map(ToString::to_string)
        .collect();
    tx.execute(
        "INSERT INTO notice_settings
             (tenant_id, product, sender_name, sender_address, administrators, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant_id) DO UPDATE
         SET product = excluded.product, sender_name = excluded.sender_name,
             sender_address = excluded.sender_address,
             administrators = excluded.administrators, updated_at = excluded.updated_at",
        params![
            owner_number(tenant),
            settings.product.as_deref(),
            settings.sender_name.as_deref(),
            settings.sender_address.as_ref().map(ToString::to_string),
            serde_json::Value::from(administrators).to_string(),
            tx.now(),
        ],
    )?;
    Ok(())
}
