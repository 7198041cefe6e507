//! For tests: how SQLite runs a statement.

use hikyaku_db::{Engine, Value, testing};

/// Fails unless a statement of so many parameters finds all its rows by indexes and sorts nothing.
pub(crate) async fn assert_only_searches(sql: String, parameters: usize) {
    let test = testing::fresh(Engine::Sqlite).await;
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
        .unwrap();
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
