//! The database itself keeps what was written.

use hikyaku_db::DbError;
use hikyaku_oplog::Search;

use crate::fixture::{entry, find, numbers, tamper, tenant, write};

hikyaku_db::on_both_engines! {
    async fn no_statement_changes_what_was_written(test: TestDatabase) {
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        for sql in [
            "UPDATE oplog_entry SET body = '{}'",
            "DELETE FROM oplog_entry",
            "DELETE FROM oplog_entry WHERE seq = 2",
            "UPDATE oplog_chain SET seq = 1",
            "UPDATE oplog_chain SET chain = 5",
            "DELETE FROM oplog_chain",
        ] {
            match tamper(&test.db, sql).await {
                Err(DbError::Constraint { .. }) => {}
                other => panic!("{sql}: {other:?}"),
            }
        }
        let found = find(&test.db, tenant(1), Search::default()).await;
        assert_eq!(numbers(&found), [2]);
    }
}
