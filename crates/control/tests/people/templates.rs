//! Templates, and what accounts copy from them.

use hikyaku_control::{
    ControlError, TenantRef, Within,
    accounts::{self, AccountForm},
    templates,
};
use hikyaku_directory::{
    DirectoryError,
    templates::{MAX_TEMPLATES, STANDARD, TemplateSettings},
};

use crate::office::{ADMINISTRATOR, Office, console, person, with};

fn sales() -> TemplateSettings {
    TemplateSettings {
        department: "営業部".into(),
        quota_bytes: 5 << 20,
        pop: false,
        in_gal: false,
        ..TemplateSettings::default()
    }
}

fn ours() -> TenantRef {
    TenantRef::from("ours")
}

hikyaku_db::on_both_engines! {
    async fn an_account_copies_and_its_own_form_goes_first(test: TestDatabase) {
        let office = Office::new(test).await;
        office
            .write(|tx| templates::create(tx, &console(), Some(&ours()), ("営業", &sales())))
            .await
            .unwrap();
        let make = |address: &'static str, form: AccountForm| {
            let office = &office;
            async move {
                let mut new = person(address, form);
                new.template = Some("営業".into());
                let made = office.write(move |tx| accounts::create(tx, &console(), &new));
                made.await.unwrap().view
            }
        };
        let plain = make("taro@a.test", AccountForm::default()).await;
        assert_eq!(plain.details.settings.profile.department, "営業部");
        assert_eq!(plain.usage.quota.bytes.bytes(), 5 << 20);
        assert!(!plain.details.account.access.pop && !plain.details.settings.switches.in_gal);
        assert!(plain.details.settings.template.is_some());
        let other = AccountForm {
            department: Some("総務部".into()),
            pop: Some(true),
            ..AccountForm::default()
        };
        let own = make("jiro@a.test", other).await;
        assert_eq!(own.details.settings.profile.department, "総務部");
        assert!(own.details.account.access.pop && !own.details.settings.switches.in_gal);
    }

    async fn the_standard_is_there_and_can_be_changed(test: TestDatabase) {
        let office = Office::new(test).await;
        let list = || office.read(|tx| templates::list(tx, &console(), Some(&ours())));
        let before = list().await.unwrap();
        assert_eq!((before.len(), before[0].name.as_str(), before[0].id), (1, STANDARD, None));
        let change = |name: Option<&'static str>, settings: TemplateSettings| {
            let office = &office;
            async move {
                office
                    .write(move |tx| {
                        templates::change(tx, &console(), (Some(&ours()), STANDARD), |_| {
                            Ok((name.map(str::to_owned), settings.clone()))
                        })
                    })
                    .await
            }
        };
        change(None, sales()).await.unwrap();
        let made = office.try_person(&console(), "taro@a.test", AccountForm::default()).await;
        assert_eq!(made.unwrap().view.details.settings.profile.department, "営業部");
        for refused in [
            change(Some("other"), sales()).await.map(drop),
            office
                .write(|tx| {
                    let standard = (Some(&ours()), STANDARD);
                    templates::delete(tx, &console(), standard, |_| Ok(())).map(drop)
                })
                .await,
        ] {
            let error = refused.unwrap_err();
            assert!(
                matches!(error, ControlError::Directory(DirectoryError::TemplateBuiltIn)),
                "{error}"
            );
        }
        // Another tenant's standard is as it was.
        let theirs = TenantRef::from("theirs");
        let found = office.read(move |tx| templates::list(tx, &console(), Some(&theirs)));
        assert_eq!(found.await.unwrap()[0].settings, TemplateSettings::default());
    }

    async fn templates_are_a_tenants_own(test: TestDatabase) {
        let office = Office::new(test).await;
        let theirs = office.person("eve@b.test", AccountForm::default()).await;
        let eve = with(theirs, &ADMINISTRATOR, Within::Tenant(office.theirs.tenant));
        let (a, b) = (eve.clone(), eve.clone());
        let foreign = office
            .read(move |tx| templates::list(tx, &a, Some(&ours())))
            .await;
        assert!(matches!(foreign, Err(ControlError::NoSuch { kind: "tenant", .. })), "{foreign:?}");
        let own = office.write(move |tx| templates::create(tx, &b, None, ("sales", &sales())));
        own.await.unwrap();
        let again = office.write(move |tx| templates::create(tx, &eve, None, ("ＳＡＬＥＳ", &sales())));
        assert!(matches!(
            again.await,
            Err(ControlError::Directory(DirectoryError::TemplateNameTaken(_)))
        ));
        let unnamed = office.read(|tx| templates::list(tx, &console(), None)).await;
        assert!(matches!(unnamed, Err(ControlError::Invalid { field: "tenant", .. })));
        let unknown = office
            .write(|tx| {
                let mut new = person("x@a.test", AccountForm::default());
                new.template = Some("sales".into());
                accounts::create(tx, &console(), &new)
            })
            .await;
        assert!(matches!(unknown, Err(ControlError::Invalid { field: "template", .. })), "{unknown:?}");
    }

    async fn a_tenant_has_so_many_templates(test: TestDatabase) {
        let office = Office::new(test).await;
        let made = office.write(|tx| {
            for number in 0..MAX_TEMPLATES {
                let name = format!("t{number}");
                templates::create(tx, &console(), Some(&ours()), (&name, &sales()))?;
            }
            Ok(())
        });
        made.await.unwrap();
        let more = office
            .write(|tx| templates::create(tx, &console(), Some(&ours()), ("one more", &sales())))
            .await;
        assert!(matches!(
            more,
            Err(ControlError::Directory(DirectoryError::FieldInvalid { field: "name", .. }))
        ));
    }
}
