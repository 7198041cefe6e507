//! Hosts that cannot prove who they are.

use std::{fs, time::SystemTime};

use anyhow::{Context as _, Result};
use hikyaku_testkit::program::Finished;
use hikyaku_types::Timestamp;

use crate::scene::{Place, counts, report};

/// The certificate and key of a host, valid from this many days ago.
fn install(place: &Place, names: &[&str], days_ago: u64) -> Result<()> {
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs() - days_ago * 86_400;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let now = Timestamp::from_seconds(i64::try_from(now)?);
    let pair = hikyaku_net::self_signed(&names, now)?;
    fs::write(place.host.certificate(), pair.certificate_pem)?;
    fs::write(place.host.dir().join("tls/key.pem"), pair.key_pem)?;
    Ok(())
}

fn refused(finished: Finished, says: &str) -> Result<()> {
    let finished = finished.ended_with(1)?.says("source_tls")?.says(says)?;
    assert!(finished.stdout.is_empty(), "{}", finished.text());
    Ok(())
}

#[test]
fn hosts_that_prove_nothing_get_no_password() {
    let run = || -> Result<()> {
        let (mut old, new) = (Place::new()?, Place::new()?);
        old.host.start()?;
        let ca = old.host.certificate();
        let ca = ca.to_str().context("the name of the file")?;
        let port = old.host.port(993);
        let name = format!("imaps://localhost:{port}/");
        // Nobody vouches for it.
        let other = new.host.certificate();
        let other = other.to_str().context("the name of the file")?;
        refused(
            new.fetch(&name, &["--ca", other])?,
            "invalid peer certificate",
        )?;
        // STARTTLS asks for as much.
        let upgrade = format!("imap://localhost:{}/", old.host.port(143));
        refused(
            new.fetch(&upgrade, &["--ca", other])?,
            "invalid peer certificate",
        )?;
        // Somebody who is sure does without proof, and is told.
        let report = report(&new.fetch(&name, &["--insecure"])?.succeeded()?)?;
        assert_eq!(counts(&report), [0, 0, 0, 0]);
        assert!(report["warning"].is_string(), "{report}");
        new.fetched(&name, &["--ca", ca])?;
        // Of another name, and of another time.
        for (names, days_ago, says) in [
            (&["elsewhere.test"][..], 1, "not valid for name"),
            (&["localhost"], 1_000, "expired"),
        ] {
            install(&old, names, days_ago)?;
            old.host.stop()?;
            old.host.start()?;
            refused(new.fetch(&name, &["--ca", ca])?, says)?;
        }
        new.end()?;
        old.end()
    };
    run().unwrap();
}
