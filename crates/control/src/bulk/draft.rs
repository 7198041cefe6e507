//! One row of an import: what it says, and what is wrong with it.

use hikyaku_directory::{
    AccountStatus, Language, TimeZoneName,
    accounts::{Profile, Reception, Sending, Switches},
};
use hikyaku_types::{ByteSize, EmailAddress, Secret};
use serde::{Deserialize, Serialize};

use super::{
    columns::{Column, Layout},
    sheet::{Record, restored},
};

/// What an empty cell means where an account exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyCells {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field is emptied; what cannot be empty stays.
    Clear,
}

/// Something wrong with a row, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The column, where it is about one.
    pub column: Option<Column>,
    /// What is wrong and what to do.
    pub detail: String,
}

impl Flaw {
    /// About a column.
    pub fn in_column(column: Column, detail: impl std::fmt::Display) -> Self {
        Self {
            column: Some(column),
            detail: detail.to_string(),
        }
    }

    /// About the row as a whole.
    pub fn of_row(detail: impl std::fmt::Display) -> Self {
        Self {
            column: None,
            detail: detail.to_string(),
        }
    }
}

/// What a row says of an account; what it says nothing of is `None`.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// The display name.
    pub name: Option<String>,
    /// Names, kana and the rest, by column.
    pub profile: Vec<(Column, String)>,
    /// Whether its user may sign in.
    pub status: Option<AccountStatus>,
    /// Whether it takes new mail.
    pub receiving: Option<Reception>,
    /// Whether its user may send.
    pub sending: Option<Sending>,
    /// Switches, by column.
    pub switches: Vec<(Column, bool)>,
    /// Its own language; `Some(None)`: the tenant's.
    pub language: Option<Option<Language>>,
    /// Its own time zone; `Some(None)`: the tenant's.
    pub time_zone: Option<Option<TimeZoneName>>,
    /// Bytes at most; 0: no limit.
    pub quota: Option<ByteSize>,
    /// Messages at most; 0: no limit.
    pub message_limit: Option<u64>,
    /// Notes for administrators.
    pub notes: Option<String>,
    /// The password.
    pub password: Option<Secret>,
}

/// A row as it was read.
#[derive(Debug, Clone)]
pub struct Draft {
    /// As Excel counts.
    pub number: u64,
    /// The address as it is written, for the result.
    pub shown: String,
    /// The address, if it is one.
    pub address: Option<EmailAddress>,
    /// What it says.
    pub fields: Fields,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Characters of an address in a result.
const SHOWN: usize = 254;

impl Draft {
    /// Reads a row.
    pub fn read(record: &Record<'_>, layout: &Layout, empty: EmptyCells) -> Self {
        let mut draft = Self {
            number: record.number,
            shown: String::new(),
            address: None,
            fields: Fields::default(),
            flaws: Vec::new(),
        };
        for (column, cell) in layout.columns.iter().zip(&record.cells) {
            if let Some(column) = column {
                draft.cell(*column, cell, empty);
            }
        }
        let beyond = record.cells.iter().skip(layout.columns.len());
        if beyond.clone().any(|cell| !cell.trim().is_empty()) {
            draft.flaws.push(Flaw::of_row(
                "there are more cells than columns: is a comma not in quotes?",
            ));
        }
        if draft.address.is_none() && draft.flaws.is_empty() {
            draft
                .flaws
                .push(Flaw::in_column(Column::Address, "the address is missing"));
        }
        draft
    }

    fn cell(&mut self, column: Column, cell: &str, empty: EmptyCells) {
        // A password is taken to the letter; everything else as people mean it.
        let text = match column {
            Column::Password => cell,
            _ => restored(cell.trim()),
        };
        if text.is_empty() && (empty == EmptyCells::Keep || !can_be_empty(column)) {
            return;
        }
        if let Err(detail) = self.take(column, text) {
            self.flaws.push(Flaw::in_column(column, detail));
        }
    }

    fn take(&mut self, column: Column, text: &str) -> Result<(), String> {
        use Column as C;
        let fields = &mut self.fields;
        match column {
            C::Address => {
                self.shown = text.chars().take(SHOWN).collect();
                self.address = Some(text.parse().map_err(|error| format!("{error}"))?);
            }
            C::Name => fields.name = Some(text.to_owned()),
            C::FamilyName
            | C::GivenName
            | C::FamilyKana
            | C::GivenKana
            | C::Department
            | C::Title
            | C::Organisation
            | C::Phone
            | C::EmployeeNumber => {
                fields.profile.push((column, text.to_owned()));
            }
            C::Status => fields.status = Some(word(text, "active or suspended")?),
            C::Receiving => {
                fields.receiving = Some(word(text, "open, suspended or discarded")?);
            }
            C::Sending => fields.sending = Some(word(text, "open or suspended")?),
            C::Pop
            | C::Imap
            | C::Smtp
            | C::Web
            | C::MayChangePassword
            | C::MayEditProfile
            | C::InGal
            | C::InDirectory => fields.switches.push((column, switch(text)?)),
            C::Language => fields.language = Some(optional(text)?),
            C::TimeZone => fields.time_zone = Some(optional(text)?),
            C::Quota => {
                fields.quota = Some(text.parse().map_err(|error| format!("{error}"))?);
            }
            C::MessageLimit => {
                let limit = text.parse();
                fields.message_limit = Some(limit.map_err(|_| "write a number".to_owned())?);
            }
            C::Notes => fields.notes = Some(text.to_owned()),
            C::Password => fields.password = Some(Secret::from(text)),
        }
        Ok(())
    }
}

/// Columns that have a meaning when they are empty.
fn can_be_empty(column: Column) -> bool {
    use Column as C;
    matches!(
        column,
        C::Name
            | C::FamilyName
            | C::GivenName
            | C::FamilyKana
            | C::GivenKana
            | C::Department
            | C::Title
            | C::Organisation
            | C::Phone
            | C::EmployeeNumber
            | C::Language
            | C::TimeZone
            | C::Notes
    )
}

fn word<T: hikyaku_directory::Stored>(text: &str, words: &str) -> Result<T, String> {
    T::from_word(&text.to_ascii_lowercase()).ok_or_else(|| format!("write {words}"))
}

fn switch(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "on" | "true" | "yes" | "1" | "はい" | "○" | "〇" | "有効" | "する" => Ok(true),
        "off" | "false" | "no" | "0" | "いいえ" | "×" | "無効" | "しない" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

fn optional<T: std::str::FromStr>(text: &str) -> Result<Option<T>, String>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error: T::Err| error.to_string())
}

impl Fields {
    /// A profile with what the row says put in.
    pub fn profile_onto(&self, mut base: Profile) -> Profile {
        for (column, text) in &self.profile {
            let field = match column {
                Column::FamilyName => &mut base.family_name,
                Column::GivenName => &mut base.given_name,
                Column::FamilyKana => &mut base.family_kana,
                Column::GivenKana => &mut base.given_kana,
                Column::Department => &mut base.department,
                Column::Title => &mut base.title,
                Column::Organisation => &mut base.organisation,
                Column::Phone => &mut base.phone,
                _ => &mut base.employee_number,
            };
            field.clone_from(text);
        }
        base
    }

    /// The ways to sign in with what the row says put in.
    pub fn access_onto(&self, mut base: hikyaku_directory::Access) -> hikyaku_directory::Access {
        for (column, on) in &self.switches {
            match column {
                Column::Pop => base.pop = *on,
                Column::Imap => base.imap = *on,
                Column::Smtp => base.smtp = *on,
                Column::Web => base.web = *on,
                _ => {}
            }
        }
        base
    }

    /// The switches with what the row says put in.
    pub fn switches_onto(&self, mut base: Switches) -> Switches {
        for (column, on) in &self.switches {
            match column {
                Column::MayChangePassword => base.may_change_password = *on,
                Column::MayEditProfile => base.may_edit_profile = *on,
                Column::InGal => base.in_gal = *on,
                Column::InDirectory => base.in_directory = *on,
                _ => {}
            }
        }
        base
    }
}
