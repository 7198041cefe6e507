//! Creating, changing and renaming accounts.

use std::collections::BTreeMap;

use hikyaku_control::{
    AccountRef, ControlError, Principal, Within,
    accounts::{self, AccountForm, ProfileChange, WholeAccount},
};
use hikyaku_directory::{
    AccountKind, DirectoryError, PlatformScope,
    accounts::{OldAddress, Reception, Way},
    addresses, check,
};
use hikyaku_types::{ByteSize, Permission};

use crate::office::{ADMINISTRATOR, Office, address, console, named, person, user, with};

async fn assert_consistent(office: &Office) {
    let findings = office.read(|tx| Ok(check::run(tx, PlatformScope::operator())?));
    assert_eq!(findings.await.unwrap(), []);
}

fn full_form() -> AccountForm {
    AccountForm {
        department: Some("営業部".into()),
        title: Some("部長".into()),
        phone: Some("03-1234-5678".into()),
        employee_number: Some("E001".into()),
        attributes: Some(BTreeMap::from([("room".into(), "4F".into())])),
        notes: Some("on leave\nuntil May".into()),
        language: Some("en".into()),
        time_zone: Some("Europe/Paris".into()),
        quota_bytes: Some(ByteSize::mib(10)),
        quota_messages: Some(50),
        pop: Some(false),
        may_change_password: Some(false),
        may_edit_profile: Some(false),
        in_gal: Some(false),
        in_directory: Some(true),
        sending: Some("suspended".into()),
        networks: Some(BTreeMap::from([(
            "imap".into(),
            vec!["192.0.2.0/24".into()],
        )])),
        ..named("山田", "太郎", ("ヤマダ", "タロウ"))
    }
}

fn fields(whole: &WholeAccount) -> String {
    let details = &whole.view.details;
    let (account, settings) = (&details.account, &details.settings);
    let profile = &settings.profile;
    format!(
        "{} {} {} {} {} {} {:?} {} {} {} {} {} {:?}",
        account.name,
        profile.department,
        profile.title,
        profile.phone,
        profile.employee_number,
        account.time_zone.as_str(),
        profile.attributes,
        account.access.pop,
        settings.sending,
        whole.view.usage.quota.bytes,
        whole.view.usage.quota.messages,
        settings.notes.replace('\n', "|"),
        settings.switches,
    )
}

hikyaku_db::on_both_engines! {
    async fn every_field_is_kept_and_changed_one_by_one(test: TestDatabase) {
        let office = Office::new(test).await;
        let made = office.try_person(&console(), "taro@a.test", full_form()).await.unwrap();
        let networks = &made.view.details.settings.networks;
        assert!(!networks.allow(Way::Imap, "198.51.100.1".parse().unwrap()));
        let before = fields(&made);
        assert!(before.starts_with("山田 太郎 営業部 部長 03-1234-5678 E001 Europe/Paris"), "{before}");
        assert!(before.contains("on leave|until May"), "{before}");
        // One field changes, the others stay.
        let phone = AccountForm { phone: Some("0120".into()), ..AccountForm::default() };
        let changed = office.change(&console(), "taro@a.test", phone).await.unwrap();
        assert_eq!(fields(&changed), before.replace("03-1234-5678", "0120"));
        let attributes = BTreeMap::from([("room".into(), String::new()), ("desk".into(), "7".into())]);
        let rearranged = AccountForm { attributes: Some(attributes), ..AccountForm::default() };
        let changed = office.change(&console(), "taro@a.test", rearranged).await.unwrap();
        let left = &changed.view.details.settings.profile.attributes;
        assert_eq!(left.iter().collect::<Vec<_>>(), [(&"desk".to_owned(), &"7".to_owned())]);
        assert_consistent(&office).await;
    }

    async fn what_cannot_be_is_refused_by_its_field(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let text = |text: &str| Some(text.to_owned());
        let bad_networks = BTreeMap::from([("imap".to_owned(), vec!["office".to_owned()])]);
        for (form, field) in [
            (AccountForm { status: text("gone"), ..AccountForm::default() }, "status"),
            (AccountForm { receiving: text("x"), ..AccountForm::default() }, "receiving"),
            (AccountForm { receiving: text("discarded"), ..AccountForm::default() }, "receiving"),
            (AccountForm { language: text("fr"), ..AccountForm::default() }, "language"),
            (AccountForm { time_zone: text("Mars"), ..AccountForm::default() }, "time_zone"),
            (AccountForm { networks: Some(bad_networks), ..AccountForm::default() }, "networks"),
        ] {
            let refused = office.change(&console(), "taro@a.test", form).await.unwrap_err();
            let ControlError::Invalid { field: named, .. } = &refused else {
                panic!("{refused}");
            };
            assert_eq!(*named, field);
        }
        let long = AccountForm { department: Some("あ".repeat(200)), ..AccountForm::default() };
        let refused = office.change(&console(), "taro@a.test", long).await.unwrap_err();
        assert!(refused.to_string().starts_with("department "), "{refused}");
    }

    /// The second of two administrators does not undo what the first did unseen.
    async fn two_administrators_do_not_overwrite_each_other(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let seen = office.show(&console(), "taro@a.test").await.unwrap();
        let change = |title: &'static str| {
            let (office, seen) = (&office, seen.clone());
            async move {
                let change = accounts::Change {
                    form: AccountForm { title: Some(title.into()), ..AccountForm::default() },
                    ..accounts::Change::default()
                };
                let which = AccountRef::from("taro@a.test");
                office
                    .write(move |tx| {
                        accounts::change(tx, &console(), &which, &change, |now| {
                            let same = now.view.details.settings == seen.view.details.settings;
                            if same { Ok(()) } else { Err(ControlError::Stale) }
                        })
                    })
                    .await
            }
        };
        let (first, second) = tokio::join!(change("部長"), change("課長"));
        let results = [first.is_ok(), second.is_ok()];
        assert_eq!(results.iter().filter(|done| **done).count(), 1, "{first:?} {second:?}");
        let refused = if first.is_ok() { second } else { first };
        assert!(matches!(refused, Err(ControlError::Stale)), "{refused:?}");
    }

    async fn a_rename_keeps_the_old_address_as_an_alias(test: TestDatabase) {
        let office = Office::new(test).await;
        let scope = office.person("hanako@a.test", AccountForm::default()).await;
        let rename = |to: &'static str, old: OldAddress| {
            let office = &office;
            async move {
                let which = AccountRef::from(scope.account.to_string().as_str());
                let to = address(to);
                office
                    .write(move |tx| accounts::rename(tx, &console(), &which, &to, old))
                    .await
            }
        };
        office.person("taken@a.test", AccountForm::default()).await;
        let refused = rename("taken@a.test", OldAddress::KeptAsAlias).await.unwrap_err();
        assert!(
            matches!(refused, ControlError::Directory(DirectoryError::NameTaken { .. })),
            "{refused}"
        );
        let foreign = rename("hanako@b.test", OldAddress::KeptAsAlias).await.unwrap_err();
        assert!(
            matches!(foreign, ControlError::Directory(DirectoryError::NoSuchDomain(_))),
            "{foreign}"
        );
        let renamed = rename("H.Sato@c.test", OldAddress::KeptAsAlias).await.unwrap();
        let account = &renamed.view.details.account;
        assert_eq!(account.address.to_string(), "H.Sato@c.test");
        assert_eq!(account.domain, office.domain("c.test").await);
        assert_eq!(renamed.aliases, [address("hanako@a.test")]);
        // Back again: the alias becomes the own address.
        let back = rename("hanako@a.test", OldAddress::Freed).await.unwrap();
        assert_eq!(back.view.details.account.address.to_string(), "hanako@a.test");
        assert_eq!(back.aliases, []);
        office.person("h.sato@c.test", AccountForm::default()).await;
        assert_consistent(&office).await;
    }

    async fn strangers_find_nothing(test: TestDatabase) {
        let office = Office::new(test).await;
        let ours = office.person("boss@a.test", AccountForm::default()).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let theirs = office.person("eve@b.test", AccountForm::default()).await;
        let eve = with(theirs, &ADMINISTRATOR, Within::Tenant(office.theirs.tenant));
        let taro = office.show(&console(), "taro@a.test").await.unwrap();
        let id = taro.view.details.account.scope.account.to_string();
        for which in ["taro@a.test", id.as_str(), "nobody@a.test", "1", "x"] {
            let form = AccountForm { title: Some("x".into()), ..AccountForm::default() };
            for refused in [
                office.show(&eve, which).await,
                office.change(&eve, which, form).await,
            ] {
                let error = refused.unwrap_err();
                assert!(matches!(error, ControlError::NoSuch { kind: "account", .. }), "{error}");
            }
        }
        let made = office.try_person(&eve, "x@a.test", AccountForm::default()).await;
        let hosted_nowhere = office.try_person(&eve, "x@z.test", AccountForm::default()).await;
        assert_eq!(
            made.unwrap_err().to_string().replace("a.test", "?"),
            hosted_nowhere.unwrap_err().to_string().replace("z.test", "?")
        );
        let reader = with(ours, &[Permission::AccountsRead], Within::Tenant(office.ours.tenant));
        assert!(office.show(&reader, "taro@a.test").await.is_ok());
        let form = AccountForm { title: Some("x".into()), ..AccountForm::default() };
        let refused = office.change(&reader, "taro@a.test", form).await.unwrap_err();
        assert!(matches!(refused, ControlError::Forbidden(_)), "{refused}");
    }

    async fn system_accounts_are_made_once(test: TestDatabase) {
        let office = Office::new(test).await;
        let make = || {
            office.write(|tx| {
                let everywhere = PlatformScope::operator();
                let name = "a.test".parse().unwrap();
                let domain = hikyaku_directory::domains::find(tx, everywhere, &name)?;
                accounts::create_system(tx, &console(), &domain, crate::office::WINDOW)
            })
        };
        let made = make().await.unwrap();
        let kinds: Vec<_> = made.iter().map(|m| m.view.details.account.kind).collect();
        assert_eq!(kinds, [AccountKind::System, AccountKind::System]);
        assert_eq!(made[1].view.details.settings.receiving, Reception::Discarded);
        assert_eq!(make().await.unwrap(), []);
        let way = office
            .read(|tx| accounts::where_to(tx, &console(), &address("noreply@a.test")))
            .await
            .unwrap();
        let targets = vec![(address("noreply@a.test"), "discarded")];
        assert_eq!(way, accounts::WhereTo::Accounts { by: "account", targets });
    }

    async fn people_change_what_is_theirs(test: TestDatabase) {
        let office = Office::new(test).await;
        let scope = office.person("taro@a.test", AccountForm::default()).await;
        let me = user(scope);
        let set = |change: ProfileChange| {
            let (office, me) = (&office, me.clone());
            async move {
                office
                    .write(move |tx| accounts::set_own_profile(tx, &me, &change, |_| Ok(())))
                    .await
            }
        };
        let phone = ProfileChange { phone: Some("0120".into()), ..ProfileChange::default() };
        let own = set(phone.clone()).await.unwrap();
        assert_eq!(own.details.settings.profile.phone, "0120");
        assert!(own.locked.contains(&"department") && !own.locked.contains(&"phone"));
        let lock = AccountForm { may_edit_profile: Some(false), ..AccountForm::default() };
        office.change(&console(), "taro@a.test", lock).await.unwrap();
        let refused = set(phone).await.unwrap_err();
        assert!(matches!(refused, ControlError::Conflict { code: "profile_locked", .. }));
        let zone = ProfileChange { time_zone: Some("UTC".into()), ..ProfileChange::default() };
        let own = set(zone).await.unwrap();
        assert!(own.locked.contains(&"phone") && !own.locked.contains(&"time_zone"));
        let console = console();
        let nobody = office.read(move |tx| accounts::own_profile(tx, &console)).await;
        assert!(matches!(nobody, Err(ControlError::NotFound { .. })));
        assert!(matches!(me.principal, Principal::Account { .. }));
    }

    async fn an_address_that_exists_is_not_given_again(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let again = office.try_person(&console(), "TARO@a.test", AccountForm::default()).await;
        assert!(
            matches!(again, Err(ControlError::Directory(DirectoryError::NameTaken { .. }))),
            "{again:?}"
        );
        let new = person("x@a.test", AccountForm::default());
        let (a, b) = (console(), console());
        let (one, other) = (new.clone(), new);
        let (first, second) = tokio::join!(
            office.write(move |tx| accounts::create(tx, &a, &one)),
            office.write(move |tx| accounts::create(tx, &b, &other)),
        );
        assert_ne!(first.is_ok(), second.is_ok());
        let resolved = office
            .read(|tx| Ok(addresses::resolve(tx, &address("x@a.test"))?))
            .await
            .unwrap();
        assert!(matches!(resolved, addresses::Resolution::Account { .. }));
        assert_consistent(&office).await;
    }
}
