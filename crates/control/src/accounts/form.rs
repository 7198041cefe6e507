//! The account form (AD-03): what administrators say of an account, field by field, and how it is
//! laid over what is there.

use std::collections::BTreeMap;

use hikyaku_directory::{
    AccountStatus, Language, TimeZoneName,
    accounts::{Access, AllowedNetworks, Details, Overrides, Reception, Sending, Settings, Way},
    templates::TemplateSettings,
};
use hikyaku_types::{ByteSize, Network};
use serde::{Deserialize, Serialize};

use crate::ControlError;

/// The fields of an account that are given; what is `None` stays as it is, or gets its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountForm {
    /// The display name.
    pub name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// How the family name is read.
    pub family_kana: Option<String>,
    /// How the given name is read.
    pub given_kana: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The organisation.
    pub organisation: Option<String>,
    /// Telephone numbers.
    pub phone: Option<String>,
    /// The employee number.
    pub employee_number: Option<String>,
    /// Free directory attributes: those that are named are set; an empty value takes one away.
    pub attributes: Option<BTreeMap<String, String>>,
    /// Notes for administrators.
    pub notes: Option<String>,
    /// `ja`, `en`, or empty for the tenant's.
    pub language: Option<String>,
    /// An IANA name, or empty for the tenant's.
    pub time_zone: Option<String>,
    /// Bytes of the mailbox; 0 is no limit of its own.
    pub quota_bytes: Option<ByteSize>,
    /// Messages of the mailbox; 0 is no limit.
    pub quota_messages: Option<u64>,
    /// May sign in to the web (T-027).
    pub web: Option<bool>,
    /// May sign in with IMAP (T-024).
    pub imap: Option<bool>,
    /// May sign in with POP (T-024).
    pub pop: Option<bool>,
    /// May submit mail.
    pub smtp: Option<bool>,
    /// Whether the user may sign in: `active` or `suspended`.
    pub status: Option<String>,
    /// Whether new mail is taken: `open`, `suspended`; `discarded` for system accounts.
    pub receiving: Option<String>,
    /// Whether the user may send: `open` or `suspended`.
    pub sending: Option<String>,
    /// May change the own password (T-023).
    pub may_change_password: Option<bool>,
    /// May change the own profile (T-026).
    pub may_edit_profile: Option<bool>,
    /// Is in the global address list (T-039).
    pub in_gal: Option<bool>,
    /// Is told of by the public directory service (T-025).
    pub in_directory: Option<bool>,
    /// For each of `web`, `imap`, `pop`, `smtp` the networks from which it may be used. Those that
    /// are named are set; an empty list opens the way to all.
    pub networks: Option<BTreeMap<String, Vec<String>>>,
}

impl AccountForm {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The form of a template.
    pub(crate) fn of_template(template: &TemplateSettings) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            department: text(&template.department),
            title: text(&template.title),
            organisation: text(&template.organisation),
            attributes: Some(template.attributes.clone()),
            language: template.language.clone(),
            time_zone: template.time_zone.clone(),
            quota_bytes: (template.quota_bytes > 0).then_some(ByteSize(template.quota_bytes)),
            quota_messages: Some(template.quota_messages),
            web: Some(template.web),
            imap: Some(template.imap),
            pop: Some(template.pop),
            smtp: Some(template.smtp),
            may_change_password: Some(template.may_change_password),
            may_edit_profile: Some(template.may_edit_profile),
            in_gal: Some(template.in_gal),
            in_directory: Some(template.in_directory),
            ..Self::default()
        }
    }

    /// The settings with the given fields laid over them.
    pub(crate) fn settings(&self, mut settings: Settings) -> Result<Settings, ControlError> {
        let profile = &mut settings.profile;
        for (given, kept) in [
            (&self.family_name, &mut profile.family_name),
            (&self.given_name, &mut profile.given_name),
            (&self.family_kana, &mut profile.family_kana),
            (&self.given_kana, &mut profile.given_kana),
            (&self.department, &mut profile.department),
            (&self.title, &mut profile.title),
            (&self.organisation, &mut profile.organisation),
            (&self.phone, &mut profile.phone),
            (&self.employee_number, &mut profile.employee_number),
            (&self.notes, &mut settings.notes),
        ] {
            if let Some(given) = given {
                kept.clone_from(given);
            }
        }
        if let Some(attributes) = &self.attributes {
            profile.attributes.extend(attributes.clone());
        }
        let switches = &mut settings.switches;
        for (given, kept) in [
            (self.may_change_password, &mut switches.may_change_password),
            (self.may_edit_profile, &mut switches.may_edit_profile),
            (self.in_gal, &mut switches.in_gal),
            (self.in_directory, &mut switches.in_directory),
        ] {
            *kept = given.unwrap_or(*kept);
        }
        if let Some(word) = &self.receiving {
            settings.receiving = receiving(word)?;
        }
        if let Some(word) = &self.sending {
            settings.sending = sending(word)?;
        }
        if let Some(networks) = &self.networks {
            settings.networks = merged(settings.networks, networks)?;
        }
        Ok(settings)
    }

    /// The ways to sign in with the given ones laid over them.
    pub(crate) fn access(&self, before: Access) -> Access {
        Access {
            pop: self.pop.unwrap_or(before.pop),
            imap: self.imap.unwrap_or(before.imap),
            smtp: self.smtp.unwrap_or(before.smtp),
            web: self.web.unwrap_or(before.web),
        }
    }

    /// Language and time zone with the given ones laid over them.
    pub(crate) fn overrides(&self, before: &Overrides) -> Result<Overrides, ControlError> {
        let language = match self.language.as_deref() {
            None => before.language,
            Some("") => None,
            Some(tag) => Some(
                tag.parse::<Language>()
                    .map_err(|error| ControlError::invalid("language", error))?,
            ),
        };
        let time_zone = match self.time_zone.as_deref() {
            None => before.time_zone.clone(),
            Some("") => None,
            Some(zone) => Some(
                zone.parse::<TimeZoneName>()
                    .map_err(|error| ControlError::invalid("time_zone", error))?,
            ),
        };
        Ok(Overrides {
            time_zone,
            language,
        })
    }

    /// Whether the user may sign in, when it is given.
    pub(crate) fn status(&self) -> Result<Option<AccountStatus>, ControlError> {
        match self.status.as_deref() {
            None => Ok(None),
            Some("active") => Ok(Some(AccountStatus::Active)),
            Some("suspended") => Ok(Some(AccountStatus::Suspended)),
            Some(_) => Err(ControlError::invalid(
                "status",
                "write \"active\" or \"suspended\"",
            )),
        }
    }

    /// The display name: the given one; else the full name where there was none, or the one before
    /// was the full name before.
    pub(crate) fn display_name(
        &self,
        (before, settings): (&str, &Settings),
        after: &Settings,
    ) -> Option<String> {
        match &self.name {
            Some(name) => Some(name.clone()),
            None if before.is_empty() || before == settings.profile.full_name() => {
                Some(after.profile.full_name())
            }
            None => None,
        }
    }
}

fn receiving(word: &str) -> Result<Reception, ControlError> {
    match word {
        "open" => Ok(Reception::Open),
        "suspended" => Ok(Reception::Suspended),
        "discarded" => Ok(Reception::Discarded),
        _ => Err(ControlError::invalid(
            "receiving",
            "write \"open\", \"suspended\" or \"discarded\"",
        )),
    }
}

fn sending(word: &str) -> Result<Sending, ControlError> {
    match word {
        "open" => Ok(Sending::Open),
        "suspended" => Ok(Sending::Suspended),
        _ => Err(ControlError::invalid(
            "sending",
            "write \"open\" or \"suspended\"",
        )),
    }
}

fn merged(
    mut networks: AllowedNetworks,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<AllowedNetworks, ControlError> {
    for (word, list) in given {
        let way = Way::parse(word).ok_or_else(|| {
            let detail = "write a list for \"web\", \"imap\", \"pop\" or \"smtp\"";
            ControlError::invalid("networks", detail)
        })?;
        let parsed = list.iter().map(|text| {
            text.parse::<Network>()
                .map_err(|error| ControlError::invalid("networks", format!("\"{text}\": {error}")))
        });
        networks = networks.with(way, parsed.collect::<Result<_, _>>()?)?;
    }
    Ok(networks)
}

/// What differs between two states of an account, for the operation log: before and after.
pub(crate) fn differences(
    before: &Details,
    after: &Details,
) -> (serde_json::Value, serde_json::Value) {
    let (old, new) = (shown(before), shown(after));
    let mut changed = (serde_json::Map::new(), serde_json::Map::new());
    for (key, value) in new {
        let was = old.get(&key).cloned().unwrap_or_default();
        if was != value {
            changed.0.insert(key.clone(), was);
            changed.1.insert(key, value);
        }
    }
    (changed.0.into(), changed.1.into())
}

/// An account as the operation log shows it: everything that is set of it, and no secret.
pub(crate) fn shown(details: &Details) -> serde_json::Map<String, serde_json::Value> {
    let (account, settings) = (&details.account, &details.settings);
    let networks: BTreeMap<&str, Vec<String>> = settings
        .networks
        .iter()
        .map(|(way, list)| (way.as_str(), list.iter().map(Network::to_string).collect()))
        .collect();
    let value = serde_json::json!({
        "address": account.address.to_string(),
        "name": account.name,
        "kind": account.kind.to_string(),
        "status": account.status.to_string(),
        "web": account.access.web,
        "imap": account.access.imap,
        "pop": account.access.pop,
        "smtp": account.access.smtp,
        "language": account.overrides.language.map(|language| language.to_string()),
        "time_zone": account.overrides.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
        "receiving": settings.receiving.to_string(),
        "sending": settings.sending.to_string(),
        "may_change_password": settings.switches.may_change_password,
        "may_edit_profile": settings.switches.may_edit_profile,
        "in_gal": settings.switches.in_gal,
        "in_directory": settings.switches.in_directory,
        "networks": networks,
        "notes": settings.notes,
        "profile": settings.profile,
    });
    match value {
        serde_json::Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}
