//! How SQLite runs a statement.

use crate::{Engine, Value};

/// Fails unless a statement of so many parameters finds all its rows by indexes and sorts nothing.
///
/// # Panics
/// When it does not.
pub async fn assert_only_searches(sql: String, parameters: usize) {
    let test = super::fresh(Engine::Sqlite).await;
    let steps: Vec<String> = test
        .db
        .read(move |tx| {
            tx.query(
                &format!("EXPLAIN QUERY PLAN {sql}"),
                &vec![Value::Int(1); parameters],
                |row| row.get(3),
            )
        })
        .await
        .expect("the statement can be planned");
    assert!(
        steps.iter().any(|step| step.starts_with("SEARCH")),
        "{steps:#?}"
    );
    for step in &steps {
        assert!(
            !step.starts_with("SCAN") && !step.contains("TEMP B-TREE"),
            "{steps:#?}"
        );
    }
}
