//! PostgreSQL servers of their own for tests that encrypt or kill them (`scripts/postgres.sh`).

use std::{
    collections::HashSet,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use hikyaku_db::{Database, Engine, Lane, Options, Target, params, testing};
use postgres::{Client, NoTls};
use rcgen::{CertificateParams, KeyPair};

use crate::support::{Db, integers, run};

/// A server that only this test knows.
struct Server {
    name: String,
    url: String,
}

impl Server {
    fn start(purpose: &str) -> Self {
        let name = format!("{purpose}-{}", std::process::id());
        let url = script(&["start", "--name", &name]);
        Self { name, url }
    }

    /// Kills it as a power cut would, and starts it again.
    fn crash_and_restart(&self) {
        script(&["restart", "--name", &self.name, "--crash"]);
    }

    /// Runs statements at the server, outside of any async runtime.
    fn batch(&self, statements: String) {
        let url = self.url.clone();
        let work = move || {
            Client::connect(&url, NoTls)
                .unwrap()
                .batch_execute(&statements)
        };
        std::thread::spawn(work).join().unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        script(&["stop", "--name", &self.name]);
    }
}

fn script(arguments: &[&str]) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh");
    let output = Command::new(script).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn options(url: String) -> Options {
    Options::new(Target::Postgres { url })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_encrypted_as_the_url_says() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let server = Server::start("db-tls");
    let refused = Database::open(options(format!("{}?sslmode=require", server.url))).await;
    assert!(refused.is_err(), "the server has no TLS yet");

    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (
        folder.path().join("right.pem"),
        folder.path().join("wrong.pem"),
    );
    let (certificate, key) = self_signed("127.0.0.1");
    std::fs::write(&right, &certificate).unwrap();
    std::fs::write(&wrong, self_signed("127.0.0.1").0).unwrap();
    for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
        server.batch(format!(
            "COPY (SELECT unnest(string_to_array('{}', E'\\n')))
             TO PROGRAM 'cat > {name}; chmod 600 {name}'",
            pem.trim()
        ));
    }
    server.batch("ALTER SYSTEM SET ssl = on".to_owned());
    server.batch("SELECT pg_reload_conf()".to_owned());
    for (parameters, works) in [
        ("sslmode=disable".to_owned(), Some(false)),
        ("sslmode=require".to_owned(), Some(true)),
        ("sslmode=prefer".to_owned(), Some(true)),
        (
            format!("sslmode=verify-full&sslrootcert={}", right.display()),
            Some(true),
        ),
        (
            format!("sslmode=require&sslrootcert={}", right.display()),
            Some(true),
        ),
        (
            format!("sslmode=verify-full&sslrootcert={}", wrong.display()),
            None,
        ),
        (
            format!("sslmode=require&sslrootcert={}", wrong.display()),
            None,
        ),
        ("sslmode=verify-full".to_owned(), None),
    ] {
        let opened = Database::open(options(format!("{}?{parameters}", server.url))).await;
        let encrypted = match &opened {
            Ok(db) => Some(is_encrypted(db).await),
            Err(_) => None,
        };
        assert_eq!(encrypted, works, "{parameters}: {opened:?}");
    }
    // The same server by a name that its certificate does not have.
    let elsewhere = server.url.replace("127.0.0.1", "localhost");
    let parameters = format!("sslmode=verify-full&sslrootcert={}", right.display());
    let opened = Database::open(options(format!("{elsewhere}?{parameters}"))).await;
    assert!(opened.is_err(), "the certificate is for another name");
}

async fn is_encrypted(db: &Database) -> bool {
    let encrypted: Db<bool> = db
        .read(|tx| {
            let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            tx.query_one(sql, params![], |row| row.get(0))
        })
        .await;
    encrypted.unwrap()
}

/// A certificate and its key.
fn self_signed(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_crash_of_the_server_under_load() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let server = Server::start("db-crash");
    let db = Database::open(options(server.url.clone())).await.unwrap();
    run(&db, &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)"]).await;
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8_i64)
        .map(|writer| {
            let (db, acknowledged, stop) =
                (db.clone(), Arc::clone(&acknowledged), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut id = writer * 1_000_000;
                while !stop.load(Ordering::SeqCst) {
                    id += 1;
                    let insert = move |tx: &hikyaku_db::WriteTx<'_>| {
                        tx.execute("INSERT INTO t VALUES (?1)", params![id])
                    };
                    match db.write(Lane::Mail, insert).await {
                        Ok(1) => assert!(acknowledged.lock().unwrap().insert(id)),
                        Err(error) => assert!(error.is_temporary(), "{error:?}"),
                        Ok(other) => panic!("{other} rows"),
                    }
                }
            })
        })
        .collect();
    for crash in 0..2 {
        let before = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() < before + 100 {
            tokio::task::yield_now().await;
        }
        tokio::task::block_in_place(|| server.crash_and_restart());
        assert!(
            acknowledged.lock().unwrap().len() >= before + 100,
            "crash {crash}"
        );
    }
    let before = acknowledged.lock().unwrap().len();
    while acknowledged.lock().unwrap().len() < before + 100 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let stored: HashSet<i64> = integers(&db, "SELECT id FROM t")
        .await
        .into_iter()
        .collect();
    let acknowledged = acknowledged.lock().unwrap().clone();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    db.close().await;
}
