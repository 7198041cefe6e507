//! An account as answers show it.

use std::collections::BTreeMap;

use hikyaku_control::accounts::{AccountView as Seen, WholeAccount};
use hikyaku_directory::{Language, password::Weakness};
use hikyaku_types::{AccountId, EmailAddress, Network, TemplateId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::timestamps;

/// An account with its limits and usage.
#[derive(Debug, Clone, Serialize, ToSchema)]
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
    family_name: String,
    given_name: String,
    family_kana: String,
    given_kana: String,
    department: String,
    title: String,
    organisation: String,
    phone: String,
    employee_number: String,
    /// Free directory attributes.
    attributes: BTreeMap<String, String>,
    pub(crate) kind: String,
    /// Whether the user may sign in: `active`, `suspended`.
    pub(crate) status: String,
    /// Whether new mail is taken: `open`, `suspended`, `discarded`.
    receiving: String,
    /// Whether the user may send: `open`, `suspended`.
    sending: String,
    pub(crate) pop: bool,
    pub(crate) imap: bool,
    pub(crate) smtp: bool,
    pub(crate) web: bool,
    may_change_password: bool,
    may_edit_profile: bool,
    in_gal: bool,
    in_directory: bool,
    /// The language in force.
    language: String,
    /// The time zone in force.
    time_zone: String,
    /// Networks from which a protocol may be used; one that is not named is open to all.
    networks: BTreeMap<String, Vec<String>>,
    #[schema(value_type = Option<String>)]
    template: Option<TemplateId>,
    pub(crate) quota_bytes: u64,
    pub(crate) quota_messages: u64,
    pub(crate) used_bytes: u64,
    pub(crate) used_messages: u64,
    /// How many aliases lead to it.
    alias_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_protocol: Option<String>,
    #[schema(value_type = i64)]
    pub(crate) created_at: Timestamp,
    /// Notes for administrators; only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// Who decides on the size of the mailbox, `account` or `contract`: the field cannot be changed
    /// then (T-041). Only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_owner: Option<&'static str>,
    /// Further addresses; only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) aliases: Option<Vec<EmailAddress>>,
    /// Registered legacy login ids; only where one account is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logins: Option<Vec<String>>,
    /// The password that was made for it; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generated_password: Option<String>,
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

impl From<Seen> for AccountView {
    fn from(seen: Seen) -> Self {
        let (account, settings) = (seen.details.account, seen.details.settings);
        let profile = settings.profile;
        let last = seen.last_sign_in;
        Self {
            id: account.scope.account,
            address: account.address,
            name: account.name,
            family_name: profile.family_name,
            given_name: profile.given_name,
            family_kana: profile.family_kana,
            given_kana: profile.given_kana,
            department: profile.department,
            title: profile.title,
            organisation: profile.organisation,
            phone: profile.phone,
            employee_number: profile.employee_number,
            attributes: profile.attributes,
            kind: account.kind.to_string(),
            status: account.status.to_string(),
            receiving: settings.receiving.to_string(),
            sending: settings.sending.to_string(),
            pop: account.access.pop,
            imap: account.access.imap,
            smtp: account.access.smtp,
            web: account.access.web,
            may_change_password: settings.switches.may_change_password,
            may_edit_profile: settings.switches.may_edit_profile,
            in_gal: settings.switches.in_gal,
            in_directory: settings.switches.in_directory,
            language: account.language.to_string(),
            time_zone: account.time_zone.as_str().to_owned(),
            networks: settings
                .networks
                .iter()
                .map(|(way, list)| {
                    let list = list.iter().map(Network::to_string).collect();
                    (way.as_str().to_owned(), list)
                })
                .collect(),
            template: settings.template,
            quota_bytes: seen.usage.quota.bytes.bytes(),
            quota_messages: seen.usage.quota.messages,
            used_bytes: seen.usage.bytes.bytes(),
            used_messages: seen.usage.messages,
            alias_count: seen.aliases,
            last_sign_in_at: last.as_ref().map(|last| timestamps::show(last.at)),
            last_protocol: last.map(|last| last.protocol),
            created_at: account.created_at,
            notes: None,
            quota_owner: None,
            aliases: None,
            logins: None,
            generated_password: None,
            warnings: Vec::new(),
        }
    }
}

impl From<WholeAccount> for AccountView {
    fn from(whole: WholeAccount) -> Self {
        let notes = whole.view.details.settings.notes.clone();
        Self {
            notes: Some(notes),
            quota_owner: Some(whole.quota_owner.word()),
            aliases: Some(whole.aliases),
            logins: Some(whole.logins),
            ..Self::from(whole.view)
        }
    }
}

impl AccountView {
    /// What of an account may not change unnoticed: everything but what it holds and when it was
    /// used.
    pub(super) fn representation(&self) -> Self {
        Self {
            used_bytes: 0,
            used_messages: 0,
            last_sign_in_at: None,
            last_protocol: None,
            generated_password: None,
            warnings: Vec::new(),
            ..self.clone()
        }
    }
}
