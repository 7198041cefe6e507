//! `hikyaku tenant` and `hikyaku domain`.

use anyhow::{Result, ensure};

use crate::scene::{Scene, TARO, contains, in_both_modes};

#[test]
fn tenants_are_made_and_listed() -> Result<()> {
    in_both_modes(|scene| {
        contains(
            &scene.told(&["tenant", "create", "株式会社 見本"])?,
            &["株式会社 見本"],
        )?;
        let listed = scene.told(&["tenant", "list"])?;
        contains(&listed, &["NAME", "Test", "株式会社 見本", "active"])?;
        let made = scene.json(&["tenant", "create", "Third"])?;
        ensure!(
            made["name"] == "Third" && made["id"].is_string(),
            "made {made}"
        );
        let names: Vec<String> = names(scene, "tenant")?;
        ensure!(names == ["Test", "Third", "株式会社 見本"], "{names:?}");
        scene.refused(
            &["tenant", "create", "Third"],
            "tenant_exists",
            "exists already",
        )?;
        scene.refused(&["tenant", "create", " "], "invalid", "name")?;
        Ok(())
    })
}

fn names(scene: &Scene, kind: &str) -> Result<Vec<String>> {
    let list = scene.json(&[kind, "list"])?;
    let items = list.as_array().into_iter().flatten();
    Ok(items
        .filter_map(|item| item["name"].as_str())
        .map(str::to_owned)
        .collect())
}

#[test]
fn domains_belong_to_tenants() -> Result<()> {
    in_both_modes(|scene| {
        scene.told(&["domain", "create", "Second.Test", "--tenant", "Test"])?;
        // A Japanese name is the same as its A-label.
        scene.told(&["domain", "create", "日本語.test", "--tenant", "Test"])?;
        let names = names(scene, "domain")?;
        ensure!(
            names == ["example.test", "second.test", "xn--wgv71a119e.test"],
            "{names:?}"
        );
        let again = [
            "domain",
            "create",
            "xn--wgv71a119e.test",
            "--tenant",
            "Test",
        ];
        scene.refused(&again, "domain_exists", "exists already")?;
        let nowhere = ["domain", "create", "third.test", "--tenant", "Nobody"];
        scene.refused(
            &nowhere,
            "no_such_tenant",
            "there is no tenant named \"Nobody\"",
        )?;
        let wrong = ["domain", "create", "no domain", "--tenant", "Test"];
        let problem = scene.refused(&wrong, "bad_field", "\"no domain\" is not a domain name")?;
        ensure!(
            problem["errors"][0]["field"] == "name",
            "which field: {problem}"
        );
        Ok(())
    })
}

#[test]
fn unknown_addresses_go_to_the_catch_all_account() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let set = ["domain", "set", "example.test", "--catch-all", TARO];
        contains(
            &scene.told(&set)?,
            &["unknown addresses of example.test go to", TARO],
        )?;
        contains(&scene.told(&["domain", "list"])?, &[TARO])?;
        let unset = ["domain", "set", "example.test", "--no-catch-all"];
        let changed = scene.json(&unset)?;
        ensure!(changed["catch_all"].is_null(), "{changed}");
        let unknown = [
            "domain",
            "set",
            "example.test",
            "--catch-all",
            "x@example.test",
        ];
        scene.refused(
            &unknown,
            "no_such_account",
            "there is no account x@example.test",
        )?;
        let nowhere = ["domain", "set", "third.test", "--no-catch-all"];
        scene.refused(&nowhere, "no_such_domain", "there is no domain third.test")?;
        Ok(())
    })
}
