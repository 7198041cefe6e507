//! A whole mailbox from one host of ours to another.

use anyhow::{Context as _, Result, ensure};
use hikyaku_db::Engine;
use hikyaku_testkit::mail::TestMail;

use crate::scene::{Place, counts, shown};

/// Folders of the source: 案件/会議 in modified UTF-7 among them.
const FOLDERS: [&str; 3] = ["INBOX", "Sent", "&aEhO9g-/&TxqLcA-"];

fn source() -> Result<Place> {
    let mut old = Place::new()?;
    old.host.start()?;
    let mut client = old.imap()?;
    client.command("CREATE \"&aEhO9g-/&TxqLcA-\"")?;
    for (folder, sizes) in FOLDERS
        .iter()
        .zip([&[300, 5_000, 2_000_000][..], &[900], &[70_000]])
    {
        for size in sizes {
            let mail = TestMail::of_size(*size);
            let said = client.append(&format!("\"{folder}\""), &mail.bytes)?;
            ensure!(said.contains(" OK "), "{said}");
        }
    }
    client.select("INBOX")?;
    client.command("STORE 1 FLAGS (\\Seen \\Answered $Forwarded)")?;
    client.command("STORE 3 FLAGS (\\Flagged)")?;
    client.log_out()?;
    Ok(old)
}

fn move_in(engine: Engine) -> Result<()> {
    let Some(mut new) = Place::on_engine(engine)? else {
        return Ok(());
    };
    let old = source()?;
    new.host.start()?;
    let from = format!("imaps://localhost:{}/", old.host.port(993));
    let ca = old.host.certificate();
    let ca = ca.to_str().context("the name of the file")?;
    let dry = new.fetch(&from, &["--ca", ca, "--dry-run"])?.succeeded()?;
    ensure!(dry.text().contains("\"remaining\":5"), "{}", dry.text());
    let report = new.fetched(&from, &["--ca", ca])?;
    assert_eq!(counts(&report), [5, 5, 0, 0], "{report}");
    let ways: Vec<&str> = report["folders"]
        .as_array()
        .context("folders")?
        .iter()
        .filter_map(|folder| folder["into"].as_str())
        .collect();
    ensure!(ways.contains(&"案件/会議"), "{report}");
    let (mut there, mut here) = (old.imap()?, new.imap()?);
    for folder in FOLDERS {
        let quoted = format!("\"{folder}\"");
        let expected = shown(&mut there, &quoted)?;
        ensure!(!expected.is_empty());
        assert_eq!(shown(&mut here, &quoted)?, expected, "{folder}");
    }
    // Mail that still comes to the old host, and flags that change there.
    let late = TestMail::default();
    there.append("INBOX", &late.bytes)?;
    there.select("INBOX")?;
    there.command("STORE 2 +FLAGS (\\Seen)")?;
    let report = new.fetched(&from, &["--ca", ca, "--flags"])?;
    assert_eq!(counts(&report), [6, 1, 5, 0], "{report}");
    assert_eq!(report["flags_changed"], 1, "{report}");
    assert_eq!(shown(&mut here, "INBOX")?, shown(&mut there, "INBOX")?);
    there.log_out()?;
    here.log_out()?;
    new.end()?;
    old.end()
}

#[test]
fn a_mailbox_moves_on_sqlite() {
    move_in(Engine::Sqlite).unwrap();
}

#[test]
fn a_mailbox_moves_on_postgres() {
    move_in(Engine::Postgres).unwrap();
}

/// STARTTLS, STLS and TLS from the start, for a command that runs without a server.
#[test]
fn every_way_to_a_host_works() {
    let run = || -> Result<()> {
        let (old, new) = (source()?, Place::new()?);
        let ca = old.host.certificate();
        let ca = ca.to_str().context("the name of the file")?;
        let url = |scheme: &str, port| format!("{scheme}://localhost:{}/", old.host.port(port));
        let inbox = ["--folder", "INBOX"];
        for (scheme, port, into) in [("imap", 143, "A"), ("imaps", 993, "B")] {
            let options = [&["--ca", ca, "--into", into][..], &inbox].concat();
            let report = new.fetched(&url(scheme, port), &options)?;
            assert_eq!(counts(&report), [3, 3, 0, 0], "{scheme}: {report}");
        }
        for (scheme, port, count) in [("pops", 995, [3, 3, 0, 0]), ("pop3", 110, [3, 0, 3, 0])] {
            let report = new.fetched(&url(scheme, port), &["--ca", ca, "--into", "C"])?;
            assert_eq!(counts(&report), count, "{scheme}: {report}");
        }
        new.end()?;
        old.end()
    };
    run().unwrap();
}
