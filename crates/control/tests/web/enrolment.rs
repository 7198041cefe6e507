//! Who must have a second factor, from when on, and how it is taken away.

use hikyaku_access::factors::Code;
use hikyaku_access::{
    factors::Method,
    policy::FactorRequirement,
    sessions::{FRESH_FOR, SessionState, Staying, Token},
};
use hikyaku_control::{
    Actor,
    authenticate::{self, Origin, Proof},
    factors,
    session::{self, Banner, CodeAnswer, Surface},
};
use hikyaku_db::on_both_engines;

use crate::world::{DAY, MINUTE, TICK, World, code_of, owner};

fn require(policy: &mut hikyaku_access::policy::SecurityPolicy) {
    policy.second_factor.requirement = FactorRequirement::Required;
    policy.second_factor.grace_days = 14;
}

on_both_engines! {
    /// The grace begins with the first sign-in after the tenant requires a factor.
    async fn a_required_factor_has_a_grace(test: TestDatabase) {
        let world = World::new(test).await;
        world.policy(require).await;
        let began = world.test.db.now();
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Complete);
        let asks = token.clone();
        let info = world.read(move |tx| session::show(tx, &asks)).await.unwrap();
        assert_eq!(info.banners, [Banner::EnrolBefore(began.plus(14 * DAY))]);
        world.pass((14 * DAY).saturating_sub(TICK));
        assert_eq!(world.sign_in().await.1, SessionState::Complete);
        world.pass(TICK);
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Enrol);
        let go_on = |token: &Token| {
            let (from, to) = (token.clone(), Token::random());
            let next = to.clone();
            let gone = world.write(move |tx| session::go_on(tx, &from, &next, &Code::random()));
            async move { gone.await.map(|opened| (to, opened)) }
        };
        assert_eq!(code_of(&go_on(&token).await.unwrap_err()), "factor_required");
        world.add_email(&token, "taro@elsewhere.test").await;
        let (token, opened) = go_on(&token).await.unwrap();
        assert_eq!(opened.state, SessionState::Factor, "it has to be shown");
        assert_eq!(opened.mailed_to.as_deref(), Some("t…@elsewhere.test"));
        let code = world.mailed("factor_code").await.text("code");
        let (done, answer) = world.show(&token, Method::Email, &code).await.unwrap();
        assert!(matches!(answer, CodeAnswer::Right { .. }), "{answer:?}");
        assert_eq!(world.state(&done).await, Some(SessionState::Complete));
    }

    /// A role on the platform needs one at once, whatever the tenant's policy.
    async fn a_role_on_the_platform_needs_a_factor(test: TestDatabase) {
        let world = World::new(test).await;
        world.grant(world.taro, "operator-view", "platform").await;
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Enrol);
        let (done, _) = world.add_totp(&token).await;
        assert_eq!(world.state(&done).await, Some(SessionState::Complete));
        let asks = done.clone();
        let info = world.read(move |tx| session::show(tx, &asks)).await.unwrap();
        assert!(info.surfaces.contains(&Surface::Operator), "{:?}", info.surfaces);
        assert!(info.session.factor_at.is_some());
    }

    /// Who must have one keeps the last one; changes need a fresh proof.
    async fn the_last_required_factor_stays(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        let (token, _) = world.add_totp(&token).await;
        let asks = owner(&token);
        let listed = world.read(move |tx| Ok(factors::list(tx, &asks)?.0.factors));
        let id = listed.await.unwrap()[0].id;
        let remove = |token: &Token| {
            let owner = owner(token);
            world.write(move |tx| factors::remove(tx, &owner, id))
        };
        world.policy(require).await;
        assert_eq!(code_of(&remove(&token).await.unwrap_err()), "last_factor");
        world.policy(|_| ()).await;
        world.pass(FRESH_FOR);
        assert_eq!(code_of(&remove(&token).await.unwrap_err()), "not_fresh");
        let shows = token.clone();
        let shown = world.write(move |tx| session::confirm_password(tx, &shows));
        shown.await.unwrap();
        world.pass(FRESH_FOR.saturating_sub(TICK));
        remove(&token).await.unwrap();
        assert!(!world.factor_is_on(world.taro).await);
        assert_eq!(world.sign_in().await.1, SessionState::Complete);
        assert_eq!(code_of(&remove(&token).await.unwrap_err()), "no_such_factor");
    }

    /// What the policy does not allow cannot be set up.
    async fn methods_that_the_policy_does_not_name_are_refused(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        world
            .policy(|policy| {
                policy.second_factor.methods = vec![hikyaku_access::policy::FactorMethod::Totp];
            })
            .await;
        let refused = world.begin_email(&token, "taro@elsewhere.test").await.unwrap_err();
        assert_eq!(code_of(&refused), "method_not_allowed_here");
    }

    /// An administrator takes lost factors away; nobody of whom the actor has less rights.
    async fn lost_factors_are_reset_by_administrators(test: TestDatabase) {
        let world = World::new(test).await;
        let admin = world.account("admin@example.test").await;
        world.grant(admin, "company-administrator", "tenant").await;
        let (token, _) = world.sign_in().await;
        let (token, _) = world.add_totp(&token).await;
        let reset = |scope, of: &str| {
            let account: hikyaku_control::AccountRef =
                serde_json::from_value(serde_json::json!(of)).unwrap();
            world.write(move |tx| {
                let proof = Proof::Password;
                let actor: Actor =
                    authenticate::person(tx, scope, proof, Origin::default())?.unwrap();
                factors::reset(tx, &actor, &account)
            })
        };
        let refused = reset(world.taro, "admin@example.test").await.unwrap_err();
        assert_eq!(code_of(&refused), "no_such_account");
        assert_eq!(reset(admin, "taro@example.test").await.unwrap(), 1);
        assert!(!world.factor_is_on(world.taro).await);
        assert_eq!(world.state(&token).await, None);
        assert!(world.logged("factor.reset").await);
        assert_eq!(world.mailed("factor_changed").await.text("by"), "admin@example.test");
    }

    /// An authenticator is confirmed by its own code, within half an hour.
    async fn an_authenticator_is_confirmed_in_time(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        let setup = std::sync::Arc::new(hikyaku_access::factors::TotpSetup::new("E", "t@e.test"));
        let secret = setup.text.expose().to_owned();
        let id = world.begin_totp(&token, std::sync::Arc::clone(&setup)).await.unwrap();
        let wrong = world.confirm_totp(&token, id, "000000x").await.unwrap_err();
        assert_eq!(code_of(&wrong), "wrong_code");
        assert!(!world.factor_is_on(world.taro).await, "not before it is confirmed");
        world.pass(30 * MINUTE);
        let shows = token.clone();
        world.write(move |tx| session::confirm_password(tx, &shows)).await.unwrap();
        let code = world.totp(&secret);
        let late = world.confirm_totp(&token, id, &code).await.unwrap_err();
        assert_eq!(code_of(&late), "no_such_factor");
        let id = world.begin_totp(&token, setup).await.unwrap();
        world.pass((30 * MINUTE).saturating_sub(TICK));
        world.write({
            let shows = token.clone();
            move |tx| session::confirm_password(tx, &shows)
        }).await.unwrap();
        let code = world.totp(&secret);
        world.confirm_totp(&token, id, &code).await.unwrap();
        assert!(world.factor_is_on(world.taro).await);
        let again = world.open(world.taro, None, Staying::WhileOpen).await.unwrap().1;
        assert_eq!(again.state, SessionState::Factor);
    }
}
