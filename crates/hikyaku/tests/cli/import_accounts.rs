//! `hikyaku account import`: files as Excel writes them, all rows or none.

use anyhow::{Result, ensure};
use hikyaku_testkit::host::PASSWORD;
use serde_json::{Value, json};

use crate::scene::{Scene, Server, TARO, contains, in_both_modes};

const TWO: &str = "name,address,password\r\n山田 太郎,taro@example.test,correct horse 7\r\n\
                   \"Suzuki, Hanako\",hanako@example.test,correct horse 8\r\n";

/// "山田 太郎" and the rest of [`TWO`] in Shift_JIS.
fn shift_jis() -> Vec<u8> {
    let name = b"\x8eR\x93c \x91\xbe\x98Y";
    let (before, after) = TWO
        .split_once("山田 太郎")
        .expect("invariant: the name is in it");
    [before.as_bytes(), name, after.as_bytes()].concat()
}

fn import(scene: &Scene, file: impl AsRef<[u8]>) -> Result<Value> {
    let path = scene
        .home
        .write("accounts.csv", file)?
        .display()
        .to_string();
    scene.json(&["account", "import", &path])
}

/// A file that is refused; returns the problem.
fn refused(scene: &Scene, file: impl AsRef<[u8]>, code: &str, says: &str) -> Result<Value> {
    let path = scene
        .home
        .write("accounts.csv", file)?
        .display()
        .to_string();
    let problem = scene.refused(&["account", "import", &path], code, says)?;
    let listed = scene.json(&["account", "list"])?;
    ensure!(listed == json!([]), "all or nothing, and there is {listed}");
    Ok(problem)
}

#[test]
fn files_of_every_encoding_make_accounts() -> Result<()> {
    let bom = [b"\xef\xbb\xbf", TWO.as_bytes()].concat();
    for file in [TWO.as_bytes().to_vec(), bom, shift_jis()] {
        in_both_modes(|scene| {
            let report = import(scene, &file)?;
            ensure!(
                report["created"] == 2 && report["warnings"] == json!([]),
                "{report}"
            );
            let listed = scene.json(&["account", "list"])?;
            ensure!(listed[0]["name"] == "Suzuki, Hanako", "listed {listed}");
            ensure!(listed[1]["name"] == "山田 太郎", "listed {listed}");
            if scene.host.server_id().is_some() {
                scene.pop3(TARO, PASSWORD)?.quit()?;
                scene
                    .pop3("hanako@example.test", "correct horse 8")?
                    .quit()?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn wrong_rows_are_named_as_the_table_shows_them() -> Result<()> {
    in_both_modes(|scene| {
        // The note of row 2 has a line end in it; a table shows that as one row.
        let file = "name,address,password,note\n\
                    Good,good@example.test,correct horse 7,\"two\nlines\"\n\
                    No at,no-address,correct horse 7\n\
                    Elsewhere,x@third.test,correct horse 7\n\
                    Good,fine@example.test,correct horse 7\n\
                    Twice,GOOD@example.test,another pass\n\
                    Empty,empty@example.test,\n\
                    Nobody,nobody@example.test,correct horse 7\n\
                    Wrong itself,empty@example.test,correct horse 7\n\
                    Twice wrong,empty@example.test,\n";
        let problem = refused(scene, file, "rows_rejected", "7 rows are wrong")?;
        let rows: Vec<u64> = problem["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["row"].as_u64())
            .collect();
        ensure!(rows == [3, 4, 6, 7, 8, 9, 10, 10], "which rows: {problem}");
        let path = scene.home.join("accounts.csv").display().to_string();
        let words = scene.run(&["account", "import", &path])?.text();
        contains(
            &words,
            &["row 3: ", "row 4: ", "row 6: ", "row 7: ", "row 8: "],
        )?;
        // A row that is wrong itself is repeated all the same.
        contains(
            &words,
            &[
                "row 9: the address stands in row 7 already",
                "row 10: the address stands in row 7",
            ],
        )?;
        contains(&words, &["there is no domain third.test"])
    })
}

#[test]
fn an_address_that_exists_stops_the_whole_file() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    scene.account("hanako@example.test")?;
    let path = scene.home.write("accounts.csv", TWO)?.display().to_string();
    let problem = scene.refused(
        &["account", "import", &path],
        "rows_rejected",
        "1 row is wrong",
    )?;
    ensure!(problem["errors"][0]["row"] == 3, "which row: {problem}");
    scene.refused(
        &["account", "show", TARO],
        "no_such_account",
        "there is no account",
    )?;
    scene.end()
}

#[test]
fn one_account_is_not_several() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    let file = "address,password\ntaro@example.test,correct horse 7\n";
    let path = scene
        .home
        .write("accounts.csv", file)?
        .display()
        .to_string();
    contains(
        &scene.told(&["account", "import", &path])?,
        &["1 account created"],
    )?;
    contains(&scene.told(&["doctor"])?, &["all well: 1 account checked"])?;
    scene.end()
}

#[test]
fn weak_passwords_are_taken_and_told_by_row() -> Result<()> {
    in_both_modes(|scene| {
        let file =
            "address,password\ntaro@example.test,taro\nhanako@example.test,correct horse 8\n";
        let path = scene
            .home
            .write("accounts.csv", file)?
            .display()
            .to_string();
        let said = scene.run(&["account", "import", &path])?.succeeded()?;
        contains(&String::from_utf8(said.stdout)?, &["2 accounts created"])?;
        let warned = String::from_utf8(said.stderr)?;
        contains(&warned, &["warning: row 2: "])?;
        ensure!(
            !warned.contains("row 3"),
            "warned of a good password: {warned}"
        );
        Ok(())
    })
}

#[test]
fn a_file_that_is_no_list_is_refused_as_a_whole() -> Result<()> {
    in_both_modes(|scene| {
        for (file, says) in [
            (
                &b"name,address\nTaro,taro@example.test\n"[..],
                "names no column \"password\"",
            ),
            (b"taro@example.test,secret\n", "names no column \"address\""),
            (b"name,address,password\n", "no rows"),
            (b"", "names no column"),
            (
                b"address,password\n\xff\xff\xff,x\n",
                "neither UTF-8 nor Shift_JIS",
            ),
        ] {
            refused(scene, file, "bad_request", says)?;
        }
        let missing = ["account", "import", "/nonexistent/accounts.csv"];
        scene.refused(&missing, "local", "/nonexistent/accounts.csv")?;
        Ok(())
    })
}
