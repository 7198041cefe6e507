//! Second factors at sign-in: authenticators, codes by mail, backup codes, remembered browsers.

use std::sync::Arc;

use hikyaku_access::{
    factors::{
        BackupCodes, CODE_PAUSE, CODE_TRIES_MAX, CODES_PER_SESSION_MAX, Code, FAILURES_MAX,
        FAILURES_PAUSE, Method,
    },
    sessions::{SessionState, Staying, Token},
};
use hikyaku_control::{
    factors,
    session::{self, CodeAnswer},
};
use hikyaku_db::on_both_engines;
use hikyaku_directory::addresses;

use crate::world::{DAY, MINUTE, OPERATOR, TICK, World, address, code_of, owner};

/// Another code than this.
fn other(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

async fn mail_again(world: &World, token: &Token) -> Result<String, String> {
    let token = token.clone();
    let sent = world.write(move |tx| session::resend(tx, &token, &Code::random()));
    sent.await.map_err(|error| code_of(&error))
}

on_both_engines! {
    /// A code works once, under a new token; the main password alone is not enough any more.
    async fn an_authenticator_is_asked_and_each_code_works_once(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        assert!(!world.factor_is_on(world.taro).await);
        let (next, secret) = world.add_totp(&token).await;
        assert!(world.factor_is_on(world.taro).await);
        assert_eq!(world.state(&token).await, None, "the token before is worth nothing");
        assert_eq!(world.state(&next).await, Some(SessionState::Complete));
        assert!(world.logged("factor.add").await);
        assert_eq!(world.mailed("factor_changed").await.to, "taro@example.test");

        let (waiting, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Factor);
        let used = world.totp(&secret);
        let (_, answer) = world.show(&waiting, Method::Totp, &used).await.unwrap();
        assert_eq!(answer, CodeAnswer::Wrong { left: CODE_TRIES_MAX - 1 }, "of the set-up");
        world.pass(MINUTE);
        let code = world.totp(&secret);
        let (again, _) = world.sign_in().await;
        let (done, answer) = world.show(&waiting, Method::Totp, &code).await.unwrap();
        assert!(matches!(answer, CodeAnswer::Right { .. }));
        assert_eq!(world.state(&waiting).await, None);
        assert_eq!(world.state(&done).await, Some(SessionState::Complete));
        let (_, replayed) = world.show(&again, Method::Totp, &code).await.unwrap();
        assert!(matches!(replayed, CodeAnswer::Wrong { .. }), "{replayed:?}");
    }

    /// Five wrong codes end the sign-in, ten the trying for a quarter of an hour.
    async fn guessing_ends(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        let (_, secret) = world.add_totp(&token).await;
        world.pass(MINUTE);
        for round in 0..FAILURES_MAX / CODE_TRIES_MAX {
            let (waiting, _) = world.sign_in().await;
            for left in (0..CODE_TRIES_MAX).rev() {
                let wrong = other(&world.totp(&secret));
                let (_, answer) = world.show(&waiting, Method::Totp, &wrong).await.unwrap();
                let expected = match left {
                    0 => CodeAnswer::Over,
                    left => CodeAnswer::Wrong { left },
                };
                assert_eq!(answer, expected, "{round}");
            }
            assert_eq!(world.state(&waiting).await, None);
        }
        let (waiting, _) = world.sign_in().await;
        let code = world.totp(&secret);
        let refused = world.show(&waiting, Method::Totp, &code).await.unwrap_err();
        assert_eq!(code_of(&refused), "too_many_wrong_codes");
        world.pass(FAILURES_PAUSE.saturating_sub(TICK));
        let (waiting, _) = world.sign_in().await;
        let code = world.totp(&secret);
        let refused = world.show(&waiting, Method::Totp, &code).await.unwrap_err();
        assert_eq!(code_of(&refused), "too_many_wrong_codes");
        world.pass(TICK);
        let code = world.totp(&secret);
        let (_, answer) = world.show(&waiting, Method::Totp, &code).await.unwrap();
        assert!(matches!(answer, CodeAnswer::Right { .. }), "{answer:?}");
    }

    /// The address is another mailbox's and confirmed within 30 minutes; the code lasts 10.
    async fn codes_by_mail_have_their_times(test: TestDatabase) {
        let world = World::new(test).await;
        let alias = world.write(|tx| {
            let (alias, taro) = (address("t@example.test"), address("taro@example.test"));
            Ok(addresses::create_alias(tx, OPERATOR, &alias, &taro)?)
        });
        alias.await.unwrap();
        let (token, _) = world.sign_in().await;
        for own in ["taro@example.test", "t@example.test", "taro+codes@example.test"] {
            let refused = world.begin_email(&token, own).await.unwrap_err();
            assert_eq!(code_of(&refused), "bad_address", "{own}");
        }
        world.begin_email(&token, "taro@elsewhere.test").await.unwrap();
        let confirm = world.mailed("factor_address_confirm").await;
        assert_eq!((confirm.to.as_str(), confirm.variables["minutes"].as_u64()),
            ("taro@elsewhere.test", Some(30)));
        world.pass(30 * MINUTE);
        let late = world.confirm(&confirm.token()).await.unwrap_err();
        assert_eq!(code_of(&late), "link_expired");
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Complete, "nothing took effect");
        world.begin_email(&token, "taro@elsewhere.test").await.unwrap();
        world.pass((30 * MINUTE).saturating_sub(TICK));
        let link = world.mailed("factor_address_confirm").await.token();
        world.confirm(&link).await.unwrap();
        assert_eq!(code_of(&world.confirm(&link).await.unwrap_err()), "link_used");
        assert!(world.factor_is_on(world.taro).await);

        let (waiting, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Factor);
        let mail = world.mailed("factor_code").await;
        assert_eq!(mail.to, "taro@elsewhere.test");
        world.pass((10 * MINUTE).saturating_sub(TICK));
        let (done, answer) =
            world.show(&waiting, Method::Email, &mail.text("code")).await.unwrap();
        assert!(matches!(answer, CodeAnswer::Right { .. }), "{answer:?}");
        assert_eq!(world.state(&done).await, Some(SessionState::Complete));

        let (waiting, _) = world.sign_in().await;
        let code = world.mailed("factor_code").await.text("code");
        world.pass(10 * MINUTE);
        let late = world.show(&waiting, Method::Email, &code).await.unwrap_err();
        assert_eq!(code_of(&late), "no_such_session");
    }

    /// The newest code counts, within the time that the first one had.
    async fn codes_are_mailed_again_a_few_times(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        world.add_email(&token, "taro@elsewhere.test").await;
        let (waiting, _) = world.sign_in().await;
        let first = world.mailed("factor_code").await.text("code");
        assert_eq!(mail_again(&world, &waiting).await, Err("too_many_codes".to_owned()));
        for _ in 1..CODES_PER_SESSION_MAX {
            world.pass(CODE_PAUSE);
            assert_eq!(mail_again(&world, &waiting).await.unwrap(), "t…@elsewhere.test");
        }
        world.pass(CODE_PAUSE);
        assert_eq!(mail_again(&world, &waiting).await, Err("too_many_codes".to_owned()));
        let last = world.mailed("factor_code").await.text("code");
        if first != last {
            let (_, answer) = world.show(&waiting, Method::Email, &first).await.unwrap();
            assert!(matches!(answer, CodeAnswer::Wrong { .. }), "{answer:?}");
        }
        let (other, _) = world.sign_in().await;
        let (_, foreign) = world.show(&other, Method::Email, &last).await.unwrap();
        assert!(matches!(foreign, CodeAnswer::Wrong { .. }), "of another sign-in: {foreign:?}");
        let (_, answer) = world.show(&waiting, Method::Email, &last).await.unwrap();
        assert!(matches!(answer, CodeAnswer::Right { .. }), "{answer:?}");
    }

    /// Seven days on this browser; a different one always asks.
    async fn a_remembered_browser_is_not_asked(test: TestDatabase) {
        let world = World::new(test).await;
        let hanako = world.account("hanako@example.test").await;
        let (token, _) = world.sign_in().await;
        let (_, secret) = world.add_totp(&token).await;
        world.pass(MINUTE);
        let (waiting, _) = world.sign_in().await;
        let (browser, code) = (Token::random(), world.totp(&secret));
        let kept = Some(browser.clone());
        let shown = world.show_and_remember(&waiting, Method::Totp, &code, kept).await;
        let CodeAnswer::Right { remembered_for, .. } = shown.unwrap().1 else {
            panic!("the code is right")
        };
        assert_eq!(remembered_for, Some(7 * DAY));
        let with = |scope, browser: &Token| {
            let browser = Some(browser.clone());
            world.open(scope, browser, Staying::WhileOpen)
        };
        world.pass((7 * DAY).saturating_sub(TICK));
        let (own, opened) = with(world.taro, &browser).await.unwrap();
        assert_eq!(opened.state, SessionState::Complete);
        let (_, stranger) = with(world.taro, &Token::random()).await.unwrap();
        assert_eq!(stranger.state, SessionState::Factor);
        let (hers, _) = with(hanako, &browser).await.unwrap();
        assert_eq!(world.read(move |tx| session::browsers(tx, &hers)).await.unwrap(), []);
        let asks = own.clone();
        let listed = world.read(move |tx| session::browsers(tx, &asks)).await.unwrap();
        assert_eq!(listed.len(), 1);
        world.pass(TICK);
        let (_, over) = with(world.taro, &browser).await.unwrap();
        assert_eq!(over.state, SessionState::Factor);
    }

    /// Ten, each once, shown once; new ones end the old ones.
    async fn backup_codes_work_once(test: TestDatabase) {
        let world = World::new(test).await;
        let (token, _) = world.sign_in().await;
        let make = |token: &Token, codes: &Arc<BackupCodes>| {
            let (owner, vault, codes) = (owner(token), world.vault.clone(), Arc::clone(codes));
            world.write(move |tx| factors::new_backup_codes(tx, &owner, &vault, &codes))
        };
        let old = Arc::new(BackupCodes::random());
        let refused = make(&token, &old).await.unwrap_err();
        assert_eq!(code_of(&refused), "no_such_method");
        let (token, _) = world.add_totp(&token).await;
        make(&token, &old).await.unwrap();
        let codes = Arc::new(BackupCodes::random());
        make(&token, &codes).await.unwrap();
        let texts: Vec<&str> = codes.shown().map(hikyaku_types::Secret::expose).collect();
        let ended = old.shown().next().unwrap().expose();
        let (one, two) = (texts[0], texts[1]);
        for (code, right) in [(ended, false), (one, true), (one, false), (two, true)] {
            let (waiting, _) = world.sign_in().await;
            let (_, answer) = world.show(&waiting, Method::Backup, code).await.unwrap();
            assert_eq!(matches!(answer, CodeAnswer::Right { .. }), right, "{answer:?}");
        }
        let owner = owner(&token);
        let (overview, _) = world.read(move |tx| factors::list(tx, &owner)).await.unwrap();
        assert_eq!(overview.backup_codes, 8);
    }
}
