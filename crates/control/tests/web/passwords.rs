//! The forced change at first sign-in, and changing the password by one's own will.

use hikyaku_access::sessions::{SessionState, Token};
use hikyaku_control::{
    ControlError,
    authenticate::Origin,
    session::{self, PasswordChange},
};
use hikyaku_db::{on_both_engines, params};
use hikyaku_directory::credentials::{self, MustChange};

use crate::world::{World, code_of, hash};

async fn change(world: &World, token: &Token) -> Result<Token, ControlError> {
    let (from, to) = (token.clone(), Token::random());
    let next = to.clone();
    let change = PasswordChange {
        hash: hash("another one"),
        origin: Origin::default(),
    };
    let changed = world.write(move |tx| session::change_password(tx, (&from, &next), &change));
    changed.await.map(|_| to)
}

on_both_engines! {
    /// Nothing else can be done before it, and nothing more is owed after it.
    async fn a_forced_change_comes_first(test: TestDatabase) {
        let world = World::new(test).await;
        let taro = world.taro;
        let forced = world.write(move |tx| {
            Ok(credentials::require_change(tx, taro, MustChange::AtNextSignIn)?)
        });
        forced.await.unwrap();
        let (token, state) = world.sign_in().await;
        assert_eq!(state, SessionState::Change);
        let asks = token.clone();
        let refused = world.read(move |tx| session::list(tx, &asks)).await.unwrap_err();
        assert_eq!(code_of(&refused), "no_such_session");
        let next = change(&world, &token).await.unwrap();
        assert_eq!(world.state(&token).await, None);
        assert_eq!(world.state(&next).await, Some(SessionState::Complete));
        assert_eq!(world.sign_in().await.1, SessionState::Complete);
        assert!(world.logged("account.password").await);
    }

    /// All other sessions and remembered browsers end, and the owner is told everywhere.
    async fn a_changed_password_ends_all_other_sessions(test: TestDatabase) {
        let world = World::new(test).await;
        let (other, _) = world.sign_in().await;
        let (own, _) = world.sign_in().await;
        world.add_email(&own, "taro@elsewhere.test").await;
        let next = change(&world, &own).await.unwrap();
        assert_eq!(world.state(&other).await, None);
        assert_eq!(world.state(&own).await, None);
        assert_eq!(world.state(&next).await, Some(SessionState::Complete));
        let told: Vec<String> = world.outbox().await.into_iter()
            .filter(|one| one.event == "password_changed")
            .map(|one| one.to)
            .collect();
        assert_eq!(told, ["taro@example.test", "taro@elsewhere.test"]);
    }

    /// T-023: where administrators manage the passwords, their owners do not.
    async fn a_locked_password_is_not_changed_by_its_owner(test: TestDatabase) {
        let world = World::new(test).await;
        let taro = world.taro;
        let (token, _) = world.sign_in().await;
        let locked = world.write(move |tx| {
            Ok(tx.execute(
                "UPDATE account SET may_change_password = 0 WHERE tenant_id = ?1 AND id = ?2",
                params![taro.tenant, taro.account],
            )?)
        });
        locked.await.unwrap();
        let refused = change(&world, &token).await.unwrap_err();
        assert_eq!(code_of(&refused), "password_locked");
        assert_eq!(world.state(&token).await, Some(SessionState::Complete));
    }
}
