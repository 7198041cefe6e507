//! The consistency of the directory's tables, for `hikyaku doctor`.
//!
//! Constraints make most of this impossible. The checker trusts none of them: a database that was
//! restored by hand, edited, or written by a faulty release is what it is for. Tables are read as
//! streams, in one snapshot.

use std::ops::ControlFlow;

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::EmailAddress;

use crate::{
    AccountKind, AccountStatus, Language, LoginId, PlatformScope, TimeZoneName, addresses::Stands,
    domains::stored_domain, password::PasswordHash, stored::Stored, tenants::TenantStatus,
};

/// Findings of one run at most: what is reported must fit on a screen, and a table that is wrong
/// throughout needs no list of its rows.
pub const MAX_FINDINGS: usize = 1000;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The table.
    pub table: &'static str,
    /// The row's id, or its name where it has no id.
    pub row: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.table, self.row, self.problem)
    }
}

/// Everything that is wrong with the directory, up to [`MAX_FINDINGS`].
pub fn run(tx: &Tx<'_>, _operator: PlatformScope) -> Result<Vec<Finding>, DbError> {
    let mut findings = Findings(Vec::new());
    for (table, problem, sql) in RELATIONS {
        findings.relation(tx, table, problem, sql)?;
    }
    findings.rows(tx, "tenant", TENANTS, tenant)?;
    findings.rows(tx, "account", ACCOUNTS, account)?;
    findings.rows(tx, "address", ADDRESSES, address)?;
    findings.rows(tx, "login_alias", LOGINS, login)?;
    findings.rows(tx, "credential", CREDENTIALS, credential)?;
    Ok(findings.0)
}

/// What must hold between rows: table, problem, and a query for the rows that violate it.
const RELATIONS: [(&str, &str, &str); 13] = [
    (
        "domain",
        "its tenant does not exist",
        "SELECT d.id FROM domain d LEFT JOIN tenant t ON t.id = d.tenant_id WHERE t.id IS NULL",
    ),
    (
        "domain",
        "its catch-all is no account of the same tenant",
        "SELECT d.id FROM domain d
         LEFT JOIN account a ON a.id = d.catch_all_account_id AND a.tenant_id = d.tenant_id
         WHERE d.catch_all_account_id IS NOT NULL AND a.id IS NULL",
    ),
    (
        "account",
        "its domain is none of the same tenant",
        "SELECT a.id FROM account a
         LEFT JOIN domain d ON d.id = a.domain_id AND d.tenant_id = a.tenant_id
         WHERE d.id IS NULL",
    ),
    (
        "account",
        "it has no address of its own",
        "SELECT a.id FROM account a
         LEFT JOIN address own ON own.account_id = a.id AND own.kind = 'account'
         WHERE own.id IS NULL",
    ),
    (
        "account",
        "it has several addresses of its own",
        "SELECT account_id FROM address WHERE kind = 'account'
         GROUP BY account_id HAVING COUNT(*) > 1",
    ),
    (
        "account",
        "its own address is of another domain",
        "SELECT a.id FROM account a
         JOIN address own ON own.account_id = a.id AND own.kind = 'account'
         WHERE own.domain_id <> a.domain_id",
    ),
    (
        "address",
        "its account does not exist",
        "SELECT a.id FROM address a LEFT JOIN account acc ON acc.id = a.account_id
         WHERE acc.id IS NULL AND (a.account_id IS NOT NULL OR a.kind IN ('account', 'alias'))",
    ),
    (
        "address",
        "its account is another tenant's",
        "SELECT a.id FROM address a JOIN account acc ON acc.id = a.account_id
         WHERE acc.tenant_id <> a.tenant_id",
    ),
    (
        "address",
        "its domain is none of the same tenant",
        "SELECT a.id FROM address a
         LEFT JOIN domain d ON d.id = a.domain_id AND d.tenant_id = a.tenant_id
         WHERE d.id IS NULL",
    ),
    (
        "address",
        "it exists several times",
        "SELECT canonical FROM address GROUP BY canonical HAVING COUNT(*) > 1",
    ),
    (
        "login_alias",
        "its account is none of the same tenant",
        "SELECT l.canonical FROM login_alias l
         LEFT JOIN account a ON a.id = l.account_id AND a.tenant_id = l.tenant_id
         WHERE a.id IS NULL",
    ),
    (
        "credential",
        "its account is none of the same tenant",
        "SELECT c.id FROM credential c
         LEFT JOIN account a ON a.id = c.account_id AND a.tenant_id = c.tenant_id
         WHERE a.id IS NULL",
    ),
    (
        "credential",
        "its account has several passwords",
        "SELECT c.id FROM credential c
         JOIN credential other ON other.account_id = c.account_id
              AND other.kind = 'password' AND other.id < c.id
         WHERE c.kind = 'password'",
    ),
];

const TENANTS: &str = "SELECT id, status, language, time_zone FROM tenant";

fn tenant(row: &Row<'_>) -> Result<Option<&'static str>, DbError> {
    Ok(if TenantStatus::from_word(row.text(1)?).is_none() {
        Some("its status is unknown")
    } else if Language::from_word(row.text(2)?).is_none() {
        Some("its language is unknown")
    } else if row.text(3)?.parse::<TimeZoneName>().is_err() {
        Some("its time zone is unknown")
    } else {
        None
    })
}

const ACCOUNTS: &str = "SELECT id, kind, status, language, time_zone FROM account";

fn account(row: &Row<'_>) -> Result<Option<&'static str>, DbError> {
    let language: Option<String> = row.get(3)?;
    let time_zone: Option<String> = row.get(4)?;
    Ok(if AccountKind::from_word(row.text(1)?).is_none() {
        Some("its kind is unknown")
    } else if AccountStatus::from_word(row.text(2)?).is_none() {
        Some("its status is unknown")
    } else if language.is_some_and(|word| Language::from_word(&word).is_none()) {
        Some("its language is unknown")
    } else if time_zone.is_some_and(|name| name.parse::<TimeZoneName>().is_err()) {
        Some("its time zone is unknown")
    } else {
        None
    })
}

const ADDRESSES: &str = "SELECT a.id, a.kind, a.canonical, a.local_part, d.name
     FROM address a JOIN domain d ON d.id = a.domain_id";

fn address(row: &Row<'_>) -> Result<Option<&'static str>, DbError> {
    let Ok(domain) = stored_domain(row, 4) else {
        return Ok(Some("its domain's name is none"));
    };
    let Ok(entered) = EmailAddress::from_quoted(row.text(3)?, domain) else {
        return Ok(Some("its local part is none"));
    };
    Ok(if Stands::from_word(row.text(1)?).is_none() {
        Some("its kind is unknown")
    } else if entered.canonical() != row.text(2)? {
        Some("its canonical form is another address's")
    } else if entered.canonical_local() == crate::domains::NOBODY {
        Some("it would hide the catch-all")
    } else {
        None
    })
}

const LOGINS: &str = "SELECT canonical, shown FROM login_alias";

fn login(row: &Row<'_>) -> Result<Option<&'static str>, DbError> {
    let canonical = row.text(0)?;
    let valid = row
        .text(1)?
        .parse::<LoginId>()
        .is_ok_and(|id| id.as_str() == canonical);
    Ok((!valid).then_some("it is not a login id"))
}

const CREDENTIALS: &str = "SELECT id, kind, secret FROM credential";

fn credential(row: &Row<'_>) -> Result<Option<&'static str>, DbError> {
    Ok(match row.text(1)? {
        "password" if PasswordHash::parse(row.text(2)?).is_ok() => None,
        "password" => Some("its hash cannot be verified"),
        _ => Some("its kind is unknown"),
    })
}

/// What was found so far.
struct Findings(Vec<Finding>);

impl Findings {
    fn relation(
        &mut self,
        tx: &Tx<'_>,
        table: &'static str,
        problem: &'static str,
        sql: &str,
    ) -> Result<(), DbError> {
        tx.for_each(sql, params![], |row| {
            Ok(self.add(table, row_name(row)?, problem))
        })
    }

    fn rows(
        &mut self,
        tx: &Tx<'_>,
        table: &'static str,
        sql: &str,
        judge: impl Fn(&Row<'_>) -> Result<Option<&'static str>, DbError>,
    ) -> Result<(), DbError> {
        tx.for_each(sql, params![], |row| {
            Ok(match judge(row)? {
                Some(problem) => self.add(table, row_name(row)?, problem),
                None => ControlFlow::Continue(()),
            })
        })
    }

    fn add(&mut self, table: &'static str, row: String, problem: &'static str) -> ControlFlow<()> {
        if self.0.len() >= MAX_FINDINGS {
            return ControlFlow::Break(());
        }
        self.0.push(Finding {
            table,
            row,
            problem,
        });
        ControlFlow::Continue(())
    }
}

/// The first column: an id, or a name.
fn row_name(row: &Row<'_>) -> Result<String, DbError> {
    match row.get::<i64>(0) {
        Ok(id) => Ok(id.to_string()),
        Err(_) => row.get(0),
    }
}
