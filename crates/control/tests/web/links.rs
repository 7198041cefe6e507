//! Links by mail: forgotten passwords, recovery addresses, invitations.

use hikyaku_access::{
    links::RESETS_PER_HOUR_MAX,
    sessions::{SessionState, Token},
};
use hikyaku_control::{
    AccountRef, Actor, ControlError, authenticate::Origin, invitations, recovery, session,
};
use hikyaku_db::on_both_engines;
use hikyaku_directory::{AccountScope, LoginName, credentials};

use crate::world::{DAY, HOST, HOUR, MINUTE, TICK, World, address, code_of, hash, owner};

async fn forgot(world: &World, login: &str) -> bool {
    let login = LoginName::parse(login).unwrap();
    let asked = world.write(move |tx| {
        recovery::request_reset(tx, &login, &Token::random(), HOST, Origin::default())
    });
    asked.await.unwrap()
}

async fn reset(world: &World, link: &Token) -> Result<(), ControlError> {
    let (link, new) = (link.clone(), hash("another one"));
    let set = world.write(move |tx| recovery::reset(tx, &link, &new, Origin::default()));
    set.await
}

async fn invite(world: &World, of: &str, to: Option<&str>) -> (Token, Result<(), ControlError>) {
    let account: AccountRef = serde_json::from_value(serde_json::json!(of)).unwrap();
    let (to, token) = (to.map(address), Token::random());
    let made = token.clone();
    let invited = world.write(move |tx| {
        let link = (&made, HOST);
        invitations::invite(tx, &Actor::console("root"), &account, to.as_ref(), link).map(drop)
    });
    (token, invited.await)
}

async fn accept(world: &World, link: &Token) -> Result<(), ControlError> {
    let (link, new) = (link.clone(), hash("first of all"));
    let set = world.write(move |tx| invitations::accept(tx, &link, &new, Origin::default()));
    set.await
}

async fn version(world: &World, scope: AccountScope) -> Option<String> {
    let found = world.read(move |tx| Ok(credentials::password(tx, scope)?));
    found.await.unwrap().map(|(version, _)| version.to_string())
}

on_both_engines! {
    /// Sixty minutes and once; all login forms; the second factor stays required.
    async fn a_forgotten_password_is_set_by_a_link(test: TestDatabase) {
        let world = World::new(test).await;
        let (open, _) = world.sign_in().await;
        let (open, _) = world.add_totp(&open).await;
        assert!(forgot(&world, "Taro%Example.Test").await);
        let mail = world.mailed("password_reset").await;
        assert_eq!(mail.to, "taro@example.test", "there is no recovery address");
        assert!(mail.text("link").starts_with("https://mail.example.test/reset/"));
        assert!(world.logged("password.reset_requested").await);
        world.pass(HOUR);
        let late = reset(&world, &mail.token()).await.unwrap_err();
        assert_eq!(code_of(&late), "no_such_link");
        assert!(forgot(&world, "taro@example.test").await);
        let link = world.mailed("password_reset").await.token();
        let looks = link.clone();
        let seen = world.read(move |tx| recovery::look(tx, &looks)).await.unwrap();
        assert_eq!(seen.account.scope, world.taro);
        world.pass(HOUR.saturating_sub(TICK));
        let before = version(&world, world.taro).await;
        reset(&world, &link).await.unwrap();
        assert_ne!(version(&world, world.taro).await, before);
        assert_eq!(world.state(&open).await, None);
        assert_eq!(world.sign_in().await.1, SessionState::Factor);
        assert_eq!(world.count("password_changed").await, 1);
        assert!(world.logged("password.reset").await);
        for bad in [&link, &Token::random()] {
            let refused = reset(&world, bad).await.unwrap_err();
            assert_eq!(code_of(&refused), "no_such_link");
        }
    }

    /// Nobody learns who exists; nobody is flooded; administrators need a recovery address.
    async fn not_everybody_gets_a_link(test: TestDatabase) {
        let world = World::new(test).await;
        for unknown in ["nobody@example.test", "taro@elsewhere.test", "abcd001"] {
            assert!(!forgot(&world, unknown).await, "{unknown}");
        }
        for _ in 0..RESETS_PER_HOUR_MAX {
            assert!(forgot(&world, "taro@example.test").await);
            world.pass(MINUTE);
        }
        assert!(!forgot(&world, "taro@example.test").await);
        world.pass(HOUR);
        world.policy(|policy| policy.reset.own_mailbox = false).await;
        assert!(!forgot(&world, "taro@example.test").await);
        world.policy(|_| ()).await;
        world.grant(world.taro, "company-administrator", "tenant").await;
        assert!(!forgot(&world, "taro@example.test").await);
        world.policy(|policy| policy.reset.enabled = false).await;
        assert!(!forgot(&world, "taro@example.test").await);
    }

    /// Confirmed by its link, it gets the links from then on, those of administrators too.
    async fn a_recovery_address_is_confirmed_and_used(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        let begin = |to: &'static str| {
            let owner = owner(&token);
            world.write(move |tx| {
                recovery::begin(tx, &owner, &address(to), &Token::random(), HOST)
            })
        };
        let own = begin("taro@example.test").await.unwrap_err();
        assert_eq!(code_of(&own), "bad_address");
        begin("taro@elsewhere.test").await.unwrap();
        let shown = {
            let owner = owner(&token);
            world.read(move |tx| recovery::show(tx, &owner)).await.unwrap()
        };
        assert_eq!(shown.address, None);
        assert_eq!(shown.pending.as_deref(), Some("taro@elsewhere.test"));
        let link = world.mailed("recovery_address_confirm").await.token();
        let foreign = reset(&world, &link).await.unwrap_err();
        assert_eq!(code_of(&foreign), "no_such_link", "it is for something else");
        world.confirm(&link).await.unwrap();
        world.grant(world.taro, "company-administrator", "tenant").await;
        assert!(forgot(&world, "taro@example.test").await);
        assert_eq!(world.mailed("password_reset").await.to, "taro@elsewhere.test");
        world.pass(10 * MINUTE);
        assert_eq!(code_of(&begin("x@elsewhere.test").await.unwrap_err()), "not_fresh");
        let shows = token.clone();
        world.write(move |tx| session::confirm_password(tx, &shows)).await.unwrap();
        let removes = owner(&token);
        world.write(move |tx| recovery::remove(tx, &removes)).await.unwrap();
        assert!(!forgot(&world, "taro@example.test").await);
        assert!(world.logged("account.recovery_address").await);
    }

    /// Of two who follow one link at the same moment one wins.
    async fn a_link_works_once_for_two_at_once(test: TestDatabase) {
        let world = World::new(test).await;
        assert!(forgot(&world, "taro@example.test").await);
        let link = world.mailed("password_reset").await.token();
        let both = tokio::join!(reset(&world, &link), reset(&world, &link));
        let won = [both.0.is_ok(), both.1.is_ok()];
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        assert_eq!(world.count("password_changed").await, 1);
    }

    /// Seventy-two hours; a newer one and an administrator withdraw it.
    async fn an_invitation_sets_the_first_password(test: TestDatabase) {
        let world = World::new(test).await;
        let (first, made) = invite(&world, "taro@example.test", Some("taro@home.test")).await;
        made.unwrap();
        let mail = world.mailed("invitation").await;
        assert_eq!(mail.to, "taro@home.test");
        assert_eq!(mail.variables["hours"].as_u64(), Some(72));
        let (second, made) = invite(&world, "taro@example.test", None).await;
        made.unwrap();
        assert_eq!(world.count("invitation").await, 1, "handed over, not mailed");
        assert_eq!(code_of(&accept(&world, &first).await.unwrap_err()), "link_withdrawn");
        world.pass(3 * DAY);
        assert_eq!(code_of(&accept(&world, &second).await.unwrap_err()), "link_expired");
        let (third, _) = invite(&world, "taro@example.test", None).await;
        world.pass((3 * DAY).saturating_sub(TICK));
        let looks = third.clone();
        world.read(move |tx| invitations::look(tx, &looks)).await.unwrap();
        accept(&world, &third).await.unwrap();
        assert_eq!(code_of(&accept(&world, &third).await.unwrap_err()), "link_used");
        assert!(world.logged("account.invite").await);
        assert!(world.logged("account.accept_invitation").await);
        let (fourth, _) = invite(&world, "taro@example.test", None).await;
        let account: AccountRef = serde_json::from_value("taro@example.test".into()).unwrap();
        let withdrawn = world.write(move |tx| {
            invitations::withdraw(tx, &Actor::console("root"), &account)
        });
        withdrawn.await.unwrap();
        assert_eq!(code_of(&accept(&world, &fourth).await.unwrap_err()), "link_withdrawn");
        let (_, unknown) = invite(&world, "nobody@example.test", None).await;
        assert_eq!(code_of(&unknown.unwrap_err()), "no_such_account");
    }
}
