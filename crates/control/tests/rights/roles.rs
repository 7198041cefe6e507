//! Roles that somebody defines.

use hikyaku_control::{
    Actor, Within,
    roles::{self, BUILT_IN, Level, MAX_ROLES, NewRole, RoleChange},
};
use hikyaku_types::{Permission, RoleId, TenantId};

use crate::fixture::{ADMINISTRATOR, House, refusal};

fn new(tenant: Option<TenantId>, name: &str, permissions: &[Permission]) -> NewRole {
    NewRole {
        tenant,
        name: name.to_owned(),
        note: String::new(),
        permissions: permissions.to_vec(),
    }
}

async fn define(
    house: &House,
    by: &Actor,
    role: NewRole,
) -> Result<roles::Role, hikyaku_control::ControlError> {
    let by = by.clone();
    house.write(move |tx| roles::create(tx, &by, &role)).await
}

hikyaku_db::on_both_engines! {
    async fn nobody_defines_more_than_they_have(test: TestDatabase) {
        let house = House::new(&test).await;
        let ours = Some(house.ours.tenant.tenant);
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let made = define(&house, &admin, new(ours, "受付", &[Permission::AccountsRead])).await;
        assert_eq!(made.unwrap().permissions, [Permission::AccountsRead]);
        let entry = house.newest(&house.ours).await;
        assert_eq!((entry.action.as_str(), entry.target.name.as_str()), ("role.create", "受付"));
        for (role, expected) in [
            (new(ours, "受付", &[Permission::LogRead]), "role_exists"),
            (new(ours, "x", &[]), "invalid permissions"),
            (new(ours, " ", &[Permission::LogRead]), "invalid name"),
            (new(ours, "x", &[Permission::PlansWrite]), "invalid permissions"),
            (new(None, "x", &[Permission::LogRead]), "forbidden roles.write"),
            (new(Some(house.other.tenant.tenant), "x", &[Permission::LogRead]), "no tenant"),
        ] {
            assert_eq!(refusal(define(&house, &admin, role).await), expected);
        }
        // Who may define roles and little else defines little.
        let console = Actor::console("root");
        let few = [Permission::RolesRead, Permission::RolesWrite, Permission::LogRead];
        let few = define(&house, &console, new(ours, "few", &few)).await.unwrap();
        let scope = house.person(&house.ours, "few").await;
        house.appoint(scope, &few.role, Within::Tenant(house.ours.tenant.tenant)).await;
        let weak = house.actor(scope).await;
        let wanted = new(ours, "more", &[Permission::AccountsWrite]);
        assert_eq!(refusal(define(&house, &weak, wanted).await), "forbidden accounts.write");
    }

    async fn a_change_is_in_force_with_the_next_request(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let role = define(&house, &admin, new(Some(tenant), "r", &[Permission::LogRead]));
        let id: RoleId = role.await.unwrap().role.parse().unwrap();
        let scope = house.person(&house.ours, "one").await;
        house.appoint(scope, &id.to_string(), Within::Tenant(tenant)).await;
        assert!(house.actor(scope).await.rights.in_tenant(Permission::LogRead, tenant));
        let by = admin.clone();
        let change = RoleChange {
            permissions: Some(vec![Permission::UsageRead]),
            ..Default::default()
        };
        house.write(move |tx| roles::change(tx, &by, id, &change)).await.unwrap();
        let now = house.actor(scope).await.rights;
        assert!(now.in_tenant(Permission::UsageRead, tenant));
        assert!(!now.in_tenant(Permission::LogRead, tenant));
        let entry = house.newest(&house.ours).await;
        assert_eq!(entry.before["permissions"][0], "log.read");
        assert_eq!(entry.after["permissions"][0], "usage.read");
        let by = admin.clone();
        let deleted = house.write(move |tx| roles::delete(tx, &by, id)).await;
        assert_eq!(refusal(deleted), "role_in_use");
    }

    async fn roles_of_others_are_not_there(test: TestDatabase) {
        let house = House::new(&test).await;
        let (ours, other) = (house.ours.tenant.tenant, house.other.tenant.tenant);
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let console = Actor::console("root");
        let role = define(&house, &console, new(Some(other), "r", &[Permission::LogRead]));
        let role = role.await.unwrap().role;
        for unknown in [role.clone(), "12345".to_owned(), "nonsense".to_owned()] {
            let by = admin.clone();
            let shown = house.read(move |tx| roles::show(tx, &by, &unknown)).await;
            assert_eq!(refusal(shown), "no role");
        }
        let (by, id) = (admin.clone(), role.parse().unwrap());
        let deleted = house.write(move |tx| roles::delete(tx, &by, id)).await;
        assert_eq!(refusal(deleted), "no role");
        let by = admin.clone();
        let listed = house.read(move |tx| roles::list(tx, &by, Some(other))).await;
        assert_eq!(refusal(listed), "no tenant");
        let by = admin.clone();
        let own = house.read(move |tx| roles::list(tx, &by, Some(ours))).await.unwrap();
        let built_in = BUILT_IN.iter().filter(|role| role.level == Level::Tenant).count();
        assert_eq!(own.len(), built_in);
    }

    async fn there_is_an_end_to_the_choice(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = Some(house.ours.tenant.tenant);
        let made = house.write(move |tx| {
            for number in 0..MAX_ROLES {
                let role = new(tenant, &format!("role {number}"), &[Permission::LogRead]);
                roles::create(tx, &Actor::console("root"), &role)?;
            }
            Ok(())
        });
        made.await.unwrap();
        let one_more = new(tenant, "one more", &[Permission::LogRead]);
        let refused = define(&house, &Actor::console("root"), one_more).await;
        assert_eq!(refusal(refused), "too_many_roles");
    }
}
