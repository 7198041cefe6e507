//! What several test modules use.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::Poll,
};

use hikyaku_db::{Database, DbError, Lane, params};
use tokio::sync::Notify;

/// A result of the store, written out because the closures' error type is generic.
pub(crate) type Db<T> = Result<T, DbError>;

/// Runs statements without parameters, one after the other.
pub(crate) async fn run(db: &Database, statements: &'static [&'static str]) {
    db.write(Lane::Mail, move |tx| {
        for statement in statements {
            tx.execute(statement, params![])?;
        }
        Db::Ok(())
    })
    .await
    .unwrap();
}

/// The integers in the first column of a query.
pub(crate) async fn integers(db: &Database, sql: &'static str) -> Vec<i64> {
    db.read(move |tx| tx.query(sql, params![], |row| row.get(0)))
        .await
        .unwrap()
}

/// Stops a closure until the test lets it go on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<GateState>);

#[derive(Debug, Default)]
struct GateState {
    open: Mutex<bool>,
    opened: Condvar,
    reached: Notify,
}

impl Gate {
    /// In a closure: tells that it is here, and waits. Blocks.
    pub(crate) fn pass(&self) {
        self.0.reached.notify_one();
        let mut open = self.0.open.lock().unwrap();
        while !*open {
            open = self.0.opened.wait(open).unwrap();
        }
    }

    /// In the test: waits until a closure is at the gate.
    pub(crate) async fn reached(&self) {
        self.0.reached.notified().await;
    }

    /// In the test: lets all closures go on.
    pub(crate) fn open(&self) {
        *self.0.open.lock().unwrap() = true;
        self.0.opened.notify_all();
    }
}

/// A closure that stands at a gate in the writer: what is queued behind it stays queued (on SQLite,
/// and on PostgreSQL with one connection).
pub(crate) fn hold(db: &Database, gate: &Gate) -> tokio::task::JoinHandle<Db<()>> {
    let (db, at) = (db.clone(), gate.clone());
    tokio::spawn(async move {
        db.write(Lane::Mail, move |_| {
            at.pass();
            Ok(())
        })
        .await
    })
}

/// Polls a future once: a call of the store is then in its queue, if there is room.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        Poll::Ready(match Pin::new(&mut *future).poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
