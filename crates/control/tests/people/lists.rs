//! Lists of accounts: searched, filtered, sorted, page by page.

use hikyaku_control::{
    Actor, ControlError, DomainRef, TenantRef, Within,
    accounts::{
        self, AccountFilter, AccountForm, AccountSort, AfterAccount, AliveStatus, Descending,
    },
};
use hikyaku_types::{ByteSize, Permission};

use crate::office::{ADMINISTRATOR, Office, console, named, with};

/// The local parts of a list, over pages of `limit`.
async fn all_pages(
    office: &Office,
    actor: &Actor,
    filter: AccountFilter,
    order: (AccountSort, Descending),
    limit: u32,
) -> Result<Vec<String>, ControlError> {
    let mut found = Vec::new();
    let mut after: Option<AfterAccount> = None;
    loop {
        let (actor, filter, place) = (actor.clone(), filter.clone(), after.clone());
        let page = office
            .read(move |tx| accounts::list(tx, &actor, &filter, order, (place.as_ref(), limit)))
            .await?;
        assert!(page.items.len() <= limit as usize);
        let names = page.items.iter().map(|item| &item.details.account.address);
        found.extend(names.map(|address| address.local().to_owned()));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

const BY_ADDRESS: (AccountSort, Descending) = (AccountSort::Address, Descending::No);

async fn search(office: &Office, q: &str) -> String {
    let filter = AccountFilter {
        q: Some(q.to_owned()),
        ..AccountFilter::default()
    };
    let mut results = Vec::new();
    for limit in [1, 50] {
        let found = all_pages(office, &console(), filter.clone(), BY_ADDRESS, limit).await;
        results.push(found.unwrap().join(" "));
    }
    assert_eq!(results[0], results[1], "pages of one and of many");
    results.remove(0)
}

async fn people(office: &Office) {
    let in_department = |department: &str, form: AccountForm| AccountForm {
        department: Some(department.into()),
        ..form
    };
    let yamada = named("山田", "太郎", ("ヤマダ", "タロウ"));
    office
        .person("taro@a.test", in_department("営業部", yamada))
        .await;
    let maruyama = named("丸山", "花子", ("まるやま", "はなこ"));
    office
        .person("hanako@a.test", in_department("第一営業部", maruyama))
        .await;
    let smith = named("Smith", "John", ("", ""));
    office.person("John.Smith@c.test", smith).await;
    office.person("taro@b.test", AccountForm::default()).await;
}

hikyaku_db::on_both_engines! {
    async fn fragments_are_found_wherever_they_stand(test: TestDatabase) {
        let office = Office::new(test).await;
        people(&office).await;
        for (q, expected) in [
            ("taro", "taro taro"),
            ("TARO", "taro taro"),
            ("aro", "taro taro"),
            ("taro@a", "taro"),
            ("taro@b.test", "taro"),
            ("@c.te", "John.Smith"),
            ("山", "hanako taro"),
            ("丸山", "hanako"),
            ("田太", "taro"),
            ("山田 太郎", "taro"),
            ("やまだ", "taro"),
            ("ﾏﾙﾔﾏ", "hanako"),
            ("ヤマ", "hanako taro"),
            ("業部", "hanako taro"),
            ("一営", "hanako"),
            ("johnsmith", "John.Smith"),
            ("Ｓｍｉｔｈ", "John.Smith"),
            ("n.s", "John.Smith"),
            ("h", "hanako John.Smith"),
            // Pieces of two fields are no text of one.
            ("郎太山", ""),
            ("rojo", ""),
            ("%", ""),
            ("_", ""),
        ] {
            assert_eq!(search(&office, q).await, expected, "{q}");
        }
    }

    async fn what_changes_is_found_by_its_new_words_only(test: TestDatabase) {
        let office = Office::new(test).await;
        people(&office).await;
        let married = named("佐藤", "花子", ("サトウ", "ハナコ"));
        office.change(&console(), "hanako@a.test", married).await.unwrap();
        assert_eq!(search(&office, "丸山").await, "");
        assert_eq!(search(&office, "佐藤花").await, "hanako");
        assert_eq!(search(&office, "花子").await, "hanako");
    }

    async fn filters_and_orders_can_be_joined(test: TestDatabase) {
        let office = Office::new(test).await;
        people(&office).await;
        let suspended = AccountForm {
            receiving: Some("suspended".into()),
            ..AccountForm::default()
        };
        office.change(&console(), "taro@a.test", suspended).await.unwrap();
        let full = AccountForm {
            quota_bytes: Some(ByteSize(1)),
            ..AccountForm::default()
        };
        office.change(&console(), "hanako@a.test", full).await.unwrap();
        let ours = || AccountFilter {
            tenant: Some(TenantRef::from("ours")),
            ..AccountFilter::default()
        };
        let by = |sort| (sort, Descending::No);
        let cases = [
            (ours(), BY_ADDRESS, "hanako John.Smith taro"),
            (ours(), (AccountSort::Address, Descending::Yes), "taro John.Smith hanako"),
            (ours(), by(AccountSort::Name), "John.Smith hanako taro"),
            (ours(), (AccountSort::Name, Descending::Yes), "taro hanako John.Smith"),
            (ours(), by(AccountSort::CreatedAt), "taro hanako John.Smith"),
            (ours(), by(AccountSort::Used), "taro hanako John.Smith"),
            (ours(), by(AccountSort::LastSignIn), "taro hanako John.Smith"),
            (
                AccountFilter { status: Some(AliveStatus::ReceivingSuspended), ..ours() },
                BY_ADDRESS,
                "taro",
            ),
            (
                AccountFilter { status: Some(AliveStatus::Active), ..ours() },
                BY_ADDRESS,
                "hanako John.Smith",
            ),
            (
                AccountFilter { department: Some("営業部".into()), ..ours() },
                BY_ADDRESS,
                "taro",
            ),
            (
                AccountFilter { domain: Some(DomainRef::from("c.test")), ..AccountFilter::default() },
                by(AccountSort::Name),
                "John.Smith",
            ),
            (
                AccountFilter { q: Some("営業".into()), ..ours() },
                (AccountSort::Name, Descending::Yes),
                "taro hanako",
            ),
        ];
        for (filter, order, expected) in cases {
            for limit in [1, 2, 50] {
                let shown = format!("{filter:?} {order:?} {limit}");
                let found = all_pages(&office, &console(), filter.clone(), order, limit).await;
                assert_eq!(found.unwrap().join(" "), expected, "{shown}");
            }
        }
    }

    async fn an_order_without_an_index_needs_a_tenant(test: TestDatabase) {
        let office = Office::new(test).await;
        let order = (AccountSort::Used, Descending::No);
        let refused = all_pages(&office, &console(), AccountFilter::default(), order, 50).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, ControlError::Invalid { field: "sort", .. }), "{error}");
    }

    async fn administrators_see_what_is_theirs(test: TestDatabase) {
        let office = Office::new(test).await;
        people(&office).await;
        let scope = office.person("boss@a.test", AccountForm::default()).await;
        let everything = AccountFilter::default;
        let of_tenant = with(scope, &ADMINISTRATOR, Within::Tenant(office.ours.tenant));
        let found = all_pages(&office, &of_tenant, everything(), BY_ADDRESS, 2).await.unwrap();
        assert_eq!(found, ["boss", "hanako", "John.Smith", "taro"]);
        let c = office.domain("c.test").await;
        let of_domain = with(scope, &ADMINISTRATOR, Within::Domain(office.ours.tenant, c));
        let found = all_pages(&office, &of_domain, everything(), BY_ADDRESS, 2).await.unwrap();
        assert_eq!(found, ["John.Smith"]);
        let rare = AccountFilter { q: Some("taro".into()), ..everything() };
        let found = all_pages(&office, &of_domain, rare, BY_ADDRESS, 2).await.unwrap();
        assert_eq!(found, [""; 0]);
        let foreign = AccountFilter { domain: Some(DomainRef::from("b.test")), ..everything() };
        let refused = all_pages(&office, &of_tenant, foreign, BY_ADDRESS, 2).await;
        assert!(matches!(refused, Err(ControlError::NoSuch { kind: "domain", .. })), "{refused:?}");
        let nobody = with(scope, &[Permission::UsageRead], Within::Tenant(office.ours.tenant));
        let refused = all_pages(&office, &nobody, everything(), BY_ADDRESS, 2).await;
        assert!(matches!(refused, Err(ControlError::Forbidden(_))), "{refused:?}");
    }
}
