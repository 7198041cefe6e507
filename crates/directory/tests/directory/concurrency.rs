//! Invariants under eight concurrent writers: constraints decide, whoever comes first.

use std::sync::Arc;

use hikyaku_db::{Database, testing::TestDatabase};
use hikyaku_directory::{
    DirectoryError,
    accounts::{self, AccountChange},
    addresses, bulk, credentials, domains, logins,
    tenants::{self, NewTenant},
};
use tokio::sync::Barrier;

use crate::fixture::{
    Answer, OPERATOR, account, address, assert_consistent, domain, hash, load, tenant, try_account,
    try_alias, write,
};

const WRITERS: usize = 8;

/// Runs `work` for each writer at the same time.
async fn at_once<T, F>(db: &Database, work: impl Fn(usize, Database) -> F) -> Vec<Answer<T>>
where
    T: Send + 'static,
    F: Future<Output = Answer<T>> + Send + 'static,
{
    let start = Arc::new(Barrier::new(WRITERS));
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (start, work) = (Arc::clone(&start), work(writer, db.clone()));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// One writer succeeded, and all others were refused for the right reason.
fn assert_one_winner<T>(answers: Vec<Answer<T>>, expected: impl Fn(&DirectoryError) -> bool) {
    let mut winners = 0;
    for answer in answers {
        match answer {
            Ok(_) => winners += 1,
            Err(error) => assert!(expected(&error), "{error:?}"),
        }
    }
    assert_eq!(winners, 1);
}

async fn rows(test: &TestDatabase, table: &'static str) -> i64 {
    test.db
        .read(move |tx| {
            tx.query_one(&format!("SELECT COUNT(*) FROM {table}"), &[], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap()
}

fn name_taken(error: &DirectoryError) -> bool {
    matches!(error, DirectoryError::NameTaken { .. })
}

hikyaku_db::on_both_engines! {
    async fn one_of_eight_gets_the_address(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "target@example.test").await;
        for round in 0..5 {
            let answers = at_once(&test.db, |writer, db| async move {
                let text = format!("new{round}@example.test");
                // Accounts and aliases compete for the same names, in several spellings.
                match writer % 4 {
                    0 | 1 => try_account(&db, &text).await,
                    2 => try_account(&db, &text.to_uppercase()).await,
                    _ => try_alias(&db, &text, "target@example.test").await,
                }
            })
            .await;
            assert_one_winner(answers, name_taken);
        }
        assert_eq!(rows(&test, "address").await, 6);
        assert_consistent(&test).await;
    }

    async fn one_of_eight_gets_the_domain_the_tenant_name_and_the_login_id(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let answers = at_once(&test.db, |_, db| async move {
            write(&db, move |tx| {
                domains::create(tx, OPERATOR, ours, &domain("new.test"))
            })
            .await
        })
        .await;
        assert_one_winner(answers, |error| {
            matches!(error, DirectoryError::DomainTaken(_))
        });
        let answers = at_once(&test.db, |_, db| async move {
            write(&db, move |tx| {
                tenants::create(tx, OPERATOR, &NewTenant::named("New"))
            })
            .await
        })
        .await;
        assert_one_winner(answers, |error| {
            matches!(error, DirectoryError::TenantNameTaken(_))
        });
        let answers = at_once(&test.db, |_, db| async move {
            write(&db, move |tx| logins::register(tx, alice, "abcd001")).await
        })
        .await;
        assert_one_winner(answers, |error| {
            matches!(error, DirectoryError::LoginTaken(_))
        });
        assert_consistent(&test).await;
    }

    async fn eight_change_one_account_and_all_changes_count(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        // Each writer reads what the others wrote: no switch is lost.
        for answer in at_once(&test.db, |writer, db| async move {
            write(&db, move |tx| {
                let mut access = accounts::load(tx, alice)?.access;
                match writer % 4 {
                    0 => access.pop = false,
                    1 => access.imap = false,
                    2 => access.smtp = false,
                    _ => access.web = false,
                }
                let name = format!("writer {writer}");
                accounts::update(
                    tx,
                    alice,
                    &AccountChange {
                        name: Some(name),
                        access: (writer < 4).then_some(access),
                        ..AccountChange::default()
                    },
                )?;
                credentials::set_password(tx, alice, &hash("x"))
            })
            .await
        })
        .await
        {
            answer.unwrap();
        }
        assert!(
            load(&test.db, alice)
                .await
                .unwrap()
                .name
                .starts_with("writer ")
        );
        assert_eq!(rows(&test, "credential").await, 1);
        assert_consistent(&test).await;
    }

    /// Aliases, login ids and catch-alls are made while the account is being erased: each is made
    /// before and goes with it, or is refused.
    async fn nothing_is_left_pointing_to_an_erased_account(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        for round in 0..5 {
            let scope = account(&test.db, &format!("gone{round}@example.test")).await;
            let answers = at_once(&test.db, |writer, db| async move {
                let gone = address(&format!("gone{round}@example.test"));
                let alias = address(&format!("alias{round}-{writer}@example.test"));
                write(&db, move |tx| match writer {
                    0 => {
                        accounts::delete(tx, scope)?;
                        accounts::erase(tx, scope)
                    }
                    1 => logins::register(tx, scope, &format!("id{round}")).map(drop),
                    2 => domains::set_catch_all(tx, OPERATOR, &domain("example.test"), Some(scope)),
                    3 => credentials::set_password(tx, scope, &hash("new")),
                    _ => addresses::create_alias(tx, OPERATOR, &alias, &gone).map(drop),
                })
                .await
            })
            .await;
            for answer in answers {
                match answer {
                    Ok(())
                    | Err(
                        DirectoryError::NoSuchAccount(_) | DirectoryError::AliasTargetUnknown(_),
                    ) => (),
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(rows(&test, "account").await, 0);
            assert_consistent(&test).await;
        }
        assert_eq!(rows(&test, "address").await, 0);
        assert_eq!(rows(&test, "login_alias").await, 0);
    }

    async fn imports_of_the_same_people_do_not_lock_each_other_out(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let answers = at_once(&test.db, |writer, db| async move {
            let mut people: Vec<String> =
                (0..50).map(|n| format!("user{n}@example.test")).collect();
            people.rotate_left(writer * 6);
            if writer % 2 == 0 {
                people.reverse();
            }
            let rows: Vec<bulk::PreparedRow> = people
                .iter()
                .zip(1..)
                .map(|(text, number)| bulk::PreparedRow {
                    number,
                    account: accounts::NewAccount::person(address(text)),
                })
                .collect();
            let created = db
                .write(hikyaku_db::Lane::Background, move |tx| {
                    bulk::create_many(tx, OPERATOR, &rows)
                })
                .await;
            match created {
                Ok(scopes) => Ok(scopes.len()),
                Err(bulk::BulkError::Rows(mut rows)) => match rows.remove(0).problem {
                    bulk::RowProblem::Account(error) => Err(error),
                    other => panic!("{other}"),
                },
                Err(other) => panic!("{other}"),
            }
        })
        .await;
        assert_one_winner(answers, name_taken);
        assert_eq!(rows(&test, "account").await, 50);
        assert_consistent(&test).await;
    }
}
