//! Pools: warned, locked, unlocked.

use std::time::Duration;

use hikyaku_control::{
    Actor, ControlError, DomainRef, Rights, Within,
    usage::{self, BannerKind, Span},
};
use hikyaku_directory::{
    plans::{OverAction, OverQuotaReply, Terms},
    pools::{Band, Gap},
};
use hikyaku_mailstore::Quota;
use hikyaku_transport::Via;
use hikyaku_types::{ByteSize, Id as _, Permission};

use crate::world::{World, address, console};

/// An administrator of the tenant who sees usage, and may even change locks there.
fn administrator(world: &World) -> Actor {
    let mut rights = Rights::default();
    let within = Within::Tenant(world.tenant.tenant);
    rights.grant(Permission::UsageRead, within);
    rights.grant(Permission::LocksWrite, within);
    Actor {
        rights,
        ..console()
    }
}

hikyaku_db::on_both_engines! {
    /// T-009 to T-011, C-20, O-014, O-015.
    async fn a_pool_is_warned_of_locked_and_opened_again(test: TestDatabase) {
        let world = World::new(test, World::room_for(10)).await;
        world.fill("taro@example.test", 8).await;
        world.measure().await;
        assert_eq!(world.pool(None).await.standing.band, Band::Warning);
        assert_eq!(world.notices().await, [""; 0]);
        let seen = world.overview(administrator(&world)).await;
        assert_eq!(seen.banners.first().unwrap().kind, BannerKind::Pool80);

        world.fill("taro@example.test", 9).await;
        world.measure().await;
        world.measure().await;
        assert_eq!(world.notices().await, ["pool_90"]);

        world.fill("taro@example.test", 10).await;
        world.measure().await;
        let report = world.run_for(23).await;
        assert_eq!(report.locked, 0);
        world.send("taro@example.test").await.unwrap();
        assert_eq!(world.run_for(1).await.locked, 1);
        assert_eq!(world.notices().await, ["pool_90", "pool_locked"]);
        let seen = world.overview(administrator(&world)).await;
        assert_eq!(seen.banners.first().unwrap().kind, BannerKind::PoolLocked);

        // At RCPT and behind it, from outside and from inside; the house comes through.
        let taro = address("taro@example.test");
        let refused = world.transport.check_recipient(&taro, 0, Via::Smtp).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.2.2"));
        let refused = world.send("taro@example.test").await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.2.2"));
        let scope = world.scope("taro@example.test").await;
        let inside = world.send_as(&["taro@example.test"], Via::Submission, Some(scope), 100);
        assert_eq!(inside.await.unwrap_err().enhanced, "5.2.2");
        let house = Via::House(world.tenant.tenant);
        world.send_as(&["taro@example.test"], house, None, 100).await.unwrap();

        world.empty("taro@example.test").await;
        assert_eq!(world.measure().await.unlocked, 1);
        assert_eq!(world.notices().await, ["pool_90", "pool_locked", "pool_unlocked"]);
        assert_eq!(world.logged().await, ["pool.lock", "pool.unlock"]);
        world.send("taro@example.test").await.unwrap();
        assert_eq!(world.overview(administrator(&world)).await.banners, []);
    }

    /// C-03: the lock waits, and the deadline of a stopped house is kept.
    async fn clocks_that_jump_do_not_lock(test: TestDatabase) {
        let world = World::new(test, World::room_for(1)).await;
        world.fill("taro@example.test", 1).await;
        world.measure().await;
        world.test.clock.advance(Duration::from_hours(24 * 365));
        assert_eq!(world.measure().await.locked, 0);
        let left = world.pool(None).await.standing.left(24);
        assert_eq!(left, Some(Duration::from_hours(23)));
        // A restart, a day later: nobody could have deleted anything meanwhile.
        world.test.clock.advance(Duration::from_hours(24));
        let report = world.meter.round(Gap::Started).await.unwrap();
        assert_eq!(report.locked, 1);
    }

    /// C-01, and 4xx where the contract wants senders to try again.
    async fn the_contract_says_what_a_lock_does(test: TestDatabase) {
        let terms = Terms {
            lock_grace_hours: 0,
            over_action: OverAction::RejectInboundAndBlockSend,
            over_quota_reply: OverQuotaReply::Temporary,
            ..World::room_for(1)
        };
        let world = World::new(test, terms.clone()).await;
        world.fill("taro@example.test", 1).await;
        let scope = world.scope("taro@example.test").await;
        world.transport.check_sender(scope).await.unwrap();
        assert_eq!(world.measure().await.locked, 1);
        let refused = world.send("taro@example.test").await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (452, "4.2.2"));
        let refused = world.transport.check_sender(scope).await.unwrap_err();
        assert_eq!((refused.code, refused.enhanced), (552, "5.2.2"));
        let sending = world.send_as(&["x@elsewhere.test"], Via::Submission, Some(scope), 100);
        assert_eq!(sending.await.unwrap_err().enhanced, "5.2.2");

        // What it does changes with the contract, and a larger pool ends it.
        let milder = Terms { over_action: OverAction::RejectInbound, ..terms };
        world.contract(milder.clone()).await;
        world.measure().await;
        world.transport.check_sender(scope).await.unwrap();
        let larger = Terms { pool_bytes: Some(ByteSize::mib(1)), ..milder };
        world.contract(larger).await;
        assert_eq!(world.measure().await.unlocked, 1);
        world.send("taro@example.test").await.unwrap();
    }

    /// A domain's own pool stops its mailboxes and no others.
    async fn a_domain_may_have_a_pool_of_its_own(test: TestDatabase) {
        let terms = Terms {
            lock_grace_hours: 0,
            over_action: OverAction::RejectInboundAndBlockSend,
            ..Terms::standard()
        };
        let world = World::new(test, terms).await;
        let branch = world.domain("branch.test").await;
        let hanako = world.account("hanako@branch.test", Quota::UNLIMITED).await;
        world
            .write(|tx| {
                let domain = DomainRef::from("branch.test");
                usage::set_domain_pool(tx, &console(), &domain, Some(ByteSize(1000)))
            })
            .await
            .unwrap();
        world.fill("hanako@branch.test", 1).await;
        assert_eq!(world.measure().await.locked, 1);
        assert!(world.pool(Some(branch)).await.standing.locked_at.is_some());
        assert_eq!(world.send("hanako@branch.test").await.unwrap_err().enhanced, "5.2.2");
        world.send("taro@example.test").await.unwrap();
        assert_eq!(world.transport.check_sender(hanako).await.unwrap_err().enhanced, "5.2.2");
        let taro = world.scope("taro@example.test").await;
        world.transport.check_sender(taro).await.unwrap();
    }

    /// OP-13.
    async fn operators_extend_and_unlock_with_a_reason(test: TestDatabase) {
        let world = World::new(test, World::room_for(1)).await;
        let id = world.tenant.tenant.to_i64();
        world.fill("taro@example.test", 1).await;
        world.measure().await;
        let admin = administrator(&world);
        let refused = world.write(move |tx| usage::unlock(tx, &admin, id, "please")).await;
        assert!(matches!(refused, Err(ControlError::Forbidden(Permission::LocksWrite))));
        let unknown = world.write(|tx| usage::unlock(tx, &console(), 1, "why")).await;
        assert!(matches!(unknown, Err(ControlError::NotFound { kind: "pool" })));
        for (hours, reason) in [(0, "why"), (721, "why"), (5, " ")] {
            let refused = world
                .write(move |tx| usage::extend(tx, &console(), id, (hours, reason)))
                .await;
            assert!(matches!(refused, Err(ControlError::Invalid { .. })), "{hours} {reason}");
        }
        let extended = world
            .write(move |tx| usage::extend(tx, &console(), id, (2, "they are deleting")))
            .await
            .unwrap();
        assert_eq!(extended.standing.left(24), Some(Duration::from_hours(26)));
        assert_eq!(world.run_for(25).await.locked, 0);
        assert_eq!(world.run_for(1).await.locked, 1);
        let late = world.write(move |tx| usage::extend(tx, &console(), id, (2, "late"))).await;
        assert!(matches!(late, Err(ControlError::Conflict { code: "no_grace_running", .. })));

        let listed = world.db().read(|tx| usage::list(tx, &console(), None, 10)).await.unwrap();
        assert_eq!(listed.len(), 1, "the domain has no pool of its own");
        world.write(move |tx| usage::unlock(tx, &console(), id, "ticket 7")).await.unwrap();
        world.send("taro@example.test").await.unwrap();
        let again = world.write(move |tx| usage::unlock(tx, &console(), id, "again")).await;
        assert!(matches!(again, Err(ControlError::Conflict { code: "not_locked", .. })));
        assert_eq!(world.run_for(23).await.locked, 0);
        assert_eq!(world.run_for(1).await.locked, 1);
        let logged = ["pool.extend", "pool.lock", "pool.release", "pool.lock"];
        assert_eq!(world.logged().await, logged);
    }

    /// Charts, and the largest mailboxes of a day.
    async fn history_is_kept_by_hours_and_days(test: TestDatabase) {
        let world = World::new(test, World::room_for(100)).await;
        world.fill("taro@example.test", 1).await;
        world.measure().await;
        world.run_for(60).await;
        world.empty("taro@example.test").await;
        world.measure().await;
        let tenant = world.tenant_ref();
        let chart = async |span| {
            let tenant = tenant.clone();
            let read = world.db().read(move |tx| {
                usage::history(tx, &console(), (Some(&tenant), None), span)
            });
            read.await.unwrap()
        };
        let day = chart(Span::Day).await;
        assert_eq!(day.points.len(), 25, "the present hour and those of a day before it");
        let last = day.points.last().unwrap();
        assert_eq!((last.used, last.limit), (ByteSize(0), ByteSize(100_000)));
        let days = chart(Span::Month).await;
        assert_eq!(days.points.len(), 3);
        let last = days.points.last().unwrap();
        assert_eq!(last.used, ByteSize(0));
        assert!(last.peak > ByteSize(1000));
        let (_, top) = days.top.unwrap();
        assert_eq!(top.first().unwrap().address, "taro@example.test");

        world.run_for(49).await;
        let hours = world
            .db()
            .read(|tx| tx.query_one("SELECT COUNT(*) FROM usage_hour WHERE domain_id = 0", &[], |row| row.get::<i64>(0)))
            .await
            .unwrap();
        assert_eq!(hours, 49, "of two days and the present hour");
        world.test.clock.advance(Duration::from_hours(24 * 401));
        world.measure().await;
        assert_eq!(chart(Span::Year).await.points.len(), 1);
    }
}
