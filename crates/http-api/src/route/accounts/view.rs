//! An account as answers show it.

use hikyaku_db::Tx;
use hikyaku_directory::{
    AccountScope, Language, accounts, accounts::Account, addresses, logins, password::Weakness,
};
use hikyaku_types::{AccountId, EmailAddress, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::provision::ProvisionError;

/// An account with its limits and usage.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of the account form, by name"
)]
pub(crate) struct AccountView {
    #[schema(value_type = String)]
    pub(crate) id: AccountId,
    #[schema(value_type = String)]
    pub(crate) address: EmailAddress,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) pop: bool,
    pub(crate) imap: bool,
    pub(crate) smtp: bool,
    pub(crate) web: bool,
    pub(crate) quota_bytes: u64,
    pub(crate) quota_messages: u64,
    pub(crate) used_bytes: u64,
    pub(crate) used_messages: u64,
    #[schema(value_type = i64)]
    pub(crate) created_at: Timestamp,
    /// Further addresses; only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) aliases: Option<Vec<EmailAddress>>,
    /// Registered legacy login ids; only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logins: Option<Vec<String>>,
    /// What the operator should know about what was just done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) warnings: Vec<Warning>,
}

/// Something that was done as asked and is not advisable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Warning {
    pub(crate) code: &'static str,
    pub(crate) detail: &'static str,
}

impl Warning {
    /// The weaknesses of a password in words.
    pub(crate) fn all(weaknesses: &[Weakness]) -> Vec<Self> {
        weaknesses
            .iter()
            .map(|w| Self {
                code: w.code(),
                detail: w.text(Language::En),
            })
            .collect()
    }
}

impl AccountView {
    /// The account with everything.
    pub(crate) fn load(tx: &Tx<'_>, scope: AccountScope) -> Result<Self, ProvisionError> {
        let mut view = Self::of(tx, accounts::load(tx, scope)?)?;
        let aliases = addresses::list(tx, scope)?;
        view.aliases = Some(aliases.into_iter().map(|entry| entry.address).collect());
        view.logins = Some(logins::list(tx, scope)?);
        Ok(view)
    }

    /// The account as lists show it.
    pub(crate) fn of(tx: &Tx<'_>, account: Account) -> Result<Self, ProvisionError> {
        let usage = hikyaku_mailstore::accounts::usage(tx, account.scope)?;
        Ok(Self {
            id: account.scope.account,
            address: account.address,
            name: account.name,
            kind: account.kind.to_string(),
            status: account.status.to_string(),
            pop: account.access.pop,
            imap: account.access.imap,
            smtp: account.access.smtp,
            web: account.access.web,
            quota_bytes: usage.quota.bytes.bytes(),
            quota_messages: usage.quota.messages,
            used_bytes: usage.bytes.bytes(),
            used_messages: usage.messages,
            created_at: account.created_at,
            aliases: None,
            logins: None,
            warnings: Vec::new(),
        })
    }
}
