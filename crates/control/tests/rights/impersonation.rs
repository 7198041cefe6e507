//! Acting as somebody else (F-44).

use hikyaku_control::{
    Actor, ContentAccess, ControlError, Reading, Rights, Within,
    api_keys::Token,
    impersonation::{self, Begin, Impersonation, LASTS},
    log,
};
use hikyaku_directory::{AccountScope, accounts};
use hikyaku_oplog::Search;
use hikyaku_types::{ImpersonationId, Permission};
use serde_json::json;

use crate::fixture::{ADMINISTRATOR, House, OPERATOR, refusal};

async fn begin(
    house: &House,
    by: &Actor,
    target: AccountScope,
    content: ContentAccess,
) -> Result<(Impersonation, Token), ControlError> {
    let (by, token) = (by.clone(), Token::generate());
    let shown = token.clone();
    let made = house.write(move |tx| {
        let account = accounts::find_by_id(tx, OPERATOR, target.account)?;
        let wanted = Begin {
            reason: "問い合わせ #123".to_owned(),
            content,
        };
        impersonation::begin(tx, &by, &account, &wanted, &shown)
    });
    made.await.map(|made| (made, token))
}

async fn assume(house: &House, by: &Actor, token: &Token) -> Option<Actor> {
    let (by, secret) = (by.clone(), token.secret().clone());
    house
        .read(move |tx| Ok(impersonation::assume(tx, &by, &secret)?))
        .await
        .unwrap()
}

async fn end(house: &House, by: &Actor, id: ImpersonationId) -> Result<(), ControlError> {
    let by = by.clone();
    house.write(move |tx| impersonation::end(tx, &by, id)).await
}

const CLOSED: ContentAccess = ContentAccess::Closed;
const OPEN: ContentAccess = ContentAccess::Open;

hikyaku_db::on_both_engines! {
    async fn the_targets_rights_hold_and_no_more(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let support = house.with_role(&house.provider, "support", "operator-support").await;
        let target = house.person(&house.ours, "target").await;
        house.appoint(target, "help-desk", Within::Tenant(tenant)).await;
        let (made, token) = begin(&house, &support, target, CLOSED).await.unwrap();
        let acting = assume(&house, &support, &token).await.unwrap();
        assert_eq!(acting.own_account(), Some(target));
        assert!(acting.rights.in_tenant(Permission::CredentialsReset, tenant));
        assert!(!acting.rights.on_platform(Permission::AccountsRead));
        assert!(!acting.rights.in_tenant(Permission::LogRead, tenant));
        let impersonator = acting.impersonator.clone().unwrap();
        assert_eq!(impersonator.principal, support.principal);
        assert_eq!(impersonator.content, CLOSED);
        assert_eq!(refusal(acting.own_credentials()), "impersonating");
        assert!(support.own_credentials().is_ok());
        // It does not nest.
        let other = house.person(&house.ours, "other").await;
        assert_eq!(refusal(begin(&house, &acting, other, CLOSED).await), "impersonating");
        assert!(assume(&house, &acting, &token).await.is_none());
        // Its end.
        test.clock.advance(LASTS);
        assert!(assume(&house, &support, &token).await.is_none());
        assert_eq!(made.expires_at, test.db.now());
    }

    async fn the_token_is_worth_nothing_to_others_or_without_the_right(test: TestDatabase) {
        let house = House::new(&test).await;
        let support = house.with_role(&house.provider, "support", "operator-support").await;
        let colleague = house.with_role(&house.provider, "colleague", "operator-support").await;
        let target = house.person(&house.ours, "target").await;
        let (_, token) = begin(&house, &support, target, CLOSED).await.unwrap();
        assert!(assume(&house, &colleague, &token).await.is_none());
        assert!(assume(&house, &support, &Token::generate()).await.is_none());
        let mut without = support.clone();
        without.rights = Rights::default();
        assert!(assume(&house, &without, &token).await.is_none());
        // The target has become more than the administrator is.
        house.appoint(target, "operator-manage", Within::Platform).await;
        house.appoint(target, ADMINISTRATOR, Within::Tenant(target.tenant)).await;
        assert!(assume(&house, &support, &token).await.is_none());
        assert_eq!(refusal(begin(&house, &support, target, CLOSED).await), "forbidden contracts.write");
    }

    async fn it_is_refused_with_its_reason(test: TestDatabase) {
        let house = House::new(&test).await;
        let target = house.person(&house.ours, "target").await;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        let support = house.with_role(&house.provider, "support", "operator-support").await;
        let itself = support.own_account().unwrap();
        assert_eq!(refusal(begin(&house, &admin, target, CLOSED).await), "forbidden impersonate");
        assert_eq!(refusal(begin(&house, &support, itself, CLOSED).await), "invalid account");
        let console = Actor::console("root");
        assert_eq!(refusal(begin(&house, &console, target, CLOSED).await), "persons_only");
        let (by, token) = (support.clone(), Token::generate());
        let silent = house.write(move |tx| {
            let account = accounts::find_by_id(tx, OPERATOR, target.account)?;
            let wanted = Begin { reason: " ".to_owned(), content: CLOSED };
            impersonation::begin(tx, &by, &account, &wanted, &token)
        });
        assert_eq!(refusal(silent.await), "invalid reason");
    }

    async fn mail_needs_the_permission_and_the_consent(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let target = house.person(&house.ours, "target").await;
        let support = house.with_role(&house.provider, "support", "operator-support").await;
        let manager = house.with_role(&house.provider, "manager", "operator-manage").await;
        let admin = house.with_role(&house.ours, "admin", ADMINISTRATOR).await;
        assert_eq!(refusal(begin(&house, &support, target, OPEN).await), "forbidden content.read");
        assert_eq!(refusal(begin(&house, &manager, target, OPEN).await), "no_consent");
        let set = |by: &Actor, wanted| {
            let by = by.clone();
            house.write(move |tx| impersonation::set_consent(tx, &by, tenant, wanted))
        };
        assert_eq!(refusal(set(&manager, Some(None)).await), "own_tenant_only");
        assert!(set(&admin, Some(None)).await.unwrap().is_some());
        let (_, token) = begin(&house, &manager, target, OPEN).await.unwrap();
        let acting = assume(&house, &manager, &token).await.unwrap();
        assert_eq!(acting.impersonator.unwrap().content, OPEN);
        assert_eq!(refusal(begin(&house, &support, target, OPEN).await), "forbidden content.read");
        // Taken back, it is closed at the next request.
        assert!(set(&admin, None).await.unwrap().is_none());
        let acting = assume(&house, &manager, &token).await.unwrap();
        assert_eq!(acting.impersonator.unwrap().content, CLOSED);
    }

    async fn the_person_and_the_tenant_see_it(test: TestDatabase) {
        let house = House::new(&test).await;
        let tenant = house.ours.tenant.tenant;
        let target = house.person(&house.ours, "target").await;
        let support = house.with_role(&house.provider, "support", "operator-support").await;
        let (made, token) = begin(&house, &support, target, CLOSED).await.unwrap();
        let entry = house.newest(&house.ours).await;
        assert_eq!(entry.action, "impersonation.begin");
        assert_eq!(entry.actor.name, "support@provider.test");
        assert_eq!(entry.reason.as_deref(), Some("問い合わせ #123"));
        // What is done meanwhile is on behalf of the person.
        let acting = assume(&house, &support, &token).await.unwrap();
        let address = "target@ours.test";
        house
            .write(move |tx| {
                let details = json!({ "folder": "INBOX" });
                let read = Reading { of: target, address, details };
                Ok(acting.log_reading(tx, "deleted_messages.read", read)?)
            })
            .await
            .unwrap();
        let entry = house.newest(&house.ours).await;
        assert_eq!(entry.actor.name, "support@provider.test");
        assert_eq!(entry.on_behalf_of.unwrap().name, address);
        let owner = house.actor(target).await;
        let (by, reader) = (owner.clone(), owner.clone());
        // Reading the own mail is nobody's business.
        house
            .write(move |tx| {
                let read = Reading { of: target, address, details: json!({}) };
                Ok(reader.log_reading(tx, "deleted_messages.read", read)?)
            })
            .await
            .unwrap();
        end(&house, &owner, made.id).await.unwrap();
        let seen = house.read(move |tx| log::own_access(tx, &by, None, 50)).await.unwrap();
        let actions: Vec<&str> = seen.entries.iter().map(|one| one.action.as_str()).collect();
        assert_eq!(
            actions,
            ["impersonation.end", "deleted_messages.read", "impersonation.begin"]
        );
        assert!(assume(&house, &support, &token).await.is_none());
        let stranger = house.with_role(&house.other, "admin", ADMINISTRATOR).await;
        assert_eq!(refusal(end(&house, &stranger, made.id).await), "no impersonation");
        let by = stranger.clone();
        let log = house.read(move |tx| log::search(tx, &by, Some(tenant), &Search::default()));
        assert_eq!(refusal(log.await), "no tenant");
        let waiting: i64 = house
            .read(|tx| {
                let sql = "SELECT COUNT(*) FROM notice_outbox WHERE event = 'impersonated'";
                Ok(tx.query_one(sql, &[], |row| row.get(0))?)
            })
            .await
            .unwrap();
        assert_eq!(waiting, 1);
    }
}
