//! Tenants.

use hikyaku_directory::{
    DirectoryError, Language, TimeZoneName,
    tenants::{self, NewTenant, TenantStatus},
};

use crate::fixture::{OPERATOR, assert_consistent, read, tenant, write};

hikyaku_db::on_both_engines! {
    async fn a_tenant_has_the_defaults_of_the_requirements(test: TestDatabase) {
        let scope = tenant(&test.db, " 株式会社 例 ", "example.test").await;
        let found = read(&test.db, |tx| {
            tenants::find_by_name(tx, OPERATOR, "株式会社 例")
        })
        .await
        .unwrap();
        assert_eq!(found.scope, scope);
        assert_eq!(found.name, "株式会社 例");
        assert_eq!(
            (found.language, found.status),
            (Language::Ja, TenantStatus::Active)
        );
        assert_eq!(found.time_zone, TimeZoneName::default());
        assert_eq!(found.created_at, test.db.now());
        let loaded = read(&test.db, move |tx| tenants::load(tx, scope))
            .await
            .unwrap();
        assert_eq!(loaded, found);
        assert_consistent(&test).await;
    }

    async fn a_name_is_taken_in_every_spelling(test: TestDatabase) {
        tenant(&test.db, "Example", "example.test").await;
        for spelling in ["Example", "EXAMPLE ", "ｅｘａｍｐｌｅ"] {
            let error = write(&test.db, move |tx| {
                tenants::create(tx, OPERATOR, &NewTenant::named(spelling))
            })
            .await
            .unwrap_err();
            assert!(
                matches!(error, DirectoryError::TenantNameTaken(_)),
                "{spelling}: {error}"
            );
            assert!(
                read(&test.db, move |tx| tenants::find_by_name(
                    tx, OPERATOR, spelling
                ))
                .await
                .is_ok()
            );
        }
        let unknown = read(&test.db, |tx| tenants::find_by_name(tx, OPERATOR, "Other")).await;
        assert_eq!(
            unknown.unwrap_err().to_string(),
            "there is no tenant named \"Other\""
        );
    }

    async fn tenants_are_listed_by_pages(test: TestDatabase) {
        for name in ["b", "A", "C"] {
            tenant(&test.db, name, &format!("{name}.test")).await;
        }
        let page = read(&test.db, |tx| tenants::list(tx, OPERATOR, None, 2))
            .await
            .unwrap();
        assert_eq!(
            page.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(),
            ["A", "b"]
        );
        let rest = read(&test.db, |tx| tenants::list(tx, OPERATOR, Some("B"), 2))
            .await
            .unwrap();
        assert_eq!(
            rest.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(),
            ["C"]
        );
    }

    async fn the_status_changes(test: TestDatabase) {
        let scope = tenant(&test.db, "Example", "example.test").await;
        write(&test.db, move |tx| {
            tenants::set_status(tx, OPERATOR, scope, TenantStatus::Suspended)
        })
        .await
        .unwrap();
        let loaded = read(&test.db, move |tx| tenants::load(tx, scope))
            .await
            .unwrap();
        assert_eq!(loaded.status, TenantStatus::Suspended);
        assert_consistent(&test).await;
    }
}
