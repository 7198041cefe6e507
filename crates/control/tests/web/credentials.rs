//! App passwords, passwords of others, locks and the security policy, as the control plane lets
//! them be used.

use std::sync::Arc;

use hikyaku_access::{
    Protocol,
    app_passwords::{AppPassword, AppSecret, NewAppPassword},
    history::Query,
    lockout::{self, LockObserver as _},
    sessions::{FRESH_FOR, SessionState, Token},
};
use hikyaku_control::{
    AccountRef, Actor, ControlError, TenantRef,
    authenticate::{self, Origin, Proof},
    credentials::{self, LockNotices},
    security_policy,
};
use hikyaku_db::{on_both_engines, params};
use hikyaku_directory::{AccountScope, credentials::MustChange};
use serde_json::{Map, Value, json};

use crate::world::{TICK, World, code_of, hash};

/// A person as who acts.
async fn person(world: &World, scope: AccountScope) -> Actor {
    let found = world.read(move |tx| {
        let proof = Proof::SecondFactor;
        Ok(authenticate::person(tx, scope, proof, Origin::default())?)
    });
    found.await.unwrap().unwrap()
}

fn phone() -> NewAppPassword {
    NewAppPassword {
        label: "phone".to_owned(),
        protocols: vec![Protocol::Imap],
        networks: Vec::new(),
        expires_at: None,
    }
}

async fn create(world: &World, actor: &Actor, token: &Token) -> Result<AppPassword, ControlError> {
    let (actor, token, secret) = (actor.clone(), token.clone(), AppSecret::generate());
    let made = world
        .write(move |tx| credentials::create_app_password(tx, &actor, &token, &phone(), &secret));
    made.await
}

async fn set(
    world: &World,
    actor: &Actor,
    account: &str,
    must_change: MustChange,
) -> Result<(), ControlError> {
    let (actor, account) = (actor.clone(), AccountRef::from(account));
    let hash = hash("another one");
    let done =
        world.write(move |tx| credentials::set_password(tx, &actor, &account, &hash, must_change));
    done.await
}

fn patch(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other}"),
    }
}

async fn change(world: &World, actor: &Actor, value: Value) -> Result<Value, ControlError> {
    let (actor, patch) = (actor.clone(), patch(value));
    let changed = world.write(move |tx| {
        security_policy::change(tx, &actor, &TenantRef::from("Example"), &patch, |_| Ok(()))
    });
    changed
        .await
        .map(|policy| serde_json::to_value(policy).unwrap())
}

on_both_engines! {
    /// A session that somebody left open does not leave a way in behind.
    async fn an_app_password_needs_a_fresh_session_of_its_owner(test: TestDatabase) {
        let world = World::new(test).await;
        let hanako = world.account("hanako@example.test").await;
        let (taro, hanako) = (person(&world, world.taro).await, person(&world, hanako).await);
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Complete);
        let foreign = create(&world, &hanako, &token).await.unwrap_err();
        assert_eq!(code_of(&foreign), "not_fresh");
        let made = create(&world, &taro, &token).await.unwrap();
        assert_eq!(made.label, "phone");
        let told = world.mailed("app_password_created").await;
        assert_eq!((told.to.as_str(), told.text("label").as_str()), ("taro@example.test", "phone"));
        assert!(world.logged("app_password.create").await);
        world.pass(FRESH_FOR);
        world.pass(TICK);
        let stale = create(&world, &taro, &token).await.unwrap_err();
        assert_eq!(code_of(&stale), "not_fresh");
        let list = world.read(move |tx| credentials::own_app_passwords(tx, &taro)).await.unwrap();
        assert_eq!(list, [made]);
    }

    async fn a_tenant_may_bound_or_forbid_app_passwords(test: TestDatabase) {
        let world = World::new(test).await;
        let taro = person(&world, world.taro).await;
        let (token, _) = world.sign_in().await;
        world.policy(|policy| policy.app_passwords.max_days = 30).await;
        let endless = create(&world, &taro, &token).await.unwrap_err();
        assert_eq!(code_of(&endless), "bad_expires_at");
        world.policy(|policy| policy.app_passwords.enabled = false).await;
        let forbidden = create(&world, &taro, &token).await.unwrap_err();
        assert_eq!(code_of(&forbidden), "app_passwords_disabled");
    }

    /// What lies outside of the actor's reach does not exist, and nobody revokes that of others.
    async fn others_reach_nothing_of_it(test: TestDatabase) {
        let world = World::new(test).await;
        let hanako = world.account("hanako@example.test").await;
        let hanako = person(&world, hanako).await;
        let taro = person(&world, world.taro).await;
        let (token, _) = world.sign_in().await;
        let made = create(&world, &taro, &token).await.unwrap();
        let account = AccountRef::from("taro@example.test");
        let (actor, id) = (hanako.clone(), made.id);
        let own = world.write(move |tx| credentials::revoke_own_app_password(tx, &actor, id));
        assert_eq!(code_of(&own.await.unwrap_err()), "no_such_app_password");
        let (actor, whose) = (hanako.clone(), account.clone());
        let listed = world.read(move |tx| credentials::app_passwords_of(tx, &actor, &whose));
        assert_eq!(code_of(&listed.await.unwrap_err()), "no_such_account");
        let (actor, whose) = (hanako.clone(), account.clone());
        let revoked = world.write(move |tx| {
            credentials::revoke_app_password(tx, &actor, &whose, id)
        });
        assert_eq!(code_of(&revoked.await.unwrap_err()), "no_such_account");
        let (actor, whose) = (hanako.clone(), account.clone());
        let unlocked = world.write(move |tx| credentials::unlock(tx, &actor, &whose));
        assert_eq!(code_of(&unlocked.await.unwrap_err()), "no_such_account");
        let (actor, whose) = (hanako.clone(), account.clone());
        let query = Query { after: None, limit: 10 };
        let seen = world.read(move |tx| credentials::sign_ins_of(tx, &actor, &whose, query));
        assert_eq!(code_of(&seen.await.unwrap_err()), "no_such_account");
        let denied = set(&world, &hanako, "taro@example.test", MustChange::No).await;
        assert_eq!(code_of(&denied.unwrap_err()), "no_such_account");
        let console = Actor::console("root");
        let whose = account.clone();
        let revoked = world.write(move |tx| {
            credentials::revoke_app_password(tx, &console, &whose, id)
        });
        revoked.await.unwrap();
        assert!(world.logged("app_password.revoke").await);
    }

    /// A help desk resets passwords, but not of somebody with more rights, and not its own.
    async fn who_sets_a_password_has_the_rights_of_its_owner(test: TestDatabase) {
        let world = World::new(test).await;
        let (desk, boss) = (
            world.account("desk@example.test").await,
            world.account("boss@example.test").await,
        );
        world.grant(desk, "help-desk", "tenant").await;
        world.grant(boss, "company-administrator", "tenant").await;
        let actor = person(&world, desk).await;
        let refused = set(&world, &actor, "boss@example.test", MustChange::No).await;
        assert!(matches!(refused, Err(ControlError::Forbidden(_))), "{refused:?}");
        let own = set(&world, &actor, "desk@example.test", MustChange::No).await;
        assert_eq!(code_of(&own.unwrap_err()), "own_password");
        let (token, _) = world.sign_in().await;
        set(&world, &actor, "taro@example.test", MustChange::AtNextSignIn).await.unwrap();
        assert_eq!(world.state(&token).await, None, "its sessions are over");
        assert_eq!(world.sign_in().await.1, SessionState::Change);
        assert_eq!(world.mailed("password_changed").await.text("by"), "desk@example.test");
        let whose = AccountRef::from("taro@example.test");
        let shown = world.read(move |tx| credentials::security_of(tx, &actor, &whose)).await;
        assert!(shown.unwrap().must_change);
    }

    /// The policy binds administrators; the operator's own command line is warned.
    async fn the_policy_judges_what_administrators_set(test: TestDatabase) {
        let world = World::new(test).await;
        let boss = world.account("boss@example.test").await;
        world.grant(boss, "company-administrator", "tenant").await;
        let boss = person(&world, boss).await;
        let whose = AccountRef::from("taro@example.test");
        for (actor, lenient) in [(boss, false), (Actor::console("root"), true)] {
            let whose = whose.clone();
            let rules = world.read(move |tx| credentials::rules(tx, &actor, &whose)).await.unwrap();
            let weak = rules.check(&"taro2026".into());
            match weak {
                Ok(judged) => assert!(lenient && !judged.faults.is_empty()),
                Err(error) => assert!(!lenient && code_of(&error) == "bad_password"),
            }
            rules.check(&"correct horse battery".into()).unwrap();
        }
    }

    async fn a_lock_is_told_to_its_owner_and_ended_by_an_administrator(test: TestDatabase) {
        let world = World::new(test).await;
        let taro = world.taro;
        let observer = Arc::new(LockNotices);
        world
            .write(move |tx| {
                let until = tx.now().plus(std::time::Duration::from_mins(30));
                tx.execute(
                    "INSERT INTO account_security (tenant_id, account_id, locked_until)
                     VALUES (?1, ?2, ?3)",
                    params![taro.tenant, taro.account, until],
                )?;
                Ok(observer.locked(tx, taro, until)?)
            })
            .await
            .unwrap();
        // The clock of the test stands at 2026-01-05T00:00Z, 9:00 in Tokyo.
        assert_eq!(world.mailed("account_locked").await.text("until"), "2026/01/05 09:30");
        assert!(world.logged("account.lock").await);
        for was in [true, false] {
            let unlocked = world.write(|tx| {
                let account = AccountRef::from("taro@example.test");
                credentials::unlock(tx, &Actor::console("root"), &account)
            });
            assert_eq!(unlocked.await.unwrap(), was);
        }
        assert!(world.logged("account.unlock").await);
        let security = world.read(move |tx| Ok(lockout::load(tx, taro)?)).await.unwrap();
        assert_eq!(security.locked_until, None);
    }

    async fn a_policy_is_changed_in_parts_and_within_its_bounds(test: TestDatabase) {
        let world = World::new(test).await;
        let boss = world.account("boss@example.test").await;
        world.grant(boss, "company-administrator", "tenant").await;
        let boss = person(&world, boss).await;
        let changed = change(&world, &boss, json!({
            "password": { "min_length": 12 },
            "networks": { "imap": ["192.0.2.0/24"] },
        }));
        let changed = changed.await.unwrap();
        assert_eq!(changed["password"]["min_length"], 12);
        assert_eq!(changed["password"]["min_score"], 3);
        assert_eq!(changed["networks"], json!({ "imap": ["192.0.2.0/24"] }));
        assert!(world.logged("security_policy.change").await);
        let back = change(&world, &boss, json!({ "password": null })).await.unwrap();
        assert_eq!(back["password"]["min_length"], 10);
        assert_eq!(back["networks"]["imap"][0], "192.0.2.0/24");
        for (wrong, code) in [
            (json!({ "password": { "min_length": 1 } }), "bad_password.min_length"),
            (json!({ "password": { "history": 5 } }), "bad_policy"),
            (json!({ "tenant_id": 7 }), "bad_policy"),
            (json!({ "lockout": { "failures": -1 } }), "bad_policy"),
            (json!({ "networks": { "imap": ["192.0.2.1/24"] } }), "bad_policy"),
            (json!({ "sessions": { "idle_minutes": 0 } }), "bad_sessions.idle_minutes"),
        ] {
            let refused = change(&world, &boss, wrong.clone()).await.unwrap_err();
            assert_eq!(code_of(&refused), code, "{wrong}");
        }
        let taro = person(&world, world.taro).await;
        let refused = change(&world, &taro, json!({})).await.unwrap_err();
        // As for a name that no tenant has.
        assert!(refused.to_string().starts_with("there is no"), "{refused}");
    }
}
