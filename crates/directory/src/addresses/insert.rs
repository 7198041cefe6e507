//! The one place where rows of the address table are made.

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{AddressId, DomainId, EmailAddress};

use crate::{AccountScope, DirectoryError, NameKind, stored::Stored};

/// What an address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The account's own address, one per account.
    Account,
    /// A further address of an account.
    Alias,
}

impl Stored for Stands {
    const NAME: &'static str = "an address kind";

    fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Alias => "alias",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "account" => Some(Self::Account),
            "alias" => Some(Self::Alias),
            _ => None,
        }
    }
}

/// Inserts an address of an account; the unique constraint decides whether it is free.
pub(crate) fn insert(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    domain: DomainId,
    stands: Stands,
    address: &EmailAddress,
) -> Result<AddressId, DirectoryError> {
    let id: AddressId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO address
             (id, tenant_id, domain_id, canonical, local_part, kind, account_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (canonical) DO NOTHING",
        params![
            id,
            scope.tenant,
            domain,
            address.canonical(),
            address.local(),
            stands.word(),
            scope.account,
            tx.now(),
        ],
    )?;
    if inserted == 1 {
        return Ok(id);
    }
    Err(DirectoryError::NameTaken {
        address: address.clone(),
        by: taken(tx, address)?.unwrap_or(NameKind::Other),
    })
}

/// What has an address, if anything has.
fn taken(tx: &Tx<'_>, address: &EmailAddress) -> Result<Option<NameKind>, DbError> {
    tx.query_opt(
        &format!("{SELECT_NAME} WHERE a.canonical = ?1"),
        params![address.canonical()],
        |row| name_kind(row).map(|(_, kind)| kind),
    )
}

/// Selects what [`name_kind`] reads; a condition on `a.canonical` follows.
pub(crate) const SELECT_NAME: &str = "SELECT a.canonical, a.kind, acc.deleted_at FROM address a \
     LEFT JOIN account acc ON acc.id = a.account_id";

/// A canonical address and what has it.
pub(crate) fn name_kind(row: &Row<'_>) -> Result<(String, NameKind), DbError> {
    let deleted = row.get::<Option<i64>>(2)?.is_some();
    let kind = match Stands::from_word(row.text(1)?) {
        _ if deleted => NameKind::DeletedAccount,
        Some(Stands::Account) => NameKind::Account,
        Some(Stands::Alias) => NameKind::Alias,
        None => NameKind::Other,
    };
    Ok((row.get(0)?, kind))
}
