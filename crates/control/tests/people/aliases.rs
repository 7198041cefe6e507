//! Aliases of several accounts, with their rights and their end.

use std::time::Duration;

use hikyaku_control::{
    AccountRef, Actor, ControlError, Within,
    accounts::{AccountForm, WhereTo, where_to},
    aliases::{self, AliasFilter, AliasForm, NewTarget},
};
use hikyaku_directory::{
    AccountScope, DirectoryError, PlatformScope,
    accounts::{self, SendAs, may_send_as},
    addresses::targets::{Alias, AliasState, MAX_TARGETS, MaySend},
    check,
};

use crate::office::{ADMINISTRATOR, Office, address, console, with};

fn to(accounts: &[(&str, MaySend)]) -> AliasForm {
    let targets = accounts.iter().map(|(account, may_send)| NewTarget {
        account: AccountRef::from(*account),
        may_send: *may_send,
    });
    AliasForm {
        targets: Some(targets.collect()),
        ..AliasForm::default()
    }
}

async fn create(
    office: &Office,
    actor: &Actor,
    alias: &str,
    form: AliasForm,
) -> Result<Alias, ControlError> {
    let (actor, alias) = (actor.clone(), address(alias));
    office
        .write(move |tx| aliases::create(tx, &actor, &alias, &form))
        .await
}

async fn change(office: &Office, alias: &str, form: AliasForm) -> Result<Alias, ControlError> {
    let alias = address(alias);
    office
        .write(move |tx| aliases::change(tx, &console(), (&alias, &form), |_| Ok(())))
        .await
}

/// Who gets the mail, in words.
async fn way(office: &Office, text: &str) -> String {
    let asked = address(text);
    match office
        .read(move |tx| where_to(tx, &console(), &asked))
        .await
        .unwrap()
    {
        WhereTo::Accounts { by, targets } => {
            let shown: Vec<String> = targets
                .iter()
                .map(|(address, state)| format!("{} {state}", address.local()))
                .collect();
            format!("{by}: {}", shown.join(", "))
        }
        other => format!("{other:?}"),
    }
}

async fn sends(office: &Office, scope: AccountScope, text: &str) -> SendAs {
    let wanted = address(text);
    office
        .read(move |tx| Ok(may_send_as(tx, scope, &wanted)?))
        .await
        .unwrap()
}

async fn assert_consistent(office: &Office) {
    let findings = office.read(|tx| Ok(check::run(tx, PlatformScope::operator())?));
    assert_eq!(findings.await.unwrap(), []);
}

hikyaku_db::on_both_engines! {
    async fn an_alias_of_several_reaches_all_and_some_send_as_it(test: TestDatabase) {
        let office = Office::new(test).await;
        let taro = office.person("taro@a.test", AccountForm::default()).await;
        let jiro = office.person("jiro@c.test", AccountForm::default()).await;
        let form = to(&[("taro@a.test", MaySend::Yes), ("jiro@c.test", MaySend::No)]);
        let made = create(&office, &console(), "team@a.test", form).await.unwrap();
        let names: Vec<_> = made.targets.iter().map(|t| t.address.to_string()).collect();
        assert_eq!(names, ["jiro@c.test", "taro@a.test"]);
        assert_eq!(way(&office, "team@a.test").await, "alias: taro open, jiro open");
        assert_eq!(way(&office, "team+x@a.test").await, "alias: taro open, jiro open");
        assert_eq!(sends(&office, taro, "team@a.test").await, SendAs::Allowed);
        assert_eq!(sends(&office, taro, "team+x@a.test").await, SendAs::Allowed);
        assert_eq!(sends(&office, jiro, "team@a.test").await, SendAs::NotOwned);
        let only = to(&[("jiro@c.test", MaySend::Yes)]);
        change(&office, "team@a.test", only).await.unwrap();
        assert_eq!(way(&office, "team@a.test").await, "alias: jiro open");
        assert_eq!(sends(&office, taro, "team@a.test").await, SendAs::NotOwned);
        assert_eq!(sends(&office, jiro, "team@a.test").await, SendAs::Allowed);
        let shown = office.show(&console(), "jiro@c.test").await.unwrap();
        assert_eq!(shown.aliases, [address("team@a.test")]);
        assert_eq!(shown.view.aliases, 1);
        assert_consistent(&office).await;
    }

    async fn whoever_goes_leaves_the_alias_to_the_others(test: TestDatabase) {
        let office = Office::new(test).await;
        let taro = office.person("taro@a.test", AccountForm::default()).await;
        office.person("jiro@a.test", AccountForm::default()).await;
        let form = to(&[("taro@a.test", MaySend::Yes), ("jiro@a.test", MaySend::Yes)]);
        create(&office, &console(), "team@a.test", form).await.unwrap();
        office.write(move |tx| Ok(accounts::delete(tx, taro)?)).await.unwrap();
        assert_eq!(way(&office, "team@a.test").await, "alias: jiro open");
        assert_eq!(sends(&office, taro, "team@a.test").await, SendAs::NotOwned);
        office
            .write(move |tx| {
                accounts::begin_erasure(tx, taro)?;
                Ok(accounts::erase(tx, taro)?)
            })
            .await
            .unwrap();
        assert_eq!(way(&office, "team@a.test").await, "alias: jiro open");
        assert_eq!(way(&office, "taro@a.test").await, "Unknown");
        assert_consistent(&office).await;
    }

    async fn an_alias_ends_and_can_be_switched_off(test: TestDatabase) {
        let office = Office::new(test).await;
        let taro = office.person("taro@a.test", AccountForm::default()).await;
        office
            .write(move |tx| {
                let name = "a.test".parse().unwrap();
                let everywhere = PlatformScope::operator();
                hikyaku_directory::domains::set_catch_all(tx, everywhere, &name, Some(taro))?;
                Ok(())
            })
            .await
            .unwrap();
        let end = office.test.db.now().plus(Duration::from_hours(1));
        let form = AliasForm { expires_at: Some(Some(end)), ..to(&[("taro@a.test", MaySend::Yes)]) };
        create(&office, &console(), "fair@a.test", form).await.unwrap();
        assert_eq!(way(&office, "fair@a.test").await, "alias: taro open");
        office.test.clock.advance(Duration::from_hours(1));
        // Not even the catch-all gets it.
        assert_eq!(way(&office, "fair@a.test").await, "Unknown");
        assert_eq!(way(&office, "other@a.test").await, "catch_all: taro open");
        assert_eq!(sends(&office, taro, "fair@a.test").await, SendAs::NotOwned);
        let never = AliasForm { expires_at: Some(None), ..AliasForm::default() };
        change(&office, "fair@a.test", never).await.unwrap();
        assert_eq!(way(&office, "fair@a.test").await, "alias: taro open");
        let off = AliasForm { state: Some(AliasState::Disabled), ..AliasForm::default() };
        change(&office, "fair@a.test", off).await.unwrap();
        assert_eq!(way(&office, "fair@a.test").await, "Unknown");
        let past = AliasForm { expires_at: Some(Some(end)), ..AliasForm::default() };
        let refused = change(&office, "fair@a.test", past).await.unwrap_err();
        assert!(matches!(refused, ControlError::Invalid { field: "expires_at", .. }), "{refused}");
    }

    async fn what_cannot_be_an_alias_is_refused(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let scope = office.person("eve@b.test", AccountForm::default()).await;
        let taken = create(&office, &console(), "taro@a.test", to(&[("taro@a.test", MaySend::Yes)])).await;
        let taken = taken.unwrap_err();
        assert!(matches!(taken, ControlError::Directory(DirectoryError::NameTaken { .. })), "{taken}");
        let empty = create(&office, &console(), "x@a.test", to(&[])).await.unwrap_err();
        assert!(empty.to_string().starts_with("targets "), "{empty}");
        let foreign = create(&office, &console(), "x@a.test", to(&[("eve@b.test", MaySend::Yes)])).await;
        let foreign = foreign.unwrap_err();
        assert!(
            matches!(foreign, ControlError::Directory(DirectoryError::DomainNotOfTenant(_))),
            "{foreign}"
        );
        let eve = with(scope, &ADMINISTRATOR, Within::Tenant(office.theirs.tenant));
        let unseen = create(&office, &eve, "x@b.test", to(&[("taro@a.test", MaySend::Yes)])).await;
        assert!(
            matches!(unseen, Err(ControlError::Directory(DirectoryError::AliasTargetUnknown(_)))),
            "{unseen:?}"
        );
        let outside = create(&office, &eve, "x@a.test", to(&[("eve@b.test", MaySend::Yes)])).await;
        assert!(
            matches!(outside, Err(ControlError::Directory(DirectoryError::NoSuchDomain(_)))),
            "{outside:?}"
        );
        let mine = create(&office, &console(), "y@a.test", to(&[("taro@a.test", MaySend::Yes)])).await;
        mine.unwrap();
        let hidden = office
            .read(move |tx| aliases::show(tx, &eve, &address("y@a.test")))
            .await;
        assert!(
            matches!(hidden, Err(ControlError::Directory(DirectoryError::NoSuchAlias(_)))),
            "{hidden:?}"
        );
        assert_consistent(&office).await;
    }

    async fn an_alias_has_so_many_targets(test: TestDatabase) {
        let office = Office::new(test).await;
        let names: Vec<String> = (0..=MAX_TARGETS).map(|n| format!("u{n}@a.test")).collect();
        for name in &names {
            office.person(name, AccountForm::default()).await;
        }
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), MaySend::No)).collect();
        let refused = create(&office, &console(), "all@a.test", to(&all)).await.unwrap_err();
        assert!(refused.to_string().contains("mailing list"), "{refused}");
        let most = create(&office, &console(), "all@a.test", to(&all[1..])).await.unwrap();
        assert_eq!(most.targets.len(), MAX_TARGETS);
        let filter = AliasFilter { account: Some(AccountRef::from("u1@a.test")), ..AliasFilter::default() };
        let listed = office
            .read(move |tx| aliases::list(tx, &console(), &filter, (None, 10)))
            .await
            .unwrap();
        assert_eq!(listed.len(), 1);
        office
            .write(|tx| aliases::delete(tx, &console(), &address("all@a.test"), |_| Ok(())))
            .await
            .unwrap();
        assert_eq!(way(&office, "all@a.test").await, "Unknown");
        assert_consistent(&office).await;
    }
}
