//! An account with everything that administrators set of it.

use std::collections::{BTreeMap, HashMap};

use hikyaku_db::{DbError, Row, Tx, Value, params, sql::in_list};
use hikyaku_types::{AccountId, TemplateId};

use super::{
    Account, AllowedNetworks, COLUMN_COUNT, COLUMNS, JOINS, Profile, networks, read, unknown,
};
use crate::{
    AccountScope, DirectoryError,
    stored::{Stored, unreadable},
};

/// What an administrator decides about an account beside its name, status and ways to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Who uses it.
    pub profile: Profile,
    /// What its user may do and where it is shown.
    pub switches: Switches,
    /// Whether it takes new mail.
    pub receiving: Reception,
    /// Whether its user may send.
    pub sending: Sending,
    /// From where its user may sign in.
    pub networks: AllowedNetworks,
    /// Notes for administrators.
    pub notes: String,
    /// The template it was made of.
    pub template: Option<TemplateId>,
}

/// What a user may do, and where the account is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches of the account form, each shown by its name"
)]
pub struct Switches {
    /// May change the own password (T-023).
    pub may_change_password: bool,
    /// May change the own profile (T-026).
    pub may_edit_profile: bool,
    /// Is in the global address list (T-039).
    pub in_gal: bool,
    /// Is told of by the public directory service (T-025).
    pub in_directory: bool,
}

impl Default for Switches {
    /// As the form begins (AD-03): everything but the public directory service.
    fn default() -> Self {
        Self {
            may_change_password: true,
            may_edit_profile: true,
            in_gal: true,
            in_directory: false,
        }
    }
}

/// Whether an account takes new mail (AD-02: 受信停止).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reception {
    /// It does.
    #[default]
    Open,
    /// New mail is refused.
    Suspended,
    /// New mail is accepted, recorded as discarded and thrown away: answers to noreply.
    Discarded,
}

impl Stored for Reception {
    const NAME: &'static str = "a state of receiving";

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspended => "suspended",
            Self::Discarded => "discarded",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "open" => Some(Self::Open),
            "suspended" => Some(Self::Suspended),
            "discarded" => Some(Self::Discarded),
            _ => None,
        }
    }
}

/// Whether an account's user may send (AD-02: 送信停止).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sending {
    /// May send.
    #[default]
    Open,
    /// What is submitted is refused.
    Suspended,
}

impl Stored for Sending {
    const NAME: &'static str = "a state of sending";

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspended => "suspended",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "open" => Some(Self::Open),
            "suspended" => Some(Self::Suspended),
            _ => None,
        }
    }
}

macro_rules! shown_as_stored {
    ($($name:ty),+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    )+};
}
shown_as_stored!(Reception, Sending);

/// An account with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// What protocols see of it.
    pub account: Account,
    /// The rest.
    pub settings: Settings,
    /// When it was deleted; nothing while it lives.
    pub deleted_at: Option<hikyaku_types::Timestamp>,
}

/// Columns behind [`COLUMNS`].
const FURTHER: &str = "acc.family_name, acc.given_name, acc.family_kana, acc.given_kana, \
     acc.department, acc.title, acc.organisation, acc.phone, acc.employee_number, acc.attributes, \
     acc.notes, acc.receiving, acc.sending, acc.may_change_password, acc.may_edit_profile, \
     acc.in_gal, acc.in_directory, acc.networks, acc.template_id, acc.deleted_at";

/// Accounts of one statement of [`details_of`]. Longer lists take several.
const CHUNK: usize = 100;

/// An account with everything, deleted or not.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when it was erased in the meantime.
pub fn details(tx: &Tx<'_>, scope: AccountScope) -> Result<Details, DirectoryError> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS}, {FURTHER} FROM account acc {JOINS}
             WHERE acc.tenant_id = ?1 AND acc.id = ?2"
        ),
        params![scope.tenant, scope.account],
        read_details,
    )?
    .ok_or_else(|| unknown(scope))
}

/// Accounts with everything, in the order asked for; those that were erased meanwhile are left out.
/// The caller has them from a list within its reach.
pub fn details_of(tx: &Tx<'_>, scopes: &[AccountScope]) -> Result<Vec<Details>, DirectoryError> {
    let sql = format!(
        "SELECT {COLUMNS}, {FURTHER} FROM account acc {JOINS} WHERE acc.id IN ({})",
        in_list(1, CHUNK)
    );
    let mut found: HashMap<AccountId, Details> = HashMap::with_capacity(scopes.len());
    for chunk in scopes.chunks(CHUNK) {
        let padded = chunk.iter().chain(chunk.last().into_iter().cycle());
        let values: Vec<Value<'_>> = padded
            .take(CHUNK)
            .map(|scope| scope.account.into())
            .collect();
        for details in tx.query(&sql, &values, read_details)? {
            found.insert(details.account.scope.account, details);
        }
    }
    Ok(scopes
        .iter()
        .filter_map(|scope| {
            let details = found.remove(&scope.account)?;
            (details.account.scope == *scope).then_some(details)
        })
        .collect())
}

fn read_details(row: &Row<'_>) -> Result<Details, DbError> {
    let at = |offset: usize| COLUMN_COUNT + offset;
    let attributes: BTreeMap<String, String> = serde_json::from_str(row.text(at(9))?)
        .map_err(|_| unreadable(at(9), "directory attributes"))?;
    let profile = Profile {
        family_name: row.get(at(0))?,
        given_name: row.get(at(1))?,
        family_kana: row.get(at(2))?,
        given_kana: row.get(at(3))?,
        department: row.get(at(4))?,
        title: row.get(at(5))?,
        organisation: row.get(at(6))?,
        phone: row.get(at(7))?,
        employee_number: row.get(at(8))?,
        attributes,
    };
    Ok(Details {
        account: read(row)?,
        settings: Settings {
            profile,
            notes: row.get(at(10))?,
            receiving: Reception::read(row, at(11))?,
            sending: Sending::read(row, at(12))?,
            switches: Switches {
                may_change_password: row.get(at(13))?,
                may_edit_profile: row.get(at(14))?,
                in_gal: row.get(at(15))?,
                in_directory: row.get(at(16))?,
            },
            networks: networks::read(row, at(17))?,
            template: row.get(at(18))?,
        },
        deleted_at: row.get(at(19))?,
    })
}
