//! Orders of a list, and places in them.

use serde::{Deserialize, Serialize};

/// By what a list of accounts is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountSort {
    /// By address.
    #[default]
    Address,
    /// By how the name is read, else by the name.
    Name,
    /// By when it was created.
    CreatedAt,
    /// By what its mailbox holds. Needs a tenant or a domain.
    Used,
    /// By when its user last signed in; never comes first. Needs a tenant or a domain.
    LastSignIn,
}

impl AccountSort {
    /// Whether accounts of the whole platform stand in this order somewhere.
    pub(super) const fn is_indexed_everywhere(self) -> bool {
        matches!(self, Self::Address | Self::Name | Self::CreatedAt)
    }

    /// The expression in statements.
    pub(super) const fn expression(self) -> &'static str {
        match self {
            Self::Address => "own.canonical",
            Self::Name => "acc.sort_name",
            Self::CreatedAt => "acc.created_at",
            Self::Used => "m.used_bytes",
            Self::LastSignIn => {
                "COALESCE((SELECT MAX(e.last_at) FROM sign_in_event e
                   WHERE e.tenant_id = acc.tenant_id AND e.account_id = acc.id
                     AND e.result = 'success'), 0)"
            }
        }
    }

    /// Whether the key is a text.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Address | Self::Name)
    }
}

/// An order with its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) by: AccountSort,
    pub(super) descending: bool,
}

impl Order {
    /// The place before the first account.
    pub(super) fn beginning(self) -> AfterAccount {
        let key = match (self.by.is_text(), self.descending) {
            (true, false) => Key::Text(String::new()),
            // The last code point is in no address and no name.
            (true, true) => Key::Text("\u{10FFFF}".to_owned()),
            (false, false) => Key::Number(i64::MIN),
            (false, true) => Key::Number(i64::MAX),
        };
        let id = if self.descending { i64::MAX } else { 0 };
        AfterAccount { key, id }
    }

    /// Whether one place comes after another.
    pub(super) fn is_behind(self, place: &AfterAccount, after: &AfterAccount) -> bool {
        if self.descending {
            place < after
        } else {
            place > after
        }
    }
}

/// What an account is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// An instant or a size.
    Number(i64),
    /// An address or a name, folded.
    Text(String),
}

/// A place in a list: behind this account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AfterAccount {
    /// What it is sorted by.
    pub key: Key,
    /// Its id, for those that are alike.
    pub id: i64,
}
