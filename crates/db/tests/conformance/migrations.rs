//! Migrations: once each, in order, and never on a schema that cannot be trusted.

use hikyaku_db::{Database, Engine, MIGRATIONS, Migration, OpenError, testing};

use crate::support::integers;

const FIRST: Migration = Migration {
    version: 1,
    name: "0001_first",
    sqlite: MIGRATIONS[0].sqlite,
    postgres: MIGRATIONS[0].postgres,
};
const SECOND: Migration = Migration {
    version: 2,
    name: "0002_second",
    sqlite: "CREATE TABLE two (id INTEGER); INSERT INTO two VALUES (2);",
    postgres: "CREATE TABLE two (id BIGINT); INSERT INTO two VALUES (2);",
};
const BROKEN: Migration = Migration {
    version: 2,
    name: "0002_second",
    sqlite: "CREATE TABLE two (id INTEGER); INSERT INTO nowhere VALUES (2);",
    postgres: "CREATE TABLE two (id BIGINT); INSERT INTO nowhere VALUES (2);",
};
const THIRD: Migration = Migration {
    version: 3,
    name: "0003_third",
    sqlite: "CREATE TABLE three (id INTEGER);",
    postgres: "CREATE TABLE three (id BIGINT);",
};

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

async fn open(place: &testing::TestGuard, migrations: &[Migration]) -> Result<Database, OpenError> {
    Database::open(place.options_with(migrations.to_vec())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_applied_once() {
    for engine in ENGINES
        .into_iter()
        .filter(|engine| testing::is_wanted(*engine))
    {
        let place = testing::place(engine);
        open(&place, &[FIRST]).await.unwrap().close().await;
        for _ in 0..2 {
            let db = open(&place, &[FIRST, SECOND, THIRD]).await.unwrap();
            assert_eq!(integers(&db, "SELECT id FROM two").await, [2]);
            let versions = integers(&db, "SELECT version FROM schema_migration ORDER BY 1").await;
            assert_eq!(versions, [1, 2, 3]);
            db.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_own_apply_to_an_empty_database() {
    for engine in ENGINES
        .into_iter()
        .filter(|engine| testing::is_wanted(*engine))
    {
        let test = testing::fresh(engine).await;
        let versions = integers(
            &test.db,
            "SELECT version FROM schema_migration ORDER BY version",
        )
        .await;
        assert_eq!(versions, (1..=MIGRATIONS.len() as i64).collect::<Vec<_>>());
        test.db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_failed_in_between_is_resumed() {
    for engine in ENGINES
        .into_iter()
        .filter(|engine| testing::is_wanted(*engine))
    {
        let place = testing::place(engine);
        let failed = open(&place, &[FIRST, BROKEN, THIRD]).await.unwrap_err();
        assert!(
            matches!(failed, OpenError::MigrationFailed { version: 2, .. }),
            "{failed:?}"
        );
        let db = open(&place, &[FIRST, SECOND, THIRD]).await.unwrap();
        assert_eq!(integers(&db, "SELECT id FROM two").await, [2]);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_cannot_be_trusted_is_refused() {
    for engine in ENGINES
        .into_iter()
        .filter(|engine| testing::is_wanted(*engine))
    {
        let place = testing::place(engine);
        open(&place, &[FIRST, SECOND, THIRD])
            .await
            .unwrap()
            .close()
            .await;
        let newer = open(&place, &[FIRST, SECOND]).await.unwrap_err();
        assert!(
            matches!(newer, OpenError::SchemaNewer { found: 3, known: 2 }),
            "{newer:?}"
        );
        assert!(
            newer.to_string().contains("start the newer program"),
            "{newer}"
        );
        let changed = open(&place, &[FIRST, BROKEN, THIRD]).await.unwrap_err();
        assert!(
            matches!(changed, OpenError::MigrationChanged { version: 2, .. }),
            "{changed:?}"
        );

        let gap = testing::place(engine);
        open(&gap, &[FIRST, THIRD]).await.unwrap().close().await;
        let missing = open(&gap, &[FIRST, SECOND, THIRD]).await.unwrap_err();
        assert!(
            matches!(missing, OpenError::MigrationMissing { version: 2, .. }),
            "{missing:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_do_not_harm_each_other() {
    for engine in ENGINES
        .into_iter()
        .filter(|engine| testing::is_wanted(*engine))
    {
        let place = testing::place(engine);
        let starts: Vec<_> = (0..4)
            .map(|_| tokio::spawn(Database::open(place.options())))
            .collect();
        let mut opened = Vec::new();
        for start in starts {
            opened.push(start.await.unwrap().unwrap());
        }
        let count = integers(&opened[0], "SELECT COUNT(*) FROM schema_migration").await;
        assert_eq!(count, [MIGRATIONS.len() as i64]);
        let nodes = integers(
            &opened[0],
            "SELECT COUNT(*) FROM node WHERE holder IS NOT NULL",
        )
        .await;
        assert_eq!(nodes, [4]);
        for db in opened {
            db.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_is_told_clearly() {
    let place = testing::place(Engine::Sqlite);
    let hikyaku_db::Target::Sqlite { path } = place.target() else {
        unreachable!("a test on SQLite has a file");
    };
    std::fs::write(&path, [b'x'; 8192]).unwrap();
    let error = Database::open(place.options()).await.unwrap_err();
    let corrupt = matches!(error, OpenError::Db(hikyaku_db::DbError::Corrupt { .. }));
    assert!(corrupt, "{error:?}");
    let missing = hikyaku_db::Options::new(hikyaku_db::Target::Sqlite {
        path: path.with_file_name("no-such-folder").join("a.sqlite"),
    });
    let error = Database::open(missing).await.unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error:?}");
}
