//! Imports of many accounts.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hikyaku_db::Lane;
use hikyaku_directory::{
    bulk::{self, BulkError, ImportRow, MAX_ROWS},
    credentials,
    password::{HashParams, Weakness},
};

use crate::fixture::{OPERATOR, account, alias, assert_consistent, load, read, tenant};

const CHEAP: HashParams = HashParams::UNSAFE_FOR_TESTS;

fn row(number: u64, address: &str, password: &str) -> ImportRow {
    ImportRow {
        number,
        name: format!("利用者{number}"),
        address: address.to_owned(),
        password: password.into(),
    }
}

fn people(count: u64) -> Vec<ImportRow> {
    (0..count)
        .map(|n| {
            row(
                n + 2,
                &format!("User{n}@example.test"),
                &format!("pass word {n}"),
            )
        })
        .collect()
}

fn go_on(_done: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

hikyaku_db::on_both_engines! {
    async fn all_accounts_are_created_in_the_order_of_the_rows(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let rows = Arc::new(people(300));
        let checked = Arc::clone(&rows);
        let errors = test
            .db
            .read(move |tx| bulk::check(tx, OPERATOR, &checked))
            .await
            .unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let done = AtomicUsize::new(0);
        let prepared = bulk::prepare(&rows, CHEAP, &|count| {
            done.fetch_max(count, Ordering::Relaxed);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(done.into_inner(), 300);
        let scopes = test
            .db
            .write(Lane::Background, move |tx| {
                bulk::create_many(tx, OPERATOR, &prepared)
            })
            .await
            .unwrap();
        assert_eq!(scopes.len(), 300);
        for n in [0, 1, 9, 10, 299] {
            let found = load(&test.db, scopes[n]).await.unwrap();
            assert_eq!(found.address.to_string(), format!("User{n}@example.test"));
            assert_eq!(found.name, format!("利用者{}", n + 2));
        }
        let scope = scopes[299];
        let stored = read(&test.db, move |tx| Ok(credentials::password(tx, scope)?)).await;
        let (_, hash) = stored.unwrap().unwrap();
        assert!(hash.verify(&"pass word 299".into()));
        assert!(!hash.verify(&"pass word 298".into()));
        assert_consistent(&test).await;
    }

    async fn every_wrong_row_is_named_with_its_reason(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "taken@example.test").await;
        alias(&test.db, "office@example.test", "taken@example.test").await;
        let mut rows = people(200);
        rows.extend([
            row(500, "no address", "secret"),
            row(501, " Taken@example.test ", "secret"),
            row(502, "office@example.test", "secret"),
            row(503, "USER7@example.test", "secret"),
            row(504, "x@elsewhere.test", "secret"),
            row(505, "nobody@example.test", "secret"),
            row(506, "\"a b\"@example.test", "secret"),
            row(507, "fine@example.test", ""),
            row(508, "also.fine@example.test", "secret"),
        ]);
        rows.push(ImportRow {
            name: "a\nb".to_owned(),
            ..row(509, "y@example.test", "secret")
        });
        let checked = rows.clone();
        let errors = test
            .db
            .read(move |tx| bulk::check(tx, OPERATOR, &checked))
            .await
            .unwrap();
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "row 500: the address has no \"@\"",
                "row 501: the address Taken@example.test exists already as an account",
                "row 502: the address office@example.test exists already as an alias",
                "row 503: the address stands in row 9 already",
                "row 504: there is no domain elsewhere.test here",
                "row 505: \"nobody\" stands for unknown addresses of example.test: set the domain's \
             catch-all account instead of creating the address",
                "row 506: the address \"a b\"@example.test has characters or dots that would need quotes",
                "row 507: the password is empty",
                "row 509: the name has a control character",
            ]
        );
        let unprepared = bulk::prepare(&rows, CHEAP, &go_on);
        assert!(matches!(unprepared, Err(BulkError::Rows(rows)) if rows.len() == 4));
    }

    async fn what_is_taken_in_between_stops_all_of_it(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let prepared = bulk::prepare(&people(100), CHEAP, &go_on).unwrap();
        account(&test.db, "user50@example.test").await;
        let refused = test
            .db
            .write(Lane::Background, move |tx| {
                bulk::create_many(tx, OPERATOR, &prepared)
            })
            .await
            .unwrap_err();
        let BulkError::Rows(rows) = refused else {
            panic!("{refused}")
        };
        assert_eq!(
            rows[0].to_string(),
            "row 52: the address User50@example.test exists already as an account"
        );
        let count = test
            .db
            .read(|tx| tx.query_one("SELECT COUNT(*) FROM account", &[], |row| row.get::<i64>(0)))
            .await
            .unwrap();
        assert_eq!(count, 1);
        assert_consistent(&test).await;
    }

    async fn an_import_has_its_limit(test: TestDatabase) {
        let rows = vec![row(1, "a@example.test", "secret"); MAX_ROWS + 1];
        let refused = test
            .db
            .read(move |tx| bulk::check(tx, OPERATOR, &rows))
            .await;
        assert!(matches!(refused, Err(BulkError::TooManyRows(count)) if count == MAX_ROWS + 1));
    }
}

#[test]
fn hashing_stops_when_asked() {
    let calls = AtomicUsize::new(0);
    let stopped = bulk::prepare(&people(1000), CHEAP, &|_| {
        calls.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(BulkError::Cancelled)));
    assert!(
        calls.into_inner() <= 64,
        "each thread ends with the row it has"
    );
    assert!(bulk::prepare(&[], CHEAP, &go_on).unwrap().is_empty());
}

#[test]
fn weak_passwords_are_warned_of_by_row() {
    let rows = [
        row(2, "taro@example.test", "correct horse"),
        row(3, "taro@example.test", "1234"),
        row(4, "no address", "1234"),
    ];
    assert_eq!(
        bulk::warnings(&rows),
        [(3, vec![Weakness::Short, Weakness::DigitsOnly])]
    );
}
