//! Entries to test with.

use hikyaku_db::{Database, DbError, Lane};
use hikyaku_oplog::{Actor, ActorKind, Chain, Found, NewEntry, Search, Target, append, search};
use hikyaku_types::{AccountId, Id as _, TenantId};
use serde_json::json;

pub(crate) fn tenant(id: i64) -> Chain {
    Chain::Tenant(TenantId::from_i64(id))
}

/// An entry by an actor, about an account.
pub(crate) fn entry(chain: Chain, action: &'static str, actor: i64, account: i64) -> NewEntry {
    NewEntry {
        chain,
        actor: Actor {
            kind: ActorKind::Account,
            id: actor.to_string(),
            name: format!("admin{actor}@example.test"),
        },
        on_behalf_of: None,
        action,
        target: Target::new("account", account, format!("user{account}@example.test")),
        before: json!({ "name": "山田" }),
        after: json!({ "name": "Ｙａｍａｄａ" }),
        reason: None,
        shown_to: None,
        address: Some("192.0.2.1".parse().unwrap()),
        request: None,
    }
}

/// The same, which its owner sees.
pub(crate) fn shown(mut entry: NewEntry, account: i64) -> NewEntry {
    entry.shown_to = Some(AccountId::from_i64(account));
    entry
}

pub(crate) async fn write(db: &Database, entry: NewEntry) {
    db.write(Lane::Background, move |tx| append(tx, &entry))
        .await
        .unwrap();
}

pub(crate) async fn find(db: &Database, chain: Chain, wanted: Search) -> Found {
    db.read(move |tx| search(tx, chain, &wanted)).await.unwrap()
}

/// Runs a statement that the program never runs.
pub(crate) async fn tamper(db: &Database, sql: &'static str) -> Result<u64, DbError> {
    db.write(Lane::Background, move |tx| tx.execute(sql, &[]))
        .await
}

pub(crate) fn numbers(found: &Found) -> Vec<i64> {
    found.entries.iter().map(|entry| entry.seq).collect()
}
