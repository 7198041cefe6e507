//! How long sessions last, and what ends them.

use hikyaku_access::sessions::{SESSIONS_MAX, SessionState, Staying};
use hikyaku_control::{authenticate::Origin, session};
use hikyaku_db::on_both_engines;
use hikyaku_directory::{
    AccountStatus,
    accounts::{self, AccountChange},
    credentials,
    tenants::{self, TenantStatus},
};

use crate::world::{DAY, HOUR, OPERATOR, TICK, World, code_of, hash};

on_both_engines! {
    /// Without use it ends after twelve hours; each use begins them anew.
    async fn idle_sessions_end(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Complete);
        world.pass((12 * HOUR).saturating_sub(TICK));
        assert!(world.state(&token).await.is_some());
        let seen = token.clone();
        let touched = world.write(move |tx| {
            let found = hikyaku_access::sessions::find(tx, &seen)?.unwrap();
            assert!(found.is_unseen(tx.now()));
            Ok(hikyaku_access::sessions::touch(tx, found.id)?)
        });
        touched.await.unwrap();
        world.pass((12 * HOUR).saturating_sub(TICK));
        assert!(world.state(&token).await.is_some());
        world.pass(TICK);
        assert_eq!(world.state(&token).await, None);
    }

    /// One that stays is bound by the absolute limit of the policy only, on both sides of it.
    async fn remembered_sessions_end_in_any_case(test: TestDatabase) {
        let world = World::new(test).await;
        let opened = world.open(world.taro, None, Staying::Remembered).await;
        let (token, opened) = opened.unwrap();
        assert_eq!(opened.keep_for, Some(30 * DAY));
        world.pass((30 * DAY).saturating_sub(TICK));
        assert!(world.state(&token).await.is_some());
        world.pass(TICK);
        assert_eq!(world.state(&token).await, None);
    }

    /// A suspended account, a suspended tenant and a changed password end it at once.
    async fn what_ends_a_sign_in_ends_its_sessions(test: TestDatabase) {
        let world = World::new(test).await;
        let (taro, tenant) = (world.taro, world.tenant);
        let (token, _) = world.sign_in().await;
        for (status, holds) in [(AccountStatus::Suspended, false), (AccountStatus::Active, true)] {
            let change = AccountChange { status: Some(status), ..AccountChange::default() };
            let changed = world.write(move |tx| Ok(accounts::update(tx, taro, &change)?));
            changed.await.unwrap();
            assert_eq!(world.state(&token).await.is_some(), holds, "{status}");
        }
        let (active, suspended) = (TenantStatus::Active, TenantStatus::Suspended);
        for (status, holds) in [(suspended, false), (active, true)] {
            let changed =
                world.write(move |tx| Ok(tenants::set_status(tx, OPERATOR, tenant, status)?));
            changed.await.unwrap();
            assert_eq!(world.state(&token).await.is_some(), holds, "{status:?}");
        }
        let new = hash("another one");
        let changed = world.write(move |tx| Ok(credentials::set_password(tx, taro, &new)?));
        changed.await.unwrap();
        assert_eq!(world.state(&token).await, None);
    }

    /// The owner sees the own sessions and ends them; nobody ends those of others.
    async fn sessions_are_listed_and_ended_by_their_owner(test: TestDatabase) {
        let world = World::new(test).await;
        let hanako = world.account("hanako@example.test").await;
        let (one, _) = world.sign_in().await;
        let (two, _) = world.sign_in().await;
        let (hers, _) = world.open(hanako, None, Staying::WhileOpen).await.unwrap();
        let asks = one.clone();
        let (own, all) = world.read(move |tx| session::list(tx, &asks)).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(all.iter().any(|session| session.id == own));
        let other = all.iter().find(|session| session.id != own).unwrap().id;
        let end = |token: &hikyaku_access::sessions::Token| {
            let token = token.clone();
            world.write(move |tx| session::end(tx, &token, other, Origin::default()))
        };
        assert_eq!(code_of(&end(&hers).await.unwrap_err()), "no_such_session");
        assert!(world.state(&two).await.is_some());
        end(&one).await.unwrap();
        assert_eq!(world.state(&two).await, None);
        let (three, _) = world.sign_in().await;
        let asks = one.clone();
        let ended = world.write(move |tx| session::end_others(tx, &asks, Origin::default()));
        assert_eq!(ended.await.unwrap(), 1);
        assert_eq!(world.state(&three).await, None);
        assert!(world.state(&one).await.is_some() && world.state(&hers).await.is_some());
        assert!(world.logged("session.end").await && world.logged("session.end_others").await);
        let closes = one.clone();
        world.write(move |tx| session::close(tx, &closes)).await.unwrap();
        assert_eq!(world.state(&one).await, None);
    }

    /// What is past its time is removed, and only that; links after a week.
    async fn what_is_over_is_swept(test: TestDatabase) {
        let world = World::new(test).await;
        let sweep = || world.write(|tx| Ok(hikyaku_access::sessions::sweep(tx)?));
        world.policy(|policy| policy.sessions.absolute_hours = 7 * 24).await;
        let (token, _) = world.sign_in().await;
        world.begin_email(&token, "taro@elsewhere.test").await.unwrap();
        assert_eq!(sweep().await.unwrap(), 0);
        world.pass((7 * DAY).saturating_sub(TICK));
        assert_eq!(sweep().await.unwrap(), 0);
        world.pass(TICK);
        assert_eq!(sweep().await.unwrap(), 1, "the session");
        world.pass(HOUR / 2);
        assert_eq!(sweep().await.unwrap(), 1, "the link");
    }

    /// One more than an account may have: the one not seen for the longest time goes.
    async fn the_number_of_sessions_is_bounded(test: TestDatabase) {
        let world = World::new(test).await;
        let (first, _) = world.sign_in().await;
        world.pass(TICK);
        let (second, _) = world.sign_in().await;
        for _ in 2..SESSIONS_MAX {
            world.pass(TICK);
            world.sign_in().await;
        }
        assert!(world.state(&first).await.is_some());
        world.pass(TICK);
        let (last, _) = world.sign_in().await;
        assert_eq!(world.state(&first).await, None);
        assert!(world.state(&second).await.is_some() && world.state(&last).await.is_some());
    }
}
