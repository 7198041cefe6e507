//! Lists of mailboxes, and their owners' warnings (T-031, F-54, F-55).

use hikyaku_control::usage::{self, Accounts};
use hikyaku_directory::{accounts, plans::Terms};
use hikyaku_mailstore::{Quota, usage::Order};
use hikyaku_types::ByteSize;

use crate::world::{World, console};

fn quota(thousands: u64) -> Quota {
    Quota {
        bytes: ByteSize(thousands * 1000),
        messages: 0,
    }
}

hikyaku_db::on_both_engines! {
    async fn owners_are_warned_once_at_each_mark(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        let scope = world.account("hanako@example.test", quota(100)).await;
        world.fill("hanako@example.test", 80).await;
        world.measure().await;
        assert_eq!(world.notices().await, ["mailbox_80"]);
        assert_eq!(world.measure().await.warned, 0);
        world.fill("hanako@example.test", 90).await;
        assert_eq!(world.measure().await.warned, 1);
        assert_eq!(world.notices().await, ["mailbox_80", "mailbox_90"]);
        // A little below and above again is no news; well below it is.
        for (size, warned) in [(102, 0), (100, 0), (115, 0), (100, 1)] {
            world
                .write(move |tx| {
                    hikyaku_mailstore::accounts::set_quota(tx, scope, quota(size))?;
                    Ok(())
                })
                .await
                .unwrap();
            assert_eq!(world.measure().await.warned, warned, "{size}");
        }
    }

    async fn mailboxes_are_listed_by_size_and_by_ratio(test: TestDatabase) {
        let world = World::new(test, Terms::standard()).await;
        world.account("hanako@example.test", quota(5)).await;
        let gone = world.account("gone@example.test", quota(5)).await;
        world.fill("taro@example.test", 5).await;
        world.fill("hanako@example.test", 2).await;
        world.measure().await;
        let list = async |order, after, limit| {
            let tenant = world.tenant_ref();
            let read = world.db().read(move |tx| {
                let wanted = Accounts {
                    tenant: Some(&tenant),
                    domain: None,
                    order,
                    after,
                    limit,
                };
                usage::accounts(tx, &console(), &wanted)
            });
            read.await.unwrap()
        };
        let names = |found: &[hikyaku_mailstore::usage::AccountUsage]| {
            found.iter().map(|one| one.address.local().to_owned()).collect::<Vec<_>>()
        };
        let all = list(Order::Used, None, 10).await;
        assert_eq!(names(&all), ["taro", "hanako", "gone"]);
        let ratio = list(Order::Ratio, None, 10).await;
        assert_eq!(names(&ratio).first().unwrap(), "hanako");
        let first = list(Order::Used, None, 1).await;
        let rest = list(Order::Used, Some(first[0].cursor(Order::Used)), 10).await;
        assert_eq!(names(&rest), ["hanako", "gone"]);

        world.write(move |tx| Ok(accounts::delete(tx, gone)?)).await.unwrap();
        world.measure().await;
        assert_eq!(names(&list(Order::Used, None, 10).await), ["taro", "hanako"]);
        assert_eq!(world.pool(None).await.totals.accounts, 2);
        assert_eq!(world.pool(None).await.totals.allocated, ByteSize(5000));
    }
}
