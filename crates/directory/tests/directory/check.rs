//! The checker finds what it is for.

use hikyaku_db::{Engine, Lane, params, testing::TestDatabase};
use hikyaku_directory::{
    check::{self, MAX_FINDINGS},
    domains, logins,
};

use crate::fixture::{
    OPERATOR, account, add_domain, alias, assert_consistent, domain, tenant, write,
};

/// A consistent directory with a row of everything.
async fn furnish(test: &TestDatabase) {
    let ours = tenant(&test.db, "ours", "example.test").await;
    add_domain(&test.db, ours, "second.test").await;
    tenant(&test.db, "theirs", "example.org").await;
    let alice = account(&test.db, "alice@example.test").await;
    account(&test.db, "eve@example.org").await;
    alias(&test.db, "office@example.test", "alice@example.test").await;
    write(&test.db, move |tx| {
        logins::register(tx, alice, "abcd001")?;
        domains::set_catch_all(tx, OPERATOR, &domain("example.test"), Some(alice))
    })
    .await
    .unwrap();
    assert_consistent(test).await;
}

/// What the checker says after a statement, in a transaction that is rolled back.
async fn after(test: &TestDatabase, statements: &'static [&'static str]) -> Vec<String> {
    let found = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let out = std::sync::Arc::clone(&found);
    let rolled_back = test
        .db
        .write(Lane::Mail, move |tx| {
            for sql in statements {
                tx.execute(sql, params![])?;
            }
            let findings = check::run(tx, OPERATOR)?;
            *out.lock().unwrap() = findings
                .iter()
                .map(|f| format!("{}: {}", f.table, f.problem))
                .collect();
            Err::<(), _>(hikyaku_db::DbError::NotFound)
        })
        .await;
    assert_eq!(
        rolled_back,
        Err(hikyaku_db::DbError::NotFound),
        "{statements:?}"
    );
    found.lock().unwrap().clone()
}

hikyaku_db::on_both_engines! {
    async fn rows_that_constraints_let_through_are_found(test: TestDatabase) {
        furnish(&test).await;
        let cases: [(&[&str], &[&str]); 12] = [
            (&["DELETE FROM address WHERE kind = 'account' AND canonical LIKE 'alice@%'"],
             &["account: it has no address of its own"]),
            (&["UPDATE account SET domain_id = (SELECT id FROM domain WHERE name = 'second.test')
                WHERE tenant_id = (SELECT tenant_id FROM domain WHERE name = 'second.test')"],
             &["account: its own address is of another domain"]),
            (&["UPDATE address SET local_part = 'other' WHERE kind = 'alias'"],
             &["address: its canonical form is another address's"]),
            (&["UPDATE address SET local_part = '' WHERE kind = 'alias'"],
             &["address: its local part is none"]),
            (&["UPDATE address SET kind = 'list' WHERE kind = 'alias'"],
             &["address: its kind is unknown"]),
            (&["UPDATE tenant SET status = 'lost' WHERE name = 'ours'"],
             &["tenant: its status is unknown"]),
            (&["UPDATE tenant SET language = 'xx' WHERE name = 'ours'"],
             &["tenant: its language is unknown"]),
            (&["UPDATE tenant SET time_zone = 'Tokyo' WHERE name = 'ours'"],
             &["tenant: its time zone is unknown"]),
            (&["UPDATE account SET time_zone = 'Tokyo'"],
             &["account: its time zone is unknown", "account: its time zone is unknown"]),
            (&["UPDATE login_alias SET shown = 'other'"], &["login_alias: it is not a login id"]),
            (&["UPDATE credential SET secret = 'plain'
                WHERE account_id = (SELECT account_id FROM login_alias)"],
             &["credential: its hash cannot be verified"]),
            (&["UPDATE credential SET kind = 'key'
                WHERE account_id = (SELECT account_id FROM login_alias)"],
             &["credential: its kind is unknown"]),
        ];
        for (statements, expected) in cases {
            assert_eq!(after(&test, statements).await, expected, "{statements:?}");
        }
        assert_consistent(&test).await;
    }

    async fn the_report_has_its_limit(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        write(&test.db, move |tx| {
            for number in 0..=MAX_FINDINGS {
                let new = format!("u{number}@example.test").parse().unwrap();
                let person = hikyaku_directory::accounts::NewAccount::person(new);
                hikyaku_directory::accounts::create(tx, ours, &person)?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let found = after(&test, &["DELETE FROM address"]).await;
        assert_eq!(found.len(), MAX_FINDINGS);
    }
}

/// What constraints forbid, and what is found of it.
const FORBIDDEN: [(&[&str], &[&str]); 9] = [
    (
        &[
            "ALTER TABLE domain DROP CONSTRAINT domain_tenant_id_fkey",
            "ALTER TABLE account DROP CONSTRAINT account_tenant_id_domain_id_fkey CASCADE",
            "ALTER TABLE address DROP CONSTRAINT address_tenant_id_domain_id_fkey",
            "ALTER TABLE domain DROP CONSTRAINT domain_catch_all",
            "UPDATE domain SET tenant_id = 1, catch_all_account_id = NULL WHERE name = 'second.test'",
        ],
        &["domain: its tenant does not exist"],
    ),
    (
        &[
            "ALTER TABLE domain DROP CONSTRAINT domain_catch_all",
            "UPDATE domain SET catch_all_account_id =
                 (SELECT account_id FROM address WHERE canonical = 'eve@example.org')
             WHERE name = 'second.test'",
        ],
        &["domain: its catch-all is no account of the same tenant"],
    ),
    (
        &[
            "ALTER TABLE account DROP CONSTRAINT account_tenant_id_domain_id_fkey",
            "ALTER TABLE address DROP CONSTRAINT address_tenant_id_domain_id_fkey",
            "UPDATE account SET domain_id = 1 WHERE tenant_id = (SELECT id FROM tenant WHERE name = 'theirs')",
            "UPDATE address SET domain_id = 1 WHERE tenant_id = (SELECT id FROM tenant WHERE name = 'theirs')",
        ],
        &[
            "account: its domain is none of the same tenant",
            "address: its domain is none of the same tenant",
        ],
    ),
    (
        &[
            "DROP INDEX address_own",
            "UPDATE address SET kind = 'account' WHERE kind = 'alias'",
        ],
        &["account: it has several addresses of its own"],
    ),
    (
        &[
            "ALTER TABLE address DROP CONSTRAINT address_tenant_id_account_id_fkey",
            "UPDATE address SET account_id = 1 WHERE kind = 'alias'",
        ],
        &["address: its account does not exist"],
    ),
    (
        &[
            "ALTER TABLE address DROP CONSTRAINT address_tenant_id_account_id_fkey",
            "UPDATE address SET account_id =
                 (SELECT account_id FROM address WHERE canonical = 'eve@example.org')
             WHERE kind = 'alias'",
        ],
        &["address: its account is another tenant's"],
    ),
    (
        &[
            "ALTER TABLE address DROP CONSTRAINT address_canonical_key",
            "UPDATE address SET canonical = 'alice@example.test', local_part = 'alice'
             WHERE kind = 'alias'",
        ],
        &["address: it exists several times"],
    ),
    (
        &[
            "ALTER TABLE login_alias DROP CONSTRAINT login_alias_tenant_id_account_id_fkey",
            "ALTER TABLE credential DROP CONSTRAINT credential_tenant_id_account_id_fkey",
            "UPDATE login_alias SET account_id = 1",
            "UPDATE credential SET account_id = 1
             WHERE tenant_id = (SELECT id FROM tenant WHERE name = 'theirs')",
        ],
        &[
            "login_alias: its account is none of the same tenant",
            "credential: its account is none of the same tenant",
        ],
    ),
    (
        &[
            "ALTER TABLE address DROP CONSTRAINT address_canonical_check",
            "UPDATE address SET canonical = 'nobody@example.test', local_part = 'nobody'
             WHERE kind = 'alias'",
        ],
        &["address: it would hide the catch-all"],
    ),
];

/// PostgreSQL lets a transaction drop its constraints: the checker trusts none of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_constraints_forbid_are_found_too() {
    if !hikyaku_db::testing::is_wanted(Engine::Postgres) {
        return;
    }
    let test = hikyaku_db::testing::fresh(Engine::Postgres).await;
    furnish(&test).await;
    for (statements, expected) in FORBIDDEN {
        assert_eq!(after(&test, statements).await, expected, "{statements:?}");
    }
    assert_consistent(&test).await;
}
