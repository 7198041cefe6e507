//! The life of a contract: dates that come, moves, and what mail and lists make of them.

use std::time::Duration;

use hikyaku_directory::{
    DirectoryError, PlatformScope,
    addresses::{Receiving, Resolution},
    contracts::{self, OnExcess, PlanOrder},
    plans::{self, PlanStatus, Preset},
    tenants::{self, Begin, Move, NewTenant, Order, Query, TenantChange, TenantStatus},
};

use crate::fixture::{
    OPERATOR, account, add_domain, assert_consistent, read, resolve, tenant, write,
};

const DAY: Duration = Duration::from_hours(24);

fn receiving(resolution: &Resolution) -> Receiving {
    match resolution {
        Resolution::Account { receiving, .. } => *receiving,
        other => panic!("{other:?}"),
    }
}

hikyaku_db::on_both_engines! {
    async fn a_prepared_service_begins_at_its_instant(test: TestDatabase) {
        let (db, clock) = (&test.db, &test.clock);
        let start = db.now().plus(DAY);
        let ours = write(db, move |tx| {
            let mut new = NewTenant::named("ours");
            new.begin = Begin::Prepared { until: Some(start) };
            tenants::create(tx, OPERATOR, &new)
        })
        .await
        .unwrap();
        add_domain(db, ours, "example.test").await;
        account(db, "taro@example.test").await;
        let status = || async {
            read(db, move |tx| tenants::load(tx, ours)).await.unwrap().status
        };
        let mail = || async { receiving(&resolve(db, "taro@example.test").await) };
        assert_eq!(status().await, TenantStatus::Preparing);
        assert_eq!(mail().await, Receiving::TenantPreparing);
        clock.advance(DAY.saturating_sub(Duration::from_millis(1)));
        assert_eq!(mail().await, Receiving::TenantPreparing);
        clock.advance(Duration::from_millis(1));
        // In force before anybody has written it down.
        assert_eq!(status().await, TenantStatus::Active);
        assert_eq!(mail().await, Receiving::Open);
        let settle = || async { write(db, |tx| tenants::settle(tx, OPERATOR, 10)).await.unwrap() };
        let settled = settle().await;
        assert_eq!(settled.len(), 1);
        assert_eq!((settled[0].scope, settled[0].after), (ours, TenantStatus::Active));
        assert_eq!(settle().await, []);
        assert_consistent(&test).await;
    }

    async fn a_contract_ends_and_goes_on_within_its_grace(test: TestDatabase) {
        let (db, clock) = (&test.db, &test.clock);
        let ours = tenant(db, "ours", "example.test").await;
        account(db, "taro@example.test").await;
        let end = db.now().plus(DAY);
        let change = TenantChange { end_at: Some(Some(end)), ..TenantChange::default() };
        write(db, move |tx| tenants::update(tx, OPERATOR, ours, &change)).await.unwrap();
        let act = |what| async move {
            write(db, move |tx| tenants::move_to(tx, OPERATOR, ours, what)).await
        };
        let mail = || async { receiving(&resolve(db, "taro@example.test").await) };
        assert_eq!(mail().await, Receiving::Open);
        clock.advance(DAY);
        assert_eq!(mail().await, Receiving::TenantSuspended);
        let refused = act(Move::Suspend).await.unwrap_err();
        assert!(refused.to_string().contains("is terminated"), "{refused}");
        act(Move::Resume).await.unwrap();
        assert_eq!(mail().await, Receiving::Open);
        let found = read(db, move |tx| tenants::load(tx, ours)).await.unwrap();
        assert_eq!((found.status, found.standing.end_at), (TenantStatus::Active, None));
        act(Move::Terminate).await.unwrap();
        let found = read(db, move |tx| tenants::load(tx, ours)).await.unwrap();
        assert_eq!(found.standing.end_at, Some(db.now()));
        assert_eq!(mail().await, Receiving::TenantSuspended);
        let past = TenantChange { end_at: Some(Some(end.minus(DAY))), ..TenantChange::default() };
        let refused = write(db, move |tx| tenants::update(tx, OPERATOR, ours, &past)).await;
        assert!(matches!(refused, Err(DirectoryError::EndInPast)));
        assert_consistent(&test).await;
    }

    async fn moves_start_from_where_they_make_sense(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let act = |what| async move {
            write(db, move |tx| tenants::move_to(tx, OPERATOR, ours, what)).await
        };
        for wrong in [Move::Begin, Move::Resume] {
            let refused = act(wrong).await.unwrap_err();
            assert!(matches!(refused, DirectoryError::TenantMove { .. }), "{refused}");
        }
        act(Move::Suspend).await.unwrap();
        assert!(act(Move::Suspend).await.is_err());
        act(Move::Terminate).await.unwrap();
        assert!(act(Move::Terminate).await.is_err());
        act(Move::Resume).await.unwrap();
    }

    async fn customer_numbers_are_unique(test: TestDatabase) {
        let db = &test.db;
        let numbered = |name: &'static str, number: &'static str| async move {
            write(db, move |tx| {
                let mut new = NewTenant::named(name);
                new.customer_number = Some(number.to_owned());
                tenants::create(tx, OPERATOR, &new)
            })
            .await
        };
        let first = numbered("first", " C-1 ").await.unwrap();
        let refused = numbered("second", "C-1").await.unwrap_err();
        assert!(matches!(refused, DirectoryError::CustomerNumberTaken(_)), "{refused}");
        let refused = numbered("first", "C-2").await.unwrap_err();
        assert!(matches!(refused, DirectoryError::TenantNameTaken(_)), "{refused}");
        numbered("second", "C-2").await.unwrap();
        let change = |number: Option<&str>| TenantChange {
            customer_number: Some(number.map(str::to_owned)),
            ..TenantChange::default()
        };
        let taken = change(Some("C-2"));
        let refused = write(db, move |tx| tenants::update(tx, OPERATOR, first, &taken)).await;
        assert!(matches!(refused, Err(DirectoryError::CustomerNumberTaken(_))));
        let none = change(None);
        write(db, move |tx| tenants::update(tx, OPERATOR, first, &none)).await.unwrap();
        numbered("third", "C-1").await.unwrap();
    }

    async fn tenants_are_found_by_a_part_and_in_order(test: TestDatabase) {
        let db = &test.db;
        let plan = write(db, |tx| {
            let id = plans::create(tx, OPERATOR, &Preset::Pooled.plan())?;
            plans::set_status(tx, OPERATOR, id, PlanStatus::Published)?;
            Ok(id)
        })
        .await
        .unwrap();
        for (name, kana, number) in [
            ("株式会社ひきゃく", "ヒキャク", "A-100"),
            ("例示商事", "レイジショウジ", "A-2_0"),
            ("Example KK", "", "B-300"),
        ] {
            write(db, move |tx| {
                let mut new = NewTenant::named(name);
                new.kana = kana.to_owned();
                new.customer_number = Some(number.to_owned());
                let scope = tenants::create(tx, OPERATOR, &new)?;
                if number == "B-300" {
                    let order = PlanOrder { plan, seats: Some(20) };
                    contracts::apply(tx, OPERATOR, scope, order, OnExcess::Refuse)?;
                    tenants::set_status(tx, OPERATOR, scope, TenantStatus::Suspended)?;
                }
                Ok(())
            })
            .await
            .unwrap();
        }
        let found = |query: Query| async move {
            let query = Query { limit: 10, ..query };
            let found = read(db, move |tx| tenants::search(tx, PlatformScope::operator(), &query));
            let numbers = found.await.unwrap().into_iter();
            numbers.filter_map(|one| one.tenant.customer_number).collect::<Vec<_>>().join(" ")
        };
        let text = |text: &str| Query { text: text.to_owned(), ..Query::default() };
        assert_eq!(found(Query::default()).await, "B-300 A-2_0 A-100");
        let down = Query { order: Order::NameDown, ..Query::default() };
        assert_eq!(found(down).await, "A-100 A-2_0 B-300");
        let newest = Query { order: Order::CreatedDown, ..Query::default() };
        assert_eq!(found(newest).await, "B-300 A-2_0 A-100");
        assert_eq!(found(text("ﾋｷｬｸ")).await, "A-100");
        assert_eq!(found(text("商事")).await, "A-2_0");
        assert_eq!(found(text("ｅｘａｍ")).await, "B-300");
        assert_eq!(found(text("2_0")).await, "A-2_0", "no pattern");
        let suspended = Query { status: Some(TenantStatus::Suspended), ..Query::default() };
        assert_eq!(found(suspended).await, "B-300");
        let with_plan = Query { plan: Some(plan), ..Query::default() };
        assert_eq!(found(with_plan.clone()).await, "B-300");
        let one = Query { limit: 1, ..with_plan };
        let row = read(db, move |tx| tenants::search(tx, OPERATOR, &one)).await.unwrap();
        assert_eq!((row[0].plan.as_deref(), row[0].seats.max), (Some("003 style"), Some(20)));
    }
}
