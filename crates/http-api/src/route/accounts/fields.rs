//! The fields of the account form in requests, once for what creates and for what changes.

use serde::Deserialize;
use utoipa::ToSchema;

/// Whether the user may sign in.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccountStatus)]
pub(super) enum Status {
    Active,
    Suspended,
}

/// Whether new mail is taken. System accounts only may have it discarded.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccountReceiving)]
pub(super) enum Receiving {
    Open,
    Suspended,
    Discarded,
}

/// Whether the user may send.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccountSending)]
pub(super) enum Sending {
    Open,
    Suspended,
}

impl Status {
    pub(super) fn word(self) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::Suspended => "suspended".to_owned(),
        }
    }
}

impl Receiving {
    pub(super) fn word(self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Suspended => "suspended".to_owned(),
            Self::Discarded => "discarded".to_owned(),
        }
    }
}

impl Sending {
    pub(super) fn word(self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Suspended => "suspended".to_owned(),
        }
    }
}

/// A request with the fields of the form beside its own.
macro_rules! with_form {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$own_meta:meta])* $own:ident : $type:ty),* $(,)? }
    ) => {
        #[derive(Debug, Deserialize, ToSchema)]
        $(#[$meta])*
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$own_meta])* pub(super) $own: $type,)*
            /// The display name; the full name when it is left out at first.
            name: Option<String>,
            family_name: Option<String>,
            given_name: Option<String>,
            /// How the family name is read.
            family_kana: Option<String>,
            /// How the given name is read.
            given_kana: Option<String>,
            department: Option<String>,
            title: Option<String>,
            organisation: Option<String>,
            phone: Option<String>,
            employee_number: Option<String>,
            /// Free directory attributes: those that are named are set, an empty text takes one
            /// away.
            attributes: Option<::std::collections::BTreeMap<String, String>>,
            /// Notes for administrators.
            notes: Option<String>,
            /// `ja`, `en`, or empty for the tenant's.
            language: Option<String>,
            /// An IANA name, or empty for the tenant's.
            time_zone: Option<String>,
            /// 0 is unlimited within the contract.
            #[schema(value_type = Option<crate::schema::Size>)]
            quota_bytes: Option<::hikyaku_types::ByteSize>,
            /// 0 is unlimited.
            quota_messages: Option<u64>,
            web: Option<bool>,
            imap: Option<bool>,
            pop: Option<bool>,
            smtp: Option<bool>,
            status: Option<crate::route::accounts::fields::Status>,
            receiving: Option<crate::route::accounts::fields::Receiving>,
            sending: Option<crate::route::accounts::fields::Sending>,
            may_change_password: Option<bool>,
            may_edit_profile: Option<bool>,
            /// In the global address list.
            in_gal: Option<bool>,
            /// Told of by the public directory service.
            in_directory: Option<bool>,
            /// For `web`, `imap`, `pop`, `smtp` the networks from which it may be used; an empty
            /// list opens it to all.
            networks: Option<::std::collections::BTreeMap<String, Vec<String>>>,
        }

        impl $name {
            /// The form of these fields.
            pub(super) fn form(&self) -> ::hikyaku_control::accounts::AccountForm {
                ::hikyaku_control::accounts::AccountForm {
                    name: self.name.clone(),
                    family_name: self.family_name.clone(),
                    given_name: self.given_name.clone(),
                    family_kana: self.family_kana.clone(),
                    given_kana: self.given_kana.clone(),
                    department: self.department.clone(),
                    title: self.title.clone(),
                    organisation: self.organisation.clone(),
                    phone: self.phone.clone(),
                    employee_number: self.employee_number.clone(),
                    attributes: self.attributes.clone(),
                    notes: self.notes.clone(),
                    language: self.language.clone(),
                    time_zone: self.time_zone.clone(),
                    quota_bytes: self.quota_bytes,
                    quota_messages: self.quota_messages,
                    web: self.web,
                    imap: self.imap,
                    pop: self.pop,
                    smtp: self.smtp,
                    status: self.status.map(crate::route::accounts::fields::Status::word),
                    receiving: self.receiving.map(crate::route::accounts::fields::Receiving::word),
                    sending: self.sending.map(crate::route::accounts::fields::Sending::word),
                    may_change_password: self.may_change_password,
                    may_edit_profile: self.may_edit_profile,
                    in_gal: self.in_gal,
                    in_directory: self.in_directory,
                    networks: self.networks.clone(),
                }
            }
        }
    };
}
pub(super) use with_form;
