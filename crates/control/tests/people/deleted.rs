//! Deleting accounts and bringing them back.

use std::time::Duration;

use hikyaku_control::{
    AccountRef, ControlError, Within,
    accounts::{self, AccountForm},
};
use hikyaku_directory::DirectoryError;

use crate::office::{ADMINISTRATOR, Office, console, with};

const KEPT: Duration = Duration::from_hours(24 * 30);

hikyaku_db::on_both_engines! {
    async fn a_deleted_account_is_listed_and_comes_back(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        office.person("jiro@a.test", AccountForm::default()).await;
        let theirs = office.person("eve@b.test", AccountForm::default()).await;
        for name in ["taro@a.test", "jiro@a.test"] {
            office.test.clock.advance(Duration::from_secs(1));
            let which = AccountRef::from(name);
            office
                .write(move |tx| accounts::delete(tx, &console(), &which, |_| Ok(())))
                .await
                .unwrap();
        }
        let gone = office.show(&console(), "taro@a.test").await;
        assert!(matches!(gone, Err(ControlError::NoSuch { .. })));
        let reserved = office.try_person(&console(), "taro@a.test", AccountForm::default()).await;
        assert!(matches!(
            reserved,
            Err(ControlError::Directory(DirectoryError::NameTaken { .. }))
        ));
        let (first, next) = office
            .read(|tx| accounts::deleted(tx, &console(), None, (1, KEPT)))
            .await
            .unwrap();
        assert_eq!(first[0].details.account.address.local(), "jiro");
        assert_eq!(first[0].restorable_until, first[0].deleted_at.plus(KEPT));
        let (second, end) = office
            .read(move |tx| accounts::deleted(tx, &console(), next, (1, KEPT)))
            .await
            .unwrap();
        assert_eq!(second[0].details.account.address.local(), "taro");
        assert_eq!(end, None);
        let eve = with(theirs, &ADMINISTRATOR, Within::Tenant(office.theirs.tenant));
        let stranger = eve.clone();
        let (none, _) = office
            .read(move |tx| accounts::deleted(tx, &stranger, None, (10, KEPT)))
            .await
            .unwrap();
        assert_eq!(none, []);
        let refused = office
            .write(move |tx| accounts::restore(tx, &eve, &AccountRef::from("taro@a.test")))
            .await;
        assert!(matches!(refused, Err(ControlError::NotFound { kind: "account" })), "{refused:?}");
        office
            .write(|tx| accounts::restore(tx, &console(), &AccountRef::from("taro@a.test")))
            .await
            .unwrap();
        assert!(office.show(&console(), "taro@a.test").await.is_ok());
    }

    async fn what_is_being_erased_does_not_come_back(test: TestDatabase) {
        let office = Office::new(test).await;
        office.person("taro@a.test", AccountForm::default()).await;
        let which = AccountRef::from("taro@a.test");
        office
            .write(move |tx| accounts::begin_erasure(tx, &console(), &which))
            .await
            .unwrap();
        let which = AccountRef::from("taro@a.test");
        let refused = office
            .write(move |tx| accounts::restore(tx, &console(), &which))
            .await;
        assert!(
            matches!(refused, Err(ControlError::Directory(DirectoryError::BeingErased))),
            "{refused:?}"
        );
        let (listed, _) = office
            .read(|tx| accounts::deleted(tx, &console(), None, (10, KEPT)))
            .await
            .unwrap();
        assert_eq!(listed, []);
    }
}
