//! One row of an import: what it says, and what is wrong with it.

use hikyaku_types::{EmailAddress, Secret};
use serde::{Deserialize, Serialize};

use super::{
    columns::{Column, Layout},
    sheet::{Record, restored},
};
use crate::accounts::AccountForm;

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
    /// The word of the column, where it is about one.
    pub column: Option<&'static str>,
    /// What is wrong and what to do.
    pub detail: String,
}

impl Flaw {
    /// About a column.
    pub fn in_column(column: Column, detail: impl std::fmt::Display) -> Self {
        Self {
            column: Some(column.word()),
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

/// A row as it was read.
#[derive(Debug, Clone)]
pub struct Draft {
    /// As Excel counts.
    pub number: u64,
    /// The address as it is written, for the result.
    pub shown: String,
    /// The address, if it is one.
    pub address: Option<EmailAddress>,
    /// What it says of the account; what it says nothing of is `None`.
    pub form: AccountForm,
    /// The password it gives.
    pub password: Option<Secret>,
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
            form: AccountForm::default(),
            password: None,
            flaws: Vec::new(),
        };
        for (column, cell) in layout.columns.iter().zip(&record.cells) {
            if let Some(column) = column {
                draft.cell(*column, cell, empty);
            }
        }
        let mut beyond = record.cells.iter().skip(layout.columns.len());
        if beyond.any(|cell| !cell.trim().is_empty()) {
            let detail = "there are more cells than columns: is a comma not in quotes?";
            draft.flaws.push(Flaw::of_row(detail));
        }
        if draft.address.is_none() && draft.shown.is_empty() {
            let detail = "the address is missing";
            draft.flaws.push(Flaw::in_column(Column::Address, detail));
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
        let form = &mut self.form;
        let field = match column {
            C::Address => {
                self.shown = text.chars().take(SHOWN).collect();
                let parsed = text.parse();
                self.address =
                    Some(parsed.map_err(|e: hikyaku_types::AddressError| e.to_string())?);
                return Ok(());
            }
            C::Password => {
                self.password = Some(Secret::from(text));
                return Ok(());
            }
            C::Quota => {
                let size = text.parse();
                form.quota_bytes =
                    Some(size.map_err(|e: hikyaku_types::ByteSizeError| e.to_string())?);
                return Ok(());
            }
            C::MessageLimit => {
                let limit = text.parse();
                form.quota_messages = Some(limit.map_err(|_| "write a number".to_owned())?);
                return Ok(());
            }
            C::Name => &mut form.name,
            C::FamilyName => &mut form.family_name,
            C::GivenName => &mut form.given_name,
            C::FamilyKana => &mut form.family_kana,
            C::GivenKana => &mut form.given_kana,
            C::Department => &mut form.department,
            C::Title => &mut form.title,
            C::Organisation => &mut form.organisation,
            C::Phone => &mut form.phone,
            C::EmployeeNumber => &mut form.employee_number,
            C::Notes => &mut form.notes,
            C::Status => &mut form.status,
            C::Receiving => &mut form.receiving,
            C::Sending => &mut form.sending,
            C::Language => &mut form.language,
            C::TimeZone => &mut form.time_zone,
            _ => return self.switch(column, text),
        };
        *field = Some(text.to_owned());
        Ok(())
    }

    fn switch(&mut self, column: Column, text: &str) -> Result<(), String> {
        use Column as C;
        let on = switch(text)?;
        let form = &mut self.form;
        let field = match column {
            C::Pop => &mut form.pop,
            C::Imap => &mut form.imap,
            C::Smtp => &mut form.smtp,
            C::Web => &mut form.web,
            C::MayChangePassword => &mut form.may_change_password,
            C::MayEditProfile => &mut form.may_edit_profile,
            C::InGal => &mut form.in_gal,
            _ => &mut form.in_directory,
        };
        *field = Some(on);
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

fn switch(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "on" | "true" | "yes" | "1" | "はい" | "○" | "〇" | "有効" | "する" => Ok(true),
        "off" | "false" | "no" | "0" | "いいえ" | "×" | "無効" | "しない" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}
