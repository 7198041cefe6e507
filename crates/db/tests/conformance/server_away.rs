//! A PostgreSQL server that goes away and comes back, seen through a proxy that the test switches.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use hikyaku_db::{Database, DbError, Engine, Lane, Target, params, testing};

use crate::support::{Db, poll_once};

/// Passes connections on while it is switched on; switched off, it cuts and refuses them.
struct Proxy {
    port: u16,
    on: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (on, open) = (
            Arc::new(AtomicBool::new(true)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let proxy = Self {
            port,
            on: Arc::clone(&on),
            open: Arc::clone(&open),
        };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if on.load(Ordering::SeqCst) {
                    let server = TcpStream::connect(&server).unwrap();
                    let mut open = open.lock().unwrap();
                    open.push(client.try_clone().unwrap());
                    open.push(server.try_clone().unwrap());
                    copy(client.try_clone().unwrap(), server.try_clone().unwrap());
                    copy(server, client);
                }
            }
        });
        proxy
    }

    fn switch_off(&self) {
        self.on.store(false, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn switch_on(&self) {
        self.on.store(true, Ordering::SeqCst);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// The guard of a fresh database, a proxy before its server, and the URL through the proxy.
fn behind_a_proxy() -> (testing::TestGuard, Proxy, String) {
    let guard = testing::place(Engine::Postgres);
    let Target::Postgres { url } = guard.target() else {
        unreachable!("a test on PostgreSQL has a URL");
    };
    let (user, rest) = url.rsplit_once('@').unwrap();
    let (host, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(host.to_owned());
    let url = format!("{user}@127.0.0.1:{}/{database}", proxy.port);
    (guard, proxy, url)
}

async fn open(url: &str, patience: Duration) -> Database {
    let mut options = hikyaku_db::Options::new(Target::Postgres {
        url: url.to_owned(),
    });
    options.postgres_patience = patience;
    options.postgres_connections = 3;
    Database::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_waits_a_bounded_time_and_then_fails() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let (_guard, proxy, url) = behind_a_proxy();
    let patience = Duration::from_millis(300);
    let db = open(&url, patience).await;
    proxy.switch_off();
    let started = Instant::now();
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(Lane::Mail, |tx| {
                    tx.execute("UPDATE node SET leased_until = 0", params![])
                })
                .await
            })
        })
        .collect();
    for call in calls {
        let answer = call.await.unwrap();
        assert!(
            matches!(answer, Err(DbError::Unavailable { .. })),
            "{answer:?}"
        );
    }
    let read: Db<i64> = db
        .read(|tx| tx.query_one("SELECT 1", params![], |row| row.get(0)))
        .await;
    assert!(read.as_ref().is_err_and(DbError::is_temporary), "{read:?}");
    // Thirty closures on three threads wait together, not one after the other.
    assert!(started.elapsed() < patience * 20, "{:?}", started.elapsed());
    proxy.switch_on();
    while db
        .read(|tx| tx.query_one("SELECT 1", params![], |_| Ok(())))
        .await
        .is_err()
    {}
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_is_done_when_the_server_is_back_in_time() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let (_guard, proxy, url) = behind_a_proxy();
    let db = open(&url, Duration::from_mins(2)).await;
    let mut listener = db.hints().subscribe(hikyaku_db::Hint::Queue);
    proxy.switch_off();
    let mut write = Box::pin(db.write(Lane::Mail, |tx| {
        tx.execute("UPDATE node SET leased_until = 1", params![])
    }));
    assert!(poll_once(&mut write).await.is_none());
    while db.metrics().mail_queued > 0 {
        tokio::task::yield_now().await;
    }
    proxy.switch_on();
    assert_eq!(write.await, Ok(1));
    // Hints may have been lost meanwhile: everybody looks again.
    listener.changed().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_told_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url = format!("postgres://nobody:sekret@127.0.0.1:{port}/nothing");
    let error = Database::open(hikyaku_db::Options::new(Target::Postgres { url }))
        .await
        .unwrap_err();
    let text = format!("{error:?}");
    assert!(
        matches!(
            error,
            hikyaku_db::OpenError::Db(DbError::Unavailable { .. })
        ),
        "{text}"
    );
    assert!(!text.contains("sekret"), "{text}");
}
