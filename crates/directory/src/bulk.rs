//! Creating many accounts at once: all rows checked first, then all hashes computed, then all
//! accounts created in one transaction, or none.
//!
//! The three steps are apart because they belong to different places: [`check`] needs a read
//! transaction, [`prepare`] all processors and no transaction, [`create_many`] a write transaction.
//! What another writer takes between the steps is found by the constraints in the last one.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use hikyaku_db::{DbError, Tx, Value, WriteTx, sql::in_list};
use hikyaku_types::{AddressError, Domain, EmailAddress, Secret};

use crate::{
    AccountScope, DirectoryError, NameKind, Reach,
    accounts::{self, NewAccount},
    addresses,
    domains::{self, HostedDomain},
    name,
    password::{HashParams, PasswordError, PasswordHash, Weakness, weaknesses},
};

/// Rows of one import at most: their accounts are created in one transaction.
pub const MAX_ROWS: usize = 100_000;

/// Addresses that are looked up at once.
const CHUNK: usize = 128;

/// One row of an import, as read.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// The row as people count it in their file.
    pub number: u64,
    /// The display name.
    pub name: String,
    /// The address.
    pub address: String,
    /// The password.
    pub password: Secret,
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
#[error("row {row}: {problem}")]
pub struct RowError {
    /// The row as people count it.
    pub row: u64,
    /// What is wrong.
    #[source]
    pub problem: RowProblem,
}

/// What can be wrong with a row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The password cannot be one.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The same address stands in an earlier row.
    #[error("the address stands in row {first} already")]
    Repeated {
        /// The earlier row.
        first: u64,
    },
    /// The account cannot be created so.
    #[error(transparent)]
    Account(#[from] DirectoryError),
}

/// Why no account was created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BulkError {
    /// These rows are wrong, in their order.
    #[error("{} rows are wrong", .0.len())]
    Rows(Vec<RowError>),
    /// Over [`MAX_ROWS`].
    #[error("{0} rows are more than the {MAX_ROWS} of one import")]
    TooManyRows(usize),
    /// The progress callback asked to stop.
    #[error("the import was cancelled")]
    Cancelled,
    /// The database failed.
    #[error("the directory cannot be read or written")]
    Db(#[from] DbError),
}

/// One account, ready to be created.
#[derive(Debug, Clone)]
pub struct PreparedRow {
    /// The row as people count it.
    pub number: u64,
    /// The account.
    pub account: NewAccount,
}

/// Checks all rows for everything that is known before creating: addresses, names, passwords, rows
/// that repeat others, domains within reach, addresses that are taken. The errors are in the order
/// of the rows; none means that [`create_many`] will succeed unless somebody comes in between.
pub fn check(
    tx: &Tx<'_>,
    reach: impl Reach,
    rows: &[ImportRow],
) -> Result<Vec<RowError>, BulkError> {
    if rows.len() > MAX_ROWS {
        return Err(BulkError::TooManyRows(rows.len()));
    }
    let (parsed, mut errors) = parse(rows);
    let mut wanted = Vec::with_capacity(parsed.len());
    let mut homes = Homes::default();
    for (number, address) in &parsed {
        match homes.of(tx, reach, address) {
            Ok(_) => wanted.push((*number, address)),
            Err(DirectoryError::Db(error)) => return Err(error.into()),
            Err(problem) => errors.push(row_error(*number, problem)),
        }
    }
    for chunk in wanted.chunks(CHUNK) {
        errors.extend(taken(tx, chunk)?);
    }
    errors.sort_by_key(|error| error.row);
    Ok(errors)
}

/// The weaknesses of each row's password, in the order of the rows; rows without any are left out.
pub fn warnings(rows: &[ImportRow]) -> Vec<(u64, Vec<Weakness>)> {
    rows.iter()
        .filter_map(|row| {
            let found = weaknesses(&row.password, &row.address.trim().parse().ok()?);
            (!found.is_empty()).then_some((row.number, found))
        })
        .collect()
}

/// Computes the hashes of all rows on all processors and says after each how many are done, until
/// `progress` breaks. Takes long: not for an async task, not within a transaction.
pub fn prepare(
    rows: &[ImportRow],
    params: HashParams,
    progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
) -> Result<Vec<PreparedRow>, BulkError> {
    let (parsed, errors) = parse(rows);
    if !errors.is_empty() {
        return Err(BulkError::Rows(errors));
    }
    let hashes = Hashes {
        rows,
        params,
        progress,
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        results: Mutex::new(rows.iter().map(|_| None).collect()),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(rows.len()) {
            scope.spawn(|| hashes.work());
        }
    });
    let results = hashes
        .results
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    rows.iter()
        .zip(parsed)
        .zip(results)
        .map(|((row, (number, address)), hash)| {
            let hash = hash.ok_or(BulkError::Cancelled)?;
            Ok(PreparedRow {
                number,
                account: NewAccount::person(address)
                    .named(row.name.as_str())
                    .with_password(hash),
            })
        })
        .collect()
}

/// Creates all accounts, in the order of the rows, or none.
pub fn create_many(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    rows: &[PreparedRow],
) -> Result<Vec<AccountScope>, BulkError> {
    if rows.len() > MAX_ROWS {
        return Err(BulkError::TooManyRows(rows.len()));
    }
    // In the order of the unique index: two imports with the same addresses wait for one another
    // instead of locking each other out.
    let mut order: Vec<(usize, &PreparedRow)> = rows.iter().enumerate().collect();
    order.sort_by_cached_key(|(_, row)| row.account.address.canonical());
    let mut homes = Homes::default();
    let mut scopes = Vec::with_capacity(rows.len());
    for (position, row) in order {
        let created = homes
            .of(tx, reach, &row.account.address)
            .and_then(|home| accounts::create_in(tx, home, &row.account));
        match created {
            Ok(scope) => scopes.push((position, scope)),
            Err(DirectoryError::Db(error)) => return Err(error.into()),
            Err(problem) => return Err(BulkError::Rows(vec![row_error(row.number, problem)])),
        }
    }
    scopes.sort_by_key(|(position, _)| *position);
    Ok(scopes.into_iter().map(|(_, scope)| scope).collect())
}

/// The addresses of the rows, and what can be said against a row by itself or beside the others.
fn parse(rows: &[ImportRow]) -> (Vec<(u64, EmailAddress)>, Vec<RowError>) {
    let mut parsed = Vec::with_capacity(rows.len());
    let mut errors = Vec::new();
    let mut first_rows: HashMap<EmailAddress, u64> = HashMap::new();
    for row in rows {
        let address = row.address.trim().parse::<EmailAddress>();
        // A row may be wrong and repeat another, or be repeated, all the same.
        if let Ok(address) = &address {
            let first = *first_rows.entry(address.clone()).or_insert(row.number);
            if first != row.number {
                errors.push(row_error(row.number, RowProblem::Repeated { first }));
            }
        }
        match parse_row(row, address) {
            Ok(address) => parsed.push((row.number, address)),
            Err(problem) => errors.push(row_error(row.number, problem)),
        }
    }
    (parsed, errors)
}

fn parse_row(
    row: &ImportRow,
    address: Result<EmailAddress, AddressError>,
) -> Result<EmailAddress, RowProblem> {
    let address = address?;
    name::display_name(&row.name)?;
    PasswordHash::check(&row.password)?;
    Ok(address)
}

fn row_error(row: u64, problem: impl Into<RowProblem>) -> RowError {
    RowError {
        row,
        problem: problem.into(),
    }
}

/// Which of these addresses exist.
fn taken(tx: &Tx<'_>, chunk: &[(u64, &EmailAddress)]) -> Result<Vec<RowError>, DbError> {
    let mut canonical: Vec<String> = chunk.iter().map(|(_, a)| a.canonical()).collect();
    let last = canonical.last().cloned().unwrap_or_default();
    canonical.resize(CHUNK, last);
    let params: Vec<Value<'_>> = canonical.iter().map(Value::from).collect();
    let found: HashMap<String, NameKind> = tx
        .query(
            &format!(
                "{} WHERE a.canonical IN ({})",
                addresses::SELECT_NAME,
                in_list(1, CHUNK)
            ),
            &params,
            addresses::name_kind,
        )?
        .into_iter()
        .collect();
    Ok(chunk
        .iter()
        .filter_map(|(number, address)| {
            let by = *found.get(&address.canonical())?;
            let address = (*address).clone();
            Some(row_error(
                *number,
                DirectoryError::NameTaken { address, by },
            ))
        })
        .collect())
}

/// The domains of an import, each looked up once.
#[derive(Default)]
struct Homes(HashMap<Domain, HostedDomain>);

impl Homes {
    fn of(
        &mut self,
        tx: &Tx<'_>,
        reach: impl Reach,
        address: &EmailAddress,
    ) -> Result<&HostedDomain, DirectoryError> {
        domains::check_new_address(address)?;
        if !self.0.contains_key(address.domain()) {
            let found = domains::find(tx, reach, address.domain())?;
            self.0.insert(address.domain().clone(), found);
        }
        Ok(self
            .0
            .get(address.domain())
            .expect("invariant: inserted if it was not there"))
    }
}

/// The work of the hashing threads.
struct Hashes<'a> {
    rows: &'a [ImportRow],
    params: HashParams,
    progress: &'a (dyn Fn(usize) -> ControlFlow<()> + Sync),
    next: AtomicUsize,
    done: AtomicUsize,
    results: Mutex<Vec<Option<PasswordHash>>>,
}

impl Hashes<'_> {
    fn work(&self) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = self.rows.get(index) else {
                return;
            };
            let hash = PasswordHash::compute(&row.password, self.params)
                .expect("invariant: the rows' passwords were checked");
            let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = results.get_mut(index) {
                *place = Some(hash);
            }
            drop(results);
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if (self.progress)(done).is_break() && done < self.rows.len() {
                // Nobody takes another row.
                self.next.store(self.rows.len(), Ordering::Relaxed);
            }
        }
    }
}
