//! Keys of programs.

use std::time::Duration;

use hikyaku_control::{
    Actor, ControlError, Within,
    api_keys::{self, ApiKey, KeyPage, MAX_KEYS, MAX_NETWORKS, NEVER_IN_KEYS, NewKey, Token},
    authenticate::Origin,
};
use hikyaku_directory::tenants::{self, TenantStatus};
use hikyaku_types::{ApiKeyId, Permission, Secret};

use crate::fixture::{ADMINISTRATOR, House, OPERATOR, refusal};

fn new(within: Within, permissions: &[Permission]) -> NewKey {
    NewKey {
        label: "給与システム".to_owned(),
        within,
        permissions: permissions.to_vec(),
        networks: Vec::new(),
        expires_at: None,
    }
}

async fn make(
    house: &House,
    by: &Actor,
    key: NewKey,
    token: &Token,
) -> Result<ApiKey, ControlError> {
    let (by, token) = (by.clone(), token.clone());
    house
        .write(move |tx| api_keys::create(tx, &by, &key, &token))
        .await
}

async fn show(house: &House, token: &Secret, from: &str) -> Option<Actor> {
    let token = token.clone();
    let origin = Origin {
        address: Some(from.parse().unwrap()),
        request: None,
    };
    let found = house
        .read(move |tx| api_keys::authenticate(tx, &token, origin))
        .await;
    found.unwrap().map(|by| by.actor)
}

hikyaku_db::on_both_engines! {
    async fn a_token_opens_what_its_key_allows(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let token = Token::generate();
        let wanted = new(Within::Tenant(tenant), &[Permission::AccountsRead]);
        let key = make(&house, &admin, wanted, &token).await.unwrap();
        let actor = show(&house, token.secret(), "192.0.2.1").await.unwrap();
        assert!(actor.rights.in_tenant(Permission::AccountsRead, tenant));
        assert_eq!(actor.rights.iter().count(), 1);
        assert_eq!(actor.home(), Some(tenant));
        assert_eq!(actor.own_account(), None);
        let entry = house.newest(&house.ours).await;
        assert_eq!(entry.action, "api_key.create");
        assert!(!entry.after.to_string().contains(token.secret().expose()));
        for wrong in ["", "hik_", "hik_0000", &key.shown] {
            assert!(show(&house, &Secret::from(wrong), "192.0.2.1").await.is_none());
        }
        let by = admin.clone();
        house.write(move |tx| api_keys::revoke(tx, &by, key.id)).await.unwrap();
        assert!(show(&house, token.secret(), "192.0.2.1").await.is_none());
    }

    async fn a_key_works_from_its_networks_until_its_end(test: TestDatabase) {
        let house = House::new(&test).await;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let token = Token::generate();
        let hour = Duration::from_hours(1);
        let mut wanted = new(Within::Tenant(house.ours.tenant.tenant), &[Permission::LogRead]);
        wanted.networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        wanted.expires_at = Some(test.db.now().plus(hour));
        make(&house, &admin, wanted, &token).await.unwrap();
        for (from, expected) in [
            ("192.0.2.77", true),
            ("::ffff:192.0.2.77", true),
            ("2001:db8::5", true),
            ("198.51.100.1", false),
        ] {
            assert_eq!(show(&house, token.secret(), from).await.is_some(), expected, "{from}");
        }
        let unknown = token.secret().clone();
        let nowhere = house.read(move |tx| {
            api_keys::authenticate(tx, &unknown, Origin::default())
        });
        assert!(nowhere.await.unwrap().is_none());
        test.clock.advance(hour);
        assert!(show(&house, token.secret(), "192.0.2.77").await.is_none());
    }

    async fn nobody_makes_a_key_for_more_than_they_may(test: TestDatabase) {
        let house = House::new(&test).await;
        let (ours, other) = (house.ours.tenant.tenant, house.other.tenant.tenant);
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let whole = Within::Tenant(ours);
        let mut cases = vec![
            (new(Within::Platform, &[Permission::LogRead]), "forbidden api-keys.write"),
            (new(Within::Tenant(other), &[Permission::LogRead]), "no tenant"),
            (new(Within::Domain(other, house.other.main), &[Permission::LogRead]), "no domain"),
            (new(whole, &[Permission::PlansWrite]), "invalid permissions"),
            (new(whole, &[]), "invalid permissions"),
        ];
        for never in NEVER_IN_KEYS {
            cases.push((new(whole, &[*never]), "invalid permissions"));
        }
        let mut crowded = new(whole, &[Permission::LogRead]);
        crowded.networks = vec!["192.0.2.1".parse().unwrap(); MAX_NETWORKS + 1];
        cases.push((crowded, "invalid networks"));
        let mut nameless = new(whole, &[Permission::LogRead]);
        nameless.label.replace_range(.., " ");
        cases.push((nameless, "invalid label"));
        for (wanted, expected) in cases {
            let refused = make(&house, &admin, wanted, &Token::generate()).await;
            assert_eq!(refusal(refused), expected);
        }
        let viewer = house.with_role(&house.ours, "viewer", "read-only").await;
        let wanted = new(whole, &[Permission::LogRead]);
        let refused = make(&house, &viewer, wanted, &Token::generate()).await;
        assert_eq!(refusal(refused), "forbidden api-keys.write");
    }

    async fn keys_of_others_are_not_there_and_die_with_the_service(test: TestDatabase) {
        let house = House::new(&test).await;
        let (tenant, other) = (house.ours.tenant, house.other.tenant.tenant);
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let token = Token::generate();
        let console = Actor::console("root");
        let theirs = new(Within::Tenant(other), &[Permission::LogRead]);
        let theirs = make(&house, &console, theirs, &Token::generate()).await.unwrap().id;
        let ours = new(Within::Tenant(tenant.tenant), &[Permission::LogRead]);
        make(&house, &admin, ours, &token).await.unwrap();
        let unknown: ApiKeyId = "12345".parse().unwrap();
        for id in [theirs, unknown] {
            let by = admin.clone();
            let shown = house.read(move |tx| api_keys::show(tx, &by, id)).await;
            assert_eq!(refusal(shown), "no api_key");
            let by = admin.clone();
            let gone = house.write(move |tx| api_keys::revoke(tx, &by, id)).await;
            assert_eq!(refusal(gone), "no api_key");
        }
        let by = admin.clone();
        let page = KeyPage { after: None, limit: 50 };
        let listed = house.read(move |tx| api_keys::list(tx, &by, Some(tenant.tenant), page));
        assert_eq!(listed.await.unwrap().items.len(), 1);
        assert!(show(&house, token.secret(), "192.0.2.1").await.is_some());
        let suspended = house.write(move |tx| {
            Ok(tenants::set_status(tx, OPERATOR, tenant, TenantStatus::Suspended)?)
        });
        suspended.await.unwrap();
        assert!(show(&house, token.secret(), "192.0.2.1").await.is_none());
    }

    async fn a_use_is_noted_now_and_then(test: TestDatabase) {
        let house = House::new(&test).await;
        let token = Token::generate();
        let console = Actor::console("root");
        let wanted = new(Within::Platform, &[Permission::LogRead]);
        let key = make(&house, &console, wanted, &token).await.unwrap().id;
        let origin = Origin { address: Some("192.0.2.9".parse().unwrap()), request: None };
        let stale = || {
            let secret = token.secret().clone();
            house.read(move |tx| {
                Ok(api_keys::authenticate(tx, &secret, origin)?.unwrap().stale)
            })
        };
        assert_eq!(stale().await.unwrap(), Some(key));
        house.write(move |tx| Ok(api_keys::note_use(tx, key, origin)?)).await.unwrap();
        assert_eq!(stale().await.unwrap(), None);
        test.clock.advance(api_keys::USE_IS_STALE_AFTER);
        assert_eq!(stale().await.unwrap(), Some(key));
        let by = console.clone();
        let shown = house.read(move |tx| api_keys::show(tx, &by, key)).await.unwrap();
        assert_eq!(shown.used_from.as_deref(), Some("192.0.2.9"));
    }

    async fn there_is_an_end_to_keys(test: TestDatabase) {
        let house = House::new(&test).await;
        let within = Within::Tenant(house.ours.tenant.tenant);
        let tokens: Vec<Token> = (0..MAX_KEYS).map(|_| Token::generate()).collect();
        let made = house.write(move |tx| {
            for token in &tokens {
                let wanted = new(within, &[Permission::LogRead]);
                api_keys::create(tx, &Actor::console("root"), &wanted, token)?;
            }
            Ok(())
        });
        made.await.unwrap();
        let wanted = new(within, &[Permission::LogRead]);
        let refused = make(&house, &Actor::console("root"), wanted, &Token::generate()).await;
        assert_eq!(refusal(refused), "too_many_keys");
    }
}
