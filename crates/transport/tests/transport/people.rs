//! Accounts that take no mail, throw it away, or share an alias.

use hikyaku_db::Lane;
use hikyaku_directory::{
    AccountScope, DirectoryError,
    accounts::{self, AccountChange, Reception, Settings},
    addresses::targets::{self, AliasSettings, MaySend, Target},
};
use hikyaku_mailstore::Quota;
use hikyaku_transport::{Answer, Policy, Via, trace::Outcome};

use crate::world::{World, envelope};

async fn receive(world: &World, scope: AccountScope, receiving: Reception) {
    let change = AccountChange {
        settings: Some(Settings {
            receiving,
            ..Settings::default()
        }),
        ..AccountChange::default()
    };
    let changed = world.test.db.write(Lane::Mail, move |tx| {
        accounts::update(tx, scope, &change)?;
        Ok::<_, DirectoryError>(())
    });
    changed.await.unwrap();
}

async fn team(world: &World, scopes: &[AccountScope]) {
    let settings = AliasSettings {
        targets: scopes
            .iter()
            .map(|scope| Target {
                scope: *scope,
                may_send: MaySend::Yes,
            })
            .collect(),
        ..AliasSettings::default()
    };
    let (tenant, alias) = (world.tenant, "team@example.test".parse().unwrap());
    let made = world.test.db.write(Lane::Mail, move |tx| {
        targets::create(tx, tenant, &alias, &settings).map(drop)
    });
    made.await.unwrap();
}

/// What the trace says, by the id of the account.
async fn outcomes(world: &World) -> Vec<(Option<hikyaku_types::AccountId>, Outcome)> {
    let mut rows: Vec<_> = world
        .trace()
        .await
        .into_iter()
        .map(|row| (row.account, row.outcome))
        .collect();
    rows.sort_by_key(|(account, _)| *account);
    rows
}

hikyaku_db::on_both_engines! {
    async fn who_takes_no_mail_refuses_it(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        receive(&world, taro, Reception::Suspended).await;
        let to = "taro@example.test".parse().unwrap();
        let refused = world.transport.check_recipient(&to, 0, Via::Smtp).await.unwrap_err();
        assert!(refused.to_string().starts_with("550 5.2.1 "), "{refused}");
        let refused = world.accept(envelope(&["taro@example.test"], Answer::Whole)).await;
        assert!(refused.is_err(), "{refused:?}");
        receive(&world, taro, Reception::Open).await;
        world.accept(envelope(&["taro@example.test"], Answer::Whole)).await.unwrap();
        assert_eq!(world.inbox(taro).await.total, 1);
    }

    async fn what_is_thrown_away_is_written_down(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let noreply = world.account("noreply", Quota::UNLIMITED).await;
        receive(&world, noreply, Reception::Discarded).await;
        let to = "noreply@example.test".parse().unwrap();
        world.transport.check_recipient(&to, 0, Via::Smtp).await.unwrap();
        world.accept(envelope(&["noreply@example.test"], Answer::Whole)).await.unwrap();
        assert_eq!(world.inbox(noreply).await.total, 0);
        assert_eq!(outcomes(&world).await, [(Some(noreply.account), Outcome::DiscardedByRule)]);
        world.check().await;
    }

    async fn an_alias_of_several_delivers_to_each(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let jiro = world.account("jiro", Quota::UNLIMITED).await;
        let away = world.account("away", Quota::UNLIMITED).await;
        team(&world, &[taro, jiro, away]).await;
        receive(&world, away, Reception::Suspended).await;
        // Who is named twice gets one copy.
        let both = ["team@example.test", "taro@example.test"];
        let answers = world.accept(envelope(&both, Answer::PerRecipient)).await.unwrap();
        assert_eq!(answers, [Ok(()), Ok(())]);
        assert_eq!((world.inbox(taro).await.total, world.inbox(jiro).await.total), (1, 1));
        assert_eq!(world.inbox(away).await.total, 0);
        assert_eq!(
            outcomes(&world).await,
            [
                (Some(taro.account), Outcome::Delivered),
                (Some(taro.account), Outcome::Delivered),
                (Some(jiro.account), Outcome::Delivered),
            ]
        );
        world.check().await;
    }

    /// One full mailbox does not keep the mail from the others, and the trace tells of it.
    async fn a_full_mailbox_does_not_stop_an_alias(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let jiro = world.account("jiro", Quota::UNLIMITED).await;
        world.accept(envelope(&["taro@example.test"], Answer::Whole)).await.unwrap();
        world.resize(taro, 1).await;
        team(&world, &[taro, jiro]).await;
        let alias = "team@example.test".parse().unwrap();
        world.transport.check_recipient(&alias, 0, Via::Smtp).await.unwrap();
        let answers = world.accept(envelope(&["team@example.test"], Answer::PerRecipient)).await;
        assert_eq!(answers.unwrap(), [Ok(())]);
        assert_eq!(world.inbox(jiro).await.total, 1);
        let told = outcomes(&world).await;
        assert!(told.contains(&(Some(taro.account), Outcome::RejectedByRule)), "{told:?}");
        assert!(told.contains(&(Some(jiro.account), Outcome::Delivered)), "{told:?}");
        world.resize(jiro, 1).await;
        let refused = world.accept(envelope(&["team@example.test"], Answer::Whole)).await;
        assert!(refused.unwrap_err().to_string().starts_with("552 5.2.2 "));
        world.check().await;
    }
}
