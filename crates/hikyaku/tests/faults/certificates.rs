//! SIGHUP: new certificate files are used from the next connection on, broken ones are not.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use hikyaku_db::Engine;
use hikyaku_testkit::{
    host::{Host, HostDatabase},
    line::LineClient,
};

use crate::scene::{BINARY, Scene};

/// Services that begin with TLS, and the start of their greetings.
const SERVICES: [(u16, &str); 3] = [(465, "220"), (993, "* OK"), (995, "+OK")];

#[test]
fn new_certificates_are_used_and_broken_ones_are_not() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    // Another host's pair is as good as any.
    let other = Host::bare(BINARY, &HostDatabase::Embedded)?;
    let old = scene.host.dir().join("old.pem");
    fs::copy(scene.host.certificate(), &old)?;
    scene.host.start()?;
    for (port, greeting) in SERVICES {
        is_served(&scene.host, port, &old, greeting)?;
    }
    let mut established = LineClient::connect_tls(scene.host.address(995), &old)?;
    established.expect("+OK")?;

    for file in ["tls/certificate.pem", "tls/key.pem"] {
        fs::copy(other.dir().join(file), scene.host.dir().join(file))?;
    }
    reload(&scene.host, "the certificates were read again")?;
    for (port, greeting) in SERVICES {
        is_served(&scene.host, port, &other.certificate(), greeting)?;
        ensure!(
            is_served(&scene.host, port, &old, greeting).is_err(),
            "port {port} still has the old certificate"
        );
    }

    fs::write(scene.host.certificate(), "this is no certificate")?;
    reload(&scene.host, "the old certificate stays in use")?;
    is_served(&scene.host, 993, &other.certificate(), "* OK")?;
    fs::remove_file(scene.host.dir().join("tls/key.pem"))?;
    reload(&scene.host, "the old certificate stays in use")?;
    is_served(&scene.host, 993, &other.certificate(), "* OK")?;

    // A session is not disturbed by any of it.
    established.command("CAPA", "+OK")?;
    ensure!(scene.host.is_alive()?, "the server ended");
    Ok(())
}

fn reload(host: &Host, until: &str) -> Result<()> {
    let before = host.log()?.len();
    host.reload()?;
    let line = host.log()?.wait_for(until, before)?;
    let is_error = until.contains("stays");
    ensure!(line.contains("ERROR") == is_error, "logged as {line:?}");
    Ok(())
}

fn is_served(host: &Host, port: u16, trusted: &Path, greeting: &str) -> Result<()> {
    let mut line = LineClient::connect_tls(host.address(port), trusted)?;
    line.expect(greeting)
        .with_context(|| format!("port {port}"))
        .map(drop)
}
