//! Initialising and repairing mailboxes.

use std::{sync::Arc, time::Duration};

use hikyaku_control::{
    AccountRef, Actor, ControlError, Principal, Rights,
    usage::{self, Afterwards, UsagePolicy},
};
use hikyaku_db::{Hint, params};
use hikyaku_directory::plans::Terms;
use hikyaku_jobs::{Job, JobMetrics, JobState, Runner, RunnerOptions};
use hikyaku_mailstore::Selection;
use hikyaku_types::JobId;

use crate::world::{World, console};

impl World {
    /// Runs jobs until this one has ended.
    async fn ended(&self, id: JobId) -> Job {
        let mut hints = self.db().hints().subscribe(Hint::Jobs);
        let runner = Runner::start(
            self.db().clone(),
            usage::works(&self.mail),
            RunnerOptions::default(),
            Arc::new(JobMetrics::default()),
        );
        let job = loop {
            let job = self
                .db()
                .read(move |tx| hikyaku_jobs::find(tx, id))
                .await
                .unwrap();
            if job.state.is_ended() {
                break job;
            }
            hints.changed().await;
        };
        runner.drain(Duration::from_secs(10)).await;
        job
    }

    async fn taro(&self) -> Actor {
        Actor {
            principal: Principal::Account {
                scope: self.scope("taro@example.test").await,
                address: "taro@example.test".to_owned(),
            },
            rights: Rights::default(),
            ..console()
        }
    }
}

hikyaku_db::on_both_engines! {
    /// T-032.
    async fn an_initialised_mailbox_is_empty_and_can_be_restored(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        world.fill("taro@example.test", 3).await;
        let scope = world.scope("taro@example.test").await;
        let before = world.mail.usage(scope).await.unwrap().messages;
        let initialise = |confirm: &'static str, afterwards| {
            world.write(move |tx| {
                let account = AccountRef::from("taro@example.test");
                usage::initialise(tx, &console(), &account, (confirm, afterwards))
            })
        };
        for wrong in ["", "taro", "hanako@example.test", "yes"] {
            let refused = initialise(wrong, Afterwards::Restorable).await;
            assert!(matches!(refused, Err(ControlError::Invalid { field: "confirm", .. })));
        }
        let id = initialise("Taro@example.test", Afterwards::Restorable).await.unwrap();
        let job = world.ended(id).await;
        assert_eq!((job.state, job.done), (JobState::Done, before));
        assert_eq!(world.mail.usage(scope).await.unwrap().messages, 0);
        let all = Selection::default();
        assert_eq!(world.mail.restore(scope, &all).await.unwrap().restored, before);

        let id = initialise("taro@example.test", Afterwards::Erased).await.unwrap();
        assert_eq!(world.ended(id).await.state, JobState::Done);
        assert_eq!(world.mail.restore(scope, &all).await.unwrap().restored, 0);
        assert_eq!(world.mail.check(scope).await.unwrap(), []);
        assert_eq!(world.logged().await, ["mailbox.initialise", "mailbox.initialise"]);
    }

    /// U-008, with the tenant's switch.
    async fn people_initialise_their_own_where_they_may(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        world.fill("taro@example.test", 1).await;
        let taro = world.taro().await;
        let policy = |own_initialise| {
            let tenant = world.tenant_ref();
            world.write(move |tx| {
                usage::set_policy(tx, &console(), &tenant, UsagePolicy { own_initialise })
            })
        };
        policy(false).await.unwrap();
        let own = |actor: Actor| {
            world.write(move |tx| usage::initialise_own(tx, &actor, "taro@example.test"))
        };
        let refused = own(taro.clone()).await;
        let code = "initialise_not_allowed";
        assert!(matches!(refused, Err(ControlError::Conflict { code: told, .. }) if told == code));
        policy(true).await.unwrap();
        let id = own(taro.clone()).await.unwrap();
        assert_eq!(world.ended(id).await.state, JobState::Done);
        let other = world
            .write(move |tx| usage::repair(tx, &taro, &AccountRef::from("taro@example.test")))
            .await;
        assert!(matches!(other, Err(ControlError::NoSuch { kind: "account", .. })));
    }

    /// U-009.
    async fn a_repair_says_what_it_found_and_mends_it(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        world.fill("taro@example.test", 2).await;
        let scope = world.scope("taro@example.test").await;
        world
            .write(move |tx| {
                let broken = "UPDATE mail_account SET used_bytes = 5 WHERE account_id = ?1";
                Ok(tx.execute(broken, params![scope.account])?)
            })
            .await
            .unwrap();
        let taro = world.taro().await;
        let id = world.write(move |tx| usage::repair_own(tx, &taro)).await.unwrap();
        let job = world.ended(id).await;
        assert_eq!((job.state, job.errors), (JobState::Done, 0));
        let result = world
            .db()
            .read(move |tx| hikyaku_jobs::read_part(tx, id, "result.json", 0))
            .await
            .unwrap()
            .unwrap();
        let result: serde_json::Value = serde_json::from_slice(&result).unwrap();
        assert_eq!(result["found"].as_array().unwrap().len(), 1, "{result}");
        assert_eq!(result["mended_account"], true);
        assert_eq!(result["left"].as_array().unwrap().len(), 0);
        assert_eq!(world.mail.check(scope).await.unwrap(), []);
    }
}
