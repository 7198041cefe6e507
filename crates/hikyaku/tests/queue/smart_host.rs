//! All mail to one host.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::Result;
use hikyaku_db::Engine;
use hikyaku_testkit::remote::{FakeRemote, Offer, RemoteTls};

use crate::scene::{SENDER, Scene};

fn offer(tls: RemoteTls) -> Offer {
    Offer {
        name: "smart.example".to_owned(),
        extensions: vec!["PIPELINING".to_owned(), "AUTH LOGIN PLAIN".to_owned()],
        tls,
        login: Some(("house".to_owned(), "correct horse 7".to_owned())),
    }
}

/// Lines for a remote under its name, with files in this folder.
fn lines(remote: &FakeRemote, tls: &str, folder: &Path) -> String {
    let (secret, authority) = (folder.join("secret"), folder.join("authority.pem"));
    fs::write(&authority, remote.certificate_pem()).expect("a file can be written");
    format!(
        "smart_host = \"smart.example:{}\"\nsmart_host_tls = \"{tls}\"\n\
         smart_host_ca_file = \"{}\"\nsmart_host_user = \"house\"\n\
         smart_host_password_file = \"{}\"",
        remote.address().port(),
        authority.display(),
        secret.display(),
    )
}

fn write_secret(folder: &Path, secret: &str) -> Result<()> {
    let path = folder.join("secret");
    fs::write(&path, secret)?;
    Ok(fs::set_permissions(
        &path,
        fs::Permissions::from_mode(0o600),
    )?)
}

#[test]
fn everything_goes_to_the_smart_host() -> Result<()> {
    for (tls, word) in [
        (RemoteTls::StartTls, "starttls"),
        (RemoteTls::Implicit, "implicit"),
    ] {
        let folder = tempfile::tempdir()?;
        write_secret(folder.path(), "correct horse 7\n")?;
        let lines = |remote: &FakeRemote| lines(remote, word, folder.path());
        let Some(scene) = Scene::with(Engine::Sqlite, offer(tls), lines)? else {
            return Ok(());
        };
        scene.dns.host("smart.example", &[scene.remote.ip()]);
        scene.submit(&["a@one.example", "b@two.example"])?;
        let taken = scene.remote.wait_for_mail(2)?;
        assert!(taken.iter().all(|message| message.encrypted));
        let asked = scene.dns.asked();
        assert!(
            !asked.iter().any(|question| question.starts_with("MX")),
            "{asked:?}"
        );
    }
    Ok(())
}

/// The operator's mistake: mail waits, the queue says why, and once it is put right all goes out.
#[test]
fn a_wrong_password_is_seen_and_put_right() -> Result<()> {
    let folder = tempfile::tempdir()?;
    write_secret(folder.path(), "wrong\n")?;
    let lines = |remote: &FakeRemote| lines(remote, "starttls", folder.path());
    let Some(scene) = Scene::with(Engine::Sqlite, offer(RemoteTls::StartTls), lines)? else {
        return Ok(());
    };
    scene.dns.host("smart.example", &[scene.remote.ip()]);
    scene.submit(&["a@one.example"])?;
    let line = scene.wait_for_attempt(1)?;
    assert!(line.contains("deferred=1"), "{line}");
    let queued = scene.queued()?;
    assert!(
        queued.contains("auth") && queued.contains("535 5.7.8"),
        "{queued}"
    );
    write_secret(folder.path(), "correct horse 7\n")?;
    scene.drain()?;
    assert_eq!(scene.remote.wait_for_mail(1)?.len(), 1);
    assert!(scene.mailbox(SENDER)?.is_empty(), "nothing came back");
    Ok(())
}

#[test]
fn a_password_that_others_can_read_stops_the_start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    write_secret(folder.path(), "correct horse 7\n")?;
    let usual = |remote: &FakeRemote| lines(remote, "starttls", folder.path());
    let Some(mut scene) = Scene::with(Engine::Sqlite, offer(RemoteTls::StartTls), usual)? else {
        return Ok(());
    };
    assert!(scene.host.stop()?.success());
    let secret = folder.path().join("secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644))?;
    let output = scene.host.try_run(&["serve"], "")?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("chmod 600"),
        "{said}"
    );
    Ok(())
}
