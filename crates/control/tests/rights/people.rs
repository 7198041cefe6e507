//! The rights of a person.

use std::time::Duration;

use hikyaku_control::{Actor, Principal, Within, authenticate::Proof};
use hikyaku_directory::{
    accounts::{self, AccountChange},
    tenants::{self, TenantStatus},
};
use hikyaku_types::Permission;

use crate::fixture::{ADMINISTRATOR, House, OPERATOR, grant};

hikyaku_db::on_both_engines! {
    async fn a_person_has_what_was_granted_and_nothing_else(test: TestDatabase) {
        let house = House::new(&test).await;
        let plain = house.person(&house.ours, "plain").await;
        let nobody = house.actor(plain).await;
        assert_eq!(nobody.rights.iter().count(), 0);
        assert_eq!(nobody.own_account(), Some(plain));
        match &nobody.principal {
            Principal::Account { address, .. } => assert_eq!(address, "plain@ours.test"),
            other => panic!("{other:?}"),
        }
        let (ours, other) = (house.ours.tenant.tenant, house.other.tenant.tenant);
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        assert!(admin.rights.in_tenant(Permission::AccountsWrite, ours));
        assert!(!admin.rights.know_tenant(other));
        for permission in Permission::ALL {
            assert!(!admin.rights.on_platform(*permission), "{permission}");
        }
        assert!(!admin.rights.in_tenant(Permission::ContractsWrite, ours));
        // In a domain: what is in it, and no more.
        let local = house.in_branch(&house.ours, "local").await;
        let branch = Within::Domain(ours, house.ours.branch);
        house.appoint(local, "user-manager", branch).await;
        let local = house.actor(local).await;
        assert!(local.rights.hold(Permission::AccountsWrite, branch));
        assert!(!local.rights.in_domain(Permission::AccountsWrite, ours, house.ours.main));
        assert!(!local.rights.in_tenant(Permission::AccountsWrite, ours));
    }

    async fn what_holds_on_the_platform_needs_a_second_factor(test: TestDatabase) {
        let house = House::new(&test).await;
        let scope = house.person(&house.provider, "op").await;
        house.appoint(scope, "operator-manage", Within::Platform).await;
        let weak = house.signed_in(scope, Proof::Password).await.unwrap();
        assert_eq!(weak.rights.iter().count(), 0);
        let strong = house.actor(scope).await;
        assert!(strong.rights.on_platform(Permission::SystemWrite));
    }

    async fn a_grant_counts_until_it_ends(test: TestDatabase) {
        let house = House::new(&test).await;
        let scope = house.person(&house.ours, "temp").await;
        let within = Within::Tenant(house.ours.tenant.tenant);
        let hour = Duration::from_hours(1);
        let mut new = grant(scope, "read-only", within);
        new.expires_at = Some(test.db.now().plus(hour));
        house.give(&Actor::console("root"), new).await.unwrap();
        assert!(house.actor(scope).await.rights.hold(Permission::AccountsRead, within));
        test.clock.advance(hour);
        assert_eq!(house.actor(scope).await.rights.iter().count(), 0);
    }

    async fn who_may_not_sign_in_is_nobody(test: TestDatabase) {
        let house = House::new(&test).await;
        let (gone, held) = (
            house.person(&house.ours, "gone").await,
            house.person(&house.ours, "held").await,
        );
        let stays = house.person(&house.ours, "stays").await;
        let tenant = house.ours.tenant;
        house
            .write(move |tx| {
                accounts::delete(tx, gone)?;
                let change = AccountChange {
                    status: Some(hikyaku_directory::AccountStatus::Suspended),
                    ..Default::default()
                };
                accounts::update(tx, held, &change)?;
                Ok(())
            })
            .await
            .unwrap();
        assert!(house.signed_in(gone, Proof::SecondFactor).await.is_none());
        assert!(house.signed_in(held, Proof::SecondFactor).await.is_none());
        assert!(house.signed_in(stays, Proof::SecondFactor).await.is_some());
        house
            .write(move |tx| {
                Ok(tenants::set_status(tx, OPERATOR, tenant, TenantStatus::Suspended)?)
            })
            .await
            .unwrap();
        assert!(house.signed_in(stays, Proof::SecondFactor).await.is_none());
    }

    async fn an_actor_goes_with_a_job_and_comes_back(test: TestDatabase) {
        let house = House::new(&test).await;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        for actor in [admin, Actor::console("root"), Actor::system("timer")] {
            let text = serde_json::to_string(&actor).unwrap();
            assert_eq!(serde_json::from_str::<Actor>(&text).unwrap(), actor);
        }
    }
}
