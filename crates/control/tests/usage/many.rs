//! Many accounts: measured in sets, aside from the mail.

use std::time::Instant;

use hikyaku_db::{Lane, params};
use hikyaku_directory::plans::Terms;

use crate::world::World;

/// Accounts, so that several chunks are needed; `HIKYAKU_USAGE_ACCOUNTS` sets another number to
/// measure with.
const ACCOUNTS: i64 = 2_500;

fn accounts() -> i64 {
    let set = std::env::var("HIKYAKU_USAGE_ACCOUNTS").ok();
    set.and_then(|count| count.parse().ok()).unwrap_or(ACCOUNTS)
}

hikyaku_db::on_both_engines! {
    async fn a_round_measures_all_accounts(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        let count = accounts();
        let tenant = world.tenant.tenant;
        world
            .db()
            .write(Lane::Background, move |tx| {
                let numbers = "WITH RECURSIVE n(i) AS \
                     (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) ";
                tx.execute(
                    &format!(
                        "{numbers} INSERT INTO domain (id, tenant_id, name, subaddressing, \
                         created_at, updated_at) SELECT i, ?2, 'd' || i || '.test', 1, 0, 0 \
                         FROM n WHERE i <= ?1 / 100 + 1"
                    ),
                    params![count, tenant],
                )?;
                tx.execute(
                    &format!(
                        "{numbers} INSERT INTO account (id, tenant_id, domain_id, kind, name, \
                         status, access_pop, access_imap, access_smtp, access_web, created_at, \
                         updated_at) SELECT i, ?2, i / 100 + 1, 'person', '', 'active', 1, 1, 1, \
                         1, 0, 0 FROM n"
                    ),
                    params![count, tenant],
                )?;
                tx.execute(
                    &format!(
                        "{numbers} INSERT INTO mail_account (account_id, tenant_id, inbox_id, \
                         modseq, next_uid_validity, used_bytes, used_messages, quota_bytes, \
                         quota_messages, restore_seconds, change_count, kept_modseq) \
                         SELECT i, ?2, i, 1, 1, i, 1, 1000000, 0, 0, 0, 1 FROM n"
                    ),
                    params![count, tenant],
                )
            })
            .await
            .unwrap();
        let begin = Instant::now();
        world.measure().await;
        let first = begin.elapsed();
        let begin = Instant::now();
        world.measure().await;
        let second = begin.elapsed();
        eprintln!("{count} accounts: first round {first:?}, second round {second:?}");
        let totals = world.pool(None).await.totals;
        assert_eq!(totals.accounts, count as u64 + 1);
        assert_eq!(totals.used.bytes(), (count * (count + 1) / 2) as u64);
        let listed = world
            .db()
            .read(|tx| {
                tx.query_one("SELECT COUNT(*) FROM usage_account", &[], |row| row.get::<i64>(0))
            })
            .await
            .unwrap();
        assert_eq!(listed, count + 1);
    }
}
