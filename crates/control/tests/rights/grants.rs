//! Giving and taking roles.

use std::{sync::Arc, time::Duration};

use hikyaku_control::{
    Actor, Within,
    grants::{self, GrantQuery, Warning},
    roles::{MAX_ARCHIVE_MAIN, MAX_ARCHIVE_SUB},
};
use tokio::sync::Barrier;

use crate::fixture::{ADMINISTRATOR, House, grant, refusal};

async fn take(
    house: &House,
    by: &Actor,
    id: hikyaku_types::GrantId,
) -> Result<Vec<Warning>, hikyaku_control::ControlError> {
    let by = by.clone();
    house.write(move |tx| grants::take(tx, &by, id)).await
}

hikyaku_db::on_both_engines! {
    async fn a_company_administrator_appoints_others(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let first = house.person(&house.ours, "first").await;
        let appointed = house.write(move |tx| {
            grants::appoint_first(tx, &Actor::console("root"), first)
        });
        assert_eq!(appointed.await.unwrap().warnings, [Warning::FewAdministrators]);
        let again = house.write(move |tx| {
            grants::appoint_first(tx, &Actor::console("root"), first)
        });
        assert_eq!(refusal(again.await), "has_administrator");
        let first = house.actor(first).await;
        let second = house.person(&house.ours, "second").await;
        let whole = Within::Tenant(tenant);
        let given = house.give(&first, grant(second, ADMINISTRATOR, whole)).await.unwrap();
        assert_eq!(given.warnings, []);
        assert_eq!(given.grant.granted_by, "first@ours.test");
        let entry = house.newest(&house.ours).await;
        assert_eq!(entry.action, "role.give");
        assert_eq!(entry.target.name, "second@ours.test");
        assert_eq!(entry.after["role"], ADMINISTRATOR);
    }

    async fn nobody_gives_what_they_do_not_have(test: TestDatabase) {
        let house = House::new(&test).await;
        let (ours, other) = (house.ours.tenant.tenant, house.other.tenant.tenant);
        let target = house.person(&house.ours, "target").await;
        let stranger = house.person(&house.other, "stranger").await;
        let manager = house.with_role(&house.ours, "manager", "user-manager").await;
        let wanted = grant(target, "read-only", Within::Tenant(ours));
        assert_eq!(refusal(house.give(&manager, wanted).await), "forbidden roles.write");
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let branch = Within::Domain(ours, house.ours.branch);
        let elsewhere = Within::Domain(other, house.other.branch);
        for (account, role, within, expected) in [
            (target, "operator-manage", Within::Platform, "forbidden roles.write"),
            (target, "operator-view", Within::Tenant(ours), "invalid scope"),
            (target, "read-only", Within::Tenant(other), "no tenant"),
            (target, "read-only", elsewhere, "no domain"),
            (stranger, "read-only", Within::Tenant(ours), "no account"),
            (target, "no-such-role", branch, "no role"),
            (target, "123", branch, "no role"),
        ] {
            let answer = house.give(&admin, grant(account, role, within)).await;
            assert_eq!(refusal(answer), expected, "{role}");
        }
        // Who administers one domain gives nothing in the whole company.
        let local = house.in_branch(&house.ours, "local").await;
        let helper = house.in_branch(&house.ours, "helper").await;
        house.appoint(local, ADMINISTRATOR, branch).await;
        let local = house.actor(local).await;
        house.give(&local, grant(helper, "help-desk", branch)).await.unwrap();
        let whole = Within::Tenant(ours);
        let refused = house.give(&local, grant(helper, "help-desk", whole)).await;
        assert_eq!(refusal(refused), "forbidden roles.write");
        let unseen = house.give(&local, grant(target, "help-desk", branch)).await;
        assert_eq!(refusal(unseen), "no account");
    }

    async fn the_last_company_administrator_stays(test: TestDatabase) {
        let house = House::new(&test).await;
        let whole = Within::Tenant(house.ours.tenant.tenant);
        let (one, two) = (
            house.person(&house.ours, "one").await,
            house.person(&house.ours, "two").await,
        );
        let console = Actor::console("root");
        let own = house.appoint(one, ADMINISTRATOR, whole).await.grant.id;
        assert_eq!(refusal(take(&house, &console, own).await), "last_administrator");
        // One whose role ends by itself is no successor.
        let mut ending = grant(two, ADMINISTRATOR, whole);
        ending.expires_at = Some(test.db.now().plus(Duration::from_mins(1)));
        house.give(&console, ending).await.unwrap();
        assert_eq!(refusal(take(&house, &console, own).await), "last_administrator");
        let mut shortened = grant(one, ADMINISTRATOR, whole);
        shortened.expires_at = Some(test.db.now().plus(Duration::from_mins(1)));
        assert_eq!(refusal(house.give(&console, shortened).await), "last_administrator");
        let given = house.give(&console, grant(two, ADMINISTRATOR, whole)).await.unwrap();
        assert_eq!(given.warnings, []);
        assert_eq!(take(&house, &console, own).await.unwrap(), [Warning::FewAdministrators]);
        assert_eq!(refusal(take(&house, &console, own).await), "no grant");
        let blocked = house.write(move |tx| grants::must_not_be_last(tx, two));
        assert_eq!(refusal(blocked.await), "last_administrator");
    }

    async fn two_who_resign_at_once_do_not_both_succeed(test: TestDatabase) {
        let house = Arc::new(House::new(&test).await);
        let whole = Within::Tenant(house.ours.tenant.tenant);
        let mut ids = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let scope = house.person(&house.ours, name).await;
            ids.push(house.appoint(scope, ADMINISTRATOR, whole).await.grant.id);
        }
        let start = Arc::new(Barrier::new(ids.len()));
        let tasks: Vec<_> = ids
            .into_iter()
            .map(|id| {
                let (house, start) = (Arc::clone(&house), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    take(&house, &Actor::console("root"), id).await
                })
            })
            .collect();
        let mut refused = Vec::new();
        for task in tasks {
            if let Err(error) = task.await.unwrap() {
                refused.push(refusal(Err::<(), _>(error)));
            }
        }
        assert_eq!(refused, ["last_administrator"]);
    }

    async fn an_archive_has_one_main_and_four_other_administrators(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let (whole, branch) = (Within::Tenant(tenant), Within::Domain(tenant, house.ours.branch));
        let console = Actor::console("root");
        for (role, most) in [("archive-main", MAX_ARCHIVE_MAIN), ("archive-sub", MAX_ARCHIVE_SUB)] {
            let mut last = None;
            for number in 0..most {
                let scope = house.person(&house.ours, &format!("{role}{number}")).await;
                house.appoint(scope, role, whole).await;
                last = Some(scope);
            }
            let more = house.person(&house.ours, &format!("{role}-more")).await;
            let refused = house.give(&console, grant(more, role, whole)).await;
            assert_eq!(refusal(refused), "role_limit");
            // Each domain has its own, and who has it already can be given it again.
            house.appoint(more, role, branch).await;
            house.appoint(last.unwrap(), role, whole).await;
        }
    }

    async fn grants_of_others_are_not_there(test: TestDatabase) {
        let house = House::new(&test).await;
        let (ours, other) = (house.ours.tenant.tenant, house.other.tenant.tenant);
        let stranger = house.person(&house.other, "stranger").await;
        let theirs = house.appoint(stranger, ADMINISTRATOR, Within::Tenant(other)).await.grant.id;
        let operator = house.person(&house.provider, "op").await;
        let platform = house.appoint(operator, "operator-view", Within::Platform).await.grant.id;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        for id in [theirs, platform] {
            assert_eq!(refusal(take(&house, &admin, id).await), "no grant");
            let by = admin.clone();
            let shown = house.read(move |tx| grants::show(tx, &by, id)).await;
            assert_eq!(refusal(shown), "no grant");
        }
        let list = |tenant| {
            let by = admin.clone();
            house.read(move |tx| {
                let query = GrantQuery { tenant, limit: 50, ..Default::default() };
                grants::list(tx, &by, &query)
            })
        };
        assert_eq!(refusal(list(Some(other)).await), "no tenant");
        assert_eq!(refusal(list(None).await), "forbidden roles.read");
        assert_eq!(list(Some(ours)).await.unwrap().items.len(), 1);
    }
}
