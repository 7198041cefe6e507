//! What a message pays for its contract: nothing.

use std::sync::Arc;

use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::{
    PlatformScope, addresses, domains,
    tenants::{self, NewTenant},
};

use super::*;

/// Statements that it takes to know what is in force.
async fn cost(test: &TestDatabase, known: &Arc<Known>, tenant: TenantId) -> u32 {
    let known = Arc::clone(known);
    let look = test.db.read(move |tx| {
        known.of(tx, tenant, &Policy::default())?;
        Ok::<_, DirectoryError>(tx.statements())
    });
    look.await.unwrap()
}

hikyaku_db::on_both_engines! {
    async fn what_is_known_costs_no_statement(test: TestDatabase) {
        let operator = PlatformScope::operator();
        let made = test.db.write(Lane::Mail, move |tx| {
            let tenant = tenants::create(tx, operator, &NewTenant::named("Example"))?;
            domains::create(tx, operator, tenant, &"example.test".parse().unwrap())?;
            Ok::<_, DirectoryError>(tenant.tenant)
        });
        let tenant = made.await.unwrap();
        let known = Arc::new(Known::new(test.db.hints().clone()));
        let mut heard = test.db.hints().subscribe(Hint::Tenant(tenant));
        assert_eq!(cost(&test, &known, tenant).await, 2);
        assert_eq!(cost(&test, &known, tenant).await, 0);
        // A hint makes it look again, and so does time.
        let hint = test.db.write(Lane::Mail, move |tx| {
            tx.hint(Hint::Tenant(tenant));
            Ok::<_, DirectoryError>(())
        });
        hint.await.unwrap();
        heard.changed().await;
        assert_eq!(cost(&test, &known, tenant).await, 2);
        test.clock.advance(KNOWN_FOR);
        assert_eq!(cost(&test, &known, tenant).await, 2);
        assert_eq!(cost(&test, &known, tenant).await, 0);
    }

    /// A lock is read with the recipient.
    async fn resolving_is_one_statement(test: TestDatabase) {
        let resolved = test.db.read(|tx| {
            addresses::resolve(tx, &"taro@example.test".parse().unwrap())?;
            Ok::<_, DirectoryError>(tx.statements())
        });
        assert_eq!(resolved.await.unwrap(), 1);
    }

    /// However many tenants there are.
    async fn a_full_memory_is_emptied(test: TestDatabase) {
        let known = Arc::new(Known::new(test.db.hints().clone()));
        let filler = Arc::clone(&known);
        let fill = test.db.read(move |tx| {
            for id in 1..=KNOWN_TENANTS_MAX as i64 + 1 {
                filler.of(tx, hikyaku_types::Id::from_i64(id), &Policy::default())?;
            }
            Ok::<_, DirectoryError>(())
        });
        fill.await.unwrap();
        assert_eq!(known.lock().len(), 1);
    }
}
