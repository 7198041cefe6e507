//! What can begin now, and when there is something to do again.
//!
//! The index leads from one tenant to the next, so the look costs a few steps for each tenant that
//! has work waiting, however much that is.

use std::collections::HashMap;

use hikyaku_db::{DbError, Tx, Value, params, sql::in_list};
use hikyaku_types::Timestamp;

/// The kinds of work that a process knows. Work of a later version waits for a process of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kinds(Vec<&'static str>);

impl Kinds {
    pub(crate) fn new(kinds: impl IntoIterator<Item = &'static str>) -> Self {
        Self(kinds.into_iter().collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = Value<'static>> {
        self.0.iter().map(|kind| Value::from(*kind))
    }
}

/// A tenant with work that may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ready {
    /// Its jobs that run, in all processes.
    running: usize,
    /// When one of its jobs last began; none first.
    last_start: Option<Timestamp>,
    /// Since when its first job waits.
    since: Timestamp,
    /// The number of the column.
    pub(crate) tenant: i64,
}

/// What the look found.
#[derive(Debug, Default)]
pub(crate) struct Outlook {
    /// In the order in which they are served.
    pub(crate) ready: Vec<Ready>,
    /// When the next job is due, beside those that are.
    pub(crate) next: Option<Timestamp>,
}

/// Looks at all tenants that have work waiting.
pub(crate) fn look(tx: &Tx<'_>, kinds: &Kinds, per_tenant: usize) -> Result<Outlook, DbError> {
    let running: HashMap<i64, usize> = tx
        .query(RUNNING, params![], |row| Ok((row.get(0)?, row.get(1)?)))?
        .into_iter()
        .collect();
    let values: Vec<Value<'_>> = kinds.values().collect();
    let tenants = tx.query(&tenants(kinds), &values, |row| {
        Ok((row.get::<i64>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut outlook = Outlook::default();
    for (tenant, since, last_start) in tenants {
        let Some(since): Option<Timestamp> = since else {
            continue; // Nothing but work of a later version.
        };
        let running = running.get(&tenant).copied().unwrap_or(0);
        if since > tx.now() {
            outlook.next = Some(outlook.next.map_or(since, |next| next.min(since)));
        } else if running < per_tenant {
            outlook.ready.push(Ready {
                running,
                last_start,
                since,
                tenant,
            });
        }
    }
    outlook.ready.sort_unstable();
    Ok(outlook)
}

const RUNNING: &str = "SELECT tenant_id, COUNT(*) FROM job WHERE state = 2 GROUP BY tenant_id";

fn tenants(kinds: &Kinds) -> String {
    let kinds = in_list(1, kinds.len());
    format!(
        "WITH RECURSIVE t(id) AS (\
         SELECT (SELECT j.tenant_id FROM job j WHERE j.state = 1 ORDER BY j.tenant_id LIMIT 1) \
         UNION ALL \
         SELECT (SELECT j.tenant_id FROM job j WHERE j.state = 1 AND j.tenant_id > t.id \
         ORDER BY j.tenant_id LIMIT 1) FROM t WHERE t.id IS NOT NULL) \
         SELECT t.id, \
         (SELECT j.due_at FROM job j WHERE j.state = 1 AND j.tenant_id = t.id \
         AND j.kind IN ({kinds}) ORDER BY j.due_at LIMIT 1), \
         (SELECT j.started_at FROM job j WHERE j.tenant_id = t.id AND j.started_at IS NOT NULL \
         ORDER BY j.started_at DESC LIMIT 1) \
         FROM t WHERE t.id IS NOT NULL"
    )
}
