//! Databases for tests on the PostgreSQL server that `HIKYAKU_TEST_POSTGRES` names.

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
};

use postgres::{Client, NoTls};

use crate::{Engine, MIGRATIONS, SystemClock, clock::Clock, migrate, postgres::PostgresConnection};

/// Databases of ended tests are dropped when there are more than this.
const LEFT_BEHIND_MAX: usize = 300;
/// Of the lock that one process holds while it makes the template.
const TEMPLATE_LOCK: &str = "SELECT pg_advisory_lock(7411530)";

/// Makes an empty database and returns its URL.
pub(super) fn empty_database() -> String {
    on_a_thread(|| make_database("template1"))
}

/// Makes a database with all migrations applied and returns its URL.
pub(super) fn migrated_database() -> String {
    on_a_thread(|| make_database(&template()))
}

fn make_database(template: &str) -> String {
    let mut client = connect(&server());
    let random = RandomState::new().hash_one(0_u8);
    let name = format!("hikyaku_test_{}_{random:016x}", std::process::id());
    run(
        &mut client,
        &format!("CREATE DATABASE {name} TEMPLATE {template}"),
    );
    clean_up(&mut client);
    url_of(&name)
}

/// The name of the database with the migrations of this program, made when it is not there.
fn template() -> String {
    let mut all = blake3::Hasher::new();
    for migration in MIGRATIONS {
        // The same text under another number is another schema.
        all.update(migration.name.as_bytes());
        all.update(migration.checksum(Engine::Postgres).as_bytes());
    }
    let name = format!("hikyaku_template_{}", &all.finalize().to_hex()[..16]);
    let mut client = connect(&server());
    if !exists(&mut client, &name) {
        run(&mut client, TEMPLATE_LOCK);
        if !exists(&mut client, &name) {
            make_template(&mut client, &name);
        }
    }
    name
}

/// Under the lock. Only a template that is complete gets its name.
fn make_template(client: &mut Client, name: &str) {
    let making = format!("{name}_making");
    run(client, &format!("DROP DATABASE IF EXISTS {making}"));
    run(client, &format!("CREATE DATABASE {making}"));
    let connection = PostgresConnection::new(connect(&url_of(&making)));
    let migrated = migrate::postgres::run(&connection, MIGRATIONS, SystemClock.now());
    migrated.expect("the migrations apply");
    drop(connection);
    run(client, &format!("ALTER DATABASE {making} RENAME TO {name}"));
}

/// Drops databases of processes that have ended, if there are many. One that is still in use
/// refuses.
fn clean_up(client: &mut Client) {
    let all = "SELECT datname FROM pg_database WHERE datname LIKE 'hikyaku_test_%'";
    let rows = client.query(all, &[]).expect("databases can be listed");
    if rows.len() <= LEFT_BEHIND_MAX {
        return;
    }
    for row in rows {
        let name: String = row.get(0);
        let process = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            // Another test may be faster, or a session may linger: the next time, then.
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
        }
    }
}

fn server() -> String {
    std::env::var("HIKYAKU_TEST_POSTGRES").expect(
        "HIKYAKU_TEST_POSTGRES says where PostgreSQL is for tests (`scripts/postgres.sh run -- \
         COMMAND` sets it); HIKYAKU_TEST_ENGINES=sqlite does without",
    )
}

/// The server's URL with another database.
fn url_of(database: &str) -> String {
    let server = server();
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server.as_str(), String::new()),
    };
    let (host, _) = address.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{database}{parameters}")
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("the PostgreSQL server for tests answers")
}

fn exists(client: &mut Client, database: &str) -> bool {
    let one = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&database]);
    one.expect("databases can be listed").is_some()
}

fn run(client: &mut Client, statement: &str) {
    if let Err(error) = client.batch_execute(statement) {
        panic!("{statement}: {error:?}");
    }
}

/// The driver blocks, which a thread of an async runtime must not.
fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work)
        .join()
        .expect("a database for the test can be made")
}
