//! Domain aliases, the proof of ownership, removal and transfer.

use hikyaku_db::Database;
use hikyaku_directory::{
    DirectoryError, TenantScope,
    accounts::{NewAccount, SendAs, may_send_as},
    addresses::{self, AddressKind, Resolution},
    domains::{self, Check, DomainService, Query, Verification},
};
use hikyaku_types::{DomainId, EmailAddress};

use crate::fixture::{
    Answer, OPERATOR, account, add_domain, address, alias, assert_consistent, domain, read,
    resolve, tenant, try_account, try_alias, write,
};

const TOKEN: &str = "00112233445566778899aabbccddeeff";

async fn id(db: &Database, name: &'static str) -> DomainId {
    let found = read(db, move |tx| domains::find(tx, OPERATOR, &domain(name)));
    found.await.unwrap().id
}

async fn set_alias(
    db: &Database,
    scope: TenantScope,
    name: &'static str,
    target: Option<&'static str>,
) -> Answer<()> {
    let name = id(db, name).await;
    let target = match target {
        Some(target) => Some(id(db, target).await),
        None => None,
    };
    write(db, move |tx| domains::set_alias_of(tx, scope, name, target)).await
}

fn kind(resolution: &Resolution) -> Option<AddressKind> {
    match resolution {
        Resolution::Account { address_kind, .. } => Some(*address_kind),
        _ => None,
    }
}

hikyaku_db::on_both_engines! {
    async fn a_domain_alias_has_every_address_of_its_domain(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        add_domain(db, ours, "example.jp").await;
        let taro = account(db, "taro@example.test").await;
        let boss = account(db, "boss@example.test").await;
        alias(db, "info@example.test", "taro@example.test").await;
        set_alias(db, ours, "example.jp", Some("example.test")).await.unwrap();
        for (name, scope, wanted) in [
            ("taro@example.jp", taro, AddressKind::Own),
            ("Info@Example.JP", taro, AddressKind::Alias),
            ("taro+tag@example.jp", taro, AddressKind::Subaddress),
            ("postmaster@example.jp", taro, AddressKind::Postmaster),
        ] {
            let found = resolve(db, name).await;
            assert_eq!(kind(&found), Some(wanted), "{name}");
            assert!(
                matches!(found, Resolution::Account { scope: whose, .. } if whose == scope),
                "{name}: {found:?}"
            );
        }
        assert_eq!(resolve(db, "nobody-here@example.jp").await, Resolution::UnknownAddress);
        write(db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(boss))
        })
        .await
        .unwrap();
        let caught = resolve(db, "nobody-here@example.jp").await;
        assert_eq!(kind(&caught), Some(AddressKind::CatchAll));
        // Many at once, some here and some there, are one statement as well.
        let wanted: Vec<EmailAddress> = (0..20)
            .map(|n| address(&format!("taro{}@example.{}", if n % 2 == 0 { "+t" } else { "" },
                if n % 3 == 0 { "jp" } else { "test" })))
            .collect();
        let (found, statements) = read(db, move |tx| {
            let found = addresses::resolve_many(tx, &wanted)?;
            Ok((found, tx.statements()))
        })
        .await
        .unwrap();
        assert_eq!(statements, 1);
        let known = |one| kind(one).is_some_and(|kind| kind != AddressKind::CatchAll);
        assert!(found.iter().all(known));
        let alone = address("taro@example.jp");
        let statements = read(db, move |tx| {
            addresses::resolve(tx, &alone)?;
            Ok(tx.statements())
        });
        assert_eq!(statements.await.unwrap(), 1, "a delivery looks once");
        set_alias(db, ours, "example.jp", None).await.unwrap();
        assert_eq!(resolve(db, "taro@example.jp").await, Resolution::UnknownAddress);
        assert_consistent(&test).await;
    }

    async fn an_alias_domain_has_nothing_of_its_own(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let theirs = tenant(db, "theirs", "example.org").await;
        add_domain(db, ours, "example.jp").await;
        add_domain(db, ours, "third.test").await;
        account(db, "taro@example.test").await;
        let refused = set_alias(db, ours, "example.test", Some("example.jp")).await.unwrap_err();
        assert!(refused.to_string().contains("has accounts"), "{refused}");
        assert!(set_alias(db, ours, "example.jp", Some("example.jp")).await.is_err());
        let foreign = set_alias(db, ours, "example.jp", Some("example.org")).await.unwrap_err();
        assert!(matches!(foreign, DirectoryError::NoSuchDomainId(_)), "{foreign}");
        assert!(set_alias(db, theirs, "example.jp", None).await.is_err());
        set_alias(db, ours, "example.jp", Some("example.test")).await.unwrap();
        let chain = set_alias(db, ours, "third.test", Some("example.jp")).await.unwrap_err();
        assert!(chain.to_string().contains("alias itself"), "{chain}");
        for refused in [
            try_account(db, "new@example.jp").await,
            try_alias(db, "new@example.jp", "taro@example.test").await,
        ] {
            assert!(matches!(refused, Err(DirectoryError::DomainIsAlias(_))));
        }
        let target = id(db, "example.test").await;
        let refused = write(db, move |tx| domains::remove(tx, ours, target)).await.unwrap_err();
        assert!(matches!(refused, DirectoryError::DomainNotEmpty { .. }), "{refused}");
        assert_consistent(&test).await;
    }

    async fn a_domain_without_its_proof_is_not_ours(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let new = write(db, move |tx| {
            domains::create_unverified(tx, ours, &domain("bank.test"), TOKEN)
        })
        .await
        .unwrap();
        let taro = account(db, "taro@bank.test").await;
        assert_eq!(resolve(db, "taro@bank.test").await, Resolution::NotLocal);
        let standing = || async move {
            read(db, move |tx| {
                let served = domains::find_in_service(tx, OPERATOR, &domain("bank.test")).is_ok();
                let sender = "taro@bank.test".parse().unwrap();
                Ok::<_, DirectoryError>((served, may_send_as(tx, taro, &sender)?))
            })
            .await
            .unwrap()
        };
        // Nobody sends in its name, and mail for it is not kept from whoever it belongs to.
        assert_eq!(standing().await, (false, SendAs::NotOwned));
        let check = |token: &'static str, check| async move {
            write(db, move |tx| domains::record_check(tx, ours, new, token, check))
                .await
                .unwrap();
            let found = read(db, move |tx| domains::find(tx, ours, &domain("bank.test")));
            let found = found.await.unwrap();
            (found.proof.state, found.service)
        };
        let waits = DomainService::AwaitsProof;
        let failed = (Verification::Failed, waits);
        assert_eq!(check(TOKEN, Check::NotProved).await, failed);
        assert_eq!(check("another token", Check::Proved).await, failed);
        let proved = (Verification::Verified, DomainService::Running);
        assert_eq!(check(TOKEN, Check::Proved).await, proved);
        assert_eq!(standing().await, (true, SendAs::Allowed));
        assert_eq!(kind(&resolve(db, "taro@bank.test").await), Some(AddressKind::Own));
        // A record that is tidied away later stops no mail.
        assert_eq!(check(TOKEN, Check::NotProved).await, proved);
        assert_eq!(domains::expected_record(TOKEN), format!("hikyaku-verification={TOKEN}"));
        let name = domains::record_name(&domain("bank.test")).unwrap();
        assert_eq!(name.as_str(), "_hikyaku.bank.test");
    }

    async fn the_operator_knows_whose_a_domain_is(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let made = read(db, |tx| domains::find(tx, OPERATOR, &domain("example.test")));
        assert_eq!(made.await.unwrap().proof.state, Verification::Verified);
        let new = write(db, move |tx| {
            domains::create_unverified(tx, ours, &domain("new.test"), TOKEN)
        })
        .await
        .unwrap();
        write(db, move |tx| domains::verify_by_hand(tx, OPERATOR, ours, new)).await.unwrap();
        let found = read(db, |tx| domains::find(tx, OPERATOR, &domain("new.test"))).await.unwrap();
        assert_eq!(found.service, DomainService::Running);
        assert_eq!(found.proof.token.as_deref(), Some(TOKEN));
    }

    async fn only_an_empty_domain_goes_or_moves(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let theirs = tenant(db, "theirs", "example.org").await;
        add_domain(db, ours, "moving.test").await;
        let moving = id(db, "moving.test").await;
        account(db, "taro@moving.test").await;
        let give = || async move {
            write(db, move |tx| domains::move_to_tenant(tx, OPERATOR, ours, moving, theirs)).await
        };
        let refused = give().await.unwrap_err();
        assert!(matches!(refused, DirectoryError::DomainNotEmpty { .. }), "{refused}");
        let taro = read(db, |tx| {
            hikyaku_directory::accounts::find_by_address(tx, OPERATOR, &address("taro@moving.test"))
        })
        .await
        .unwrap()
        .scope;
        write(db, move |tx| hikyaku_directory::accounts::delete(tx, taro)).await.unwrap();
        assert!(give().await.is_err(), "a deleted account can come back");
        write(db, move |tx| hikyaku_directory::accounts::erase(tx, taro)).await.unwrap();
        give().await.unwrap();
        let found = read(db, |tx| domains::find(tx, OPERATOR, &domain("moving.test")));
        assert_eq!(found.await.unwrap().tenant, theirs);
        let new = NewAccount::person(address("eve@moving.test"));
        write(db, move |tx| hikyaku_directory::accounts::create(tx, theirs, &new)).await.unwrap();
        let mine = id(db, "example.test").await;
        write(db, move |tx| domains::remove(tx, ours, mine)).await.unwrap();
        assert!(read(db, |tx| domains::find(tx, OPERATOR, &domain("example.test"))).await.is_err());
        assert_consistent(&test).await;
    }

    async fn domains_are_found_in_either_script(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "例え.test").await;
        add_domain(db, ours, "example.test").await;
        tenant(db, "theirs", "example.org").await;
        account(db, "taro@example.test").await;
        let found = |text: &str, tenant: Option<TenantScope>| {
            let query = Query { text: text.to_owned(), limit: 10, ..Query::default() };
            async move {
                let found = read(db, move |tx| match tenant {
                    Some(tenant) => domains::search(tx, tenant, &query),
                    None => domains::search(tx, OPERATOR, &query),
                });
                let rows = found.await.unwrap().into_iter();
                rows.map(|row| format!("{} {}", row.domain.name, row.accounts)).collect::<Vec<_>>()
            }
        };
        assert_eq!(found("例え", None).await, ["xn--r8jz45g.test 0"]);
        assert_eq!(found("XN--", Some(ours)).await, ["xn--r8jz45g.test 0"]);
        assert_eq!(found("example", None).await, ["example.org 0", "example.test 1"]);
        assert_eq!(found("example", Some(ours)).await, ["example.test 1"]);
        let none = Query { only: Some(Vec::new()), limit: 10, ..Query::default() };
        let rows = read(db, move |tx| domains::search(tx, OPERATOR, &none)).await.unwrap();
        assert_eq!(rows, []);
    }
}
