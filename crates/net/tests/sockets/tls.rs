//! TLS over real sockets: upgrades, injected plain text, reloads, silent clients.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use hikyaku_net::{
    CertificateFiles, GateOptions, SelfSigned, TlsError, TlsMode, TlsServer, TlsWarning,
};
use hikyaku_types::Timestamp;
use tempfile::TempDir;

use crate::{
    client::{certificate, connect, secure, trusting},
    echo::EchoServer,
};

const HOST: &str = "mail.example.test";

/// Writes a certificate and its key, as `init` does.
fn store(folder: &Path, name: &str, signed: &SelfSigned) -> CertificateFiles {
    let files = CertificateFiles {
        certificate: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
    };
    fs::write(&files.certificate, &signed.certificate_pem).unwrap();
    fs::write(&files.key, &signed.key_pem).unwrap();
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    files
}

fn server_with(signed: &SelfSigned) -> (TempDir, CertificateFiles, TlsServer) {
    let folder = tempfile::tempdir().unwrap();
    let files = store(folder.path(), "host", signed);
    let tls = TlsServer::load(vec![files.clone()]).unwrap();
    (folder, files, tls)
}

#[tokio::test]
async fn a_session_goes_on_under_tls() {
    let signed = certificate(HOST);
    let (_folder, _, tls) = server_with(&signed);
    let server = EchoServer::start(GateOptions::default(), TlsMode::Upgrade(tls));
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "220 ready");
    assert_eq!(client.ask("STARTTLS").await, "220 go ahead");
    let config = trusting(&[&signed]);
    let mut client = secure(&config, HOST, client.into_inner()).await.unwrap();
    assert_eq!(client.ask("secret").await, "> secret");
    assert_eq!(client.ask("STARTTLS").await, "220 go ahead");
    assert_eq!(client.line().await, "501 no TLS upgrade is on offer");
    assert_eq!(server.metrics.snapshot().tls_handshakes, 1);
}

/// CVE-2011-0411 and its kin: a command put behind STARTTLS by somebody in the middle must not
/// be run as if it had come under TLS.
#[tokio::test]
async fn plain_text_behind_the_upgrade_command_is_refused() {
    let (_folder, _, tls) = server_with(&certificate(HOST));
    let server = EchoServer::start(GateOptions::default(), TlsMode::Upgrade(tls));
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "220 ready");
    client.send("STARTTLS\r\ninjected\r\n").await;
    assert_eq!(client.line().await, "220 go ahead");
    let refusal = client.line().await;
    assert_eq!(
        refusal,
        "501 10 octets of plain text were sent behind the upgrade command"
    );
    assert_eq!(client.line().await, "", "the server hangs up");
}

#[tokio::test]
async fn a_failed_upgrade_ends_the_session() {
    let (_folder, _, tls) = server_with(&certificate(HOST));
    let server = EchoServer::start(GateOptions::default(), TlsMode::Upgrade(tls));
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "220 ready");
    assert_eq!(client.ask("STARTTLS").await, "220 go ahead");
    client.send("this is no TLS at all\r\n").await;
    server.until_open(0).await;
    assert_eq!(server.metrics.snapshot().tls_failures, 1);
}

#[tokio::test]
async fn a_silent_client_does_not_keep_its_handshake_open() {
    let (_folder, _, tls) = server_with(&certificate(HOST));
    let options = GateOptions {
        handshake_timeout: Duration::from_millis(100),
        ..GateOptions::default()
    };
    let server = EchoServer::start(options, TlsMode::Implicit(tls));
    let mut client = connect(server.address).await;
    assert_eq!(client.line().await, "", "closed without a word");
    server.until_open(0).await;
    assert_eq!(server.metrics.snapshot().tls_failures, 1);
}

#[tokio::test]
async fn a_reload_changes_new_connections_and_keeps_the_old() {
    let (old, new) = (certificate(HOST), certificate(HOST));
    let (folder, files, tls) = server_with(&old);
    let server = EchoServer::start(GateOptions::default(), TlsMode::Implicit(tls.clone()));
    let secured = async |trusted: &SelfSigned| {
        let stream = connect(server.address).await.into_inner();
        secure(&trusting(&[trusted]), HOST, stream).await
    };
    let mut early = secured(&old).await.unwrap();
    assert_eq!(early.line().await, "220 ready");

    store(folder.path(), "host", &new);
    tls.reload().unwrap();
    let mut late = secured(&new).await.unwrap();
    assert_eq!(late.line().await, "220 ready");
    assert!(secured(&old).await.is_err(), "the old certificate is gone");
    assert_eq!(early.ask("alive").await, "> alive");

    fs::write(&files.certificate, "broken").unwrap();
    let error = tls.reload().unwrap_err();
    let expected = format!(
        "{} holds no usable PEM certificate",
        files.certificate.display()
    );
    assert_eq!(error.to_string(), expected);
    let mut later = secured(&new).await.unwrap();
    assert_eq!(
        later.line().await,
        "220 ready",
        "a failed reload changes nothing"
    );
}

#[tokio::test]
async fn the_certificate_is_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (
        certificate("one.example.test"),
        certificate("*.two.example.test"),
    );
    let files = vec![
        store(folder.path(), "one", &first),
        store(folder.path(), "two", &second),
    ];
    let tls = TlsServer::load(files).unwrap();
    let server = EchoServer::start(GateOptions::default(), TlsMode::Implicit(tls));
    for (host, trusted) in [
        ("one.example.test", &first),
        ("imap.two.example.test", &second),
    ] {
        let stream = connect(server.address).await.into_inner();
        let client = secure(&trusting(&[trusted]), host, stream).await;
        assert_eq!(client.unwrap().line().await, "220 ready", "{host}");
    }
}

#[tokio::test]
async fn sessions_are_resumed_with_tickets() {
    let signed = certificate(HOST);
    let (_folder, _, tls) = server_with(&signed);
    let server = EchoServer::start(GateOptions::default(), TlsMode::Implicit(tls));
    let config = trusting(&[&signed]);
    for expected in [rustls::HandshakeKind::Full, rustls::HandshakeKind::Resumed] {
        let stream = connect(server.address).await.into_inner();
        let mut client = secure(&config, HOST, stream).await.unwrap();
        assert_eq!(client.line().await, "220 ready");
        let stream = client.into_inner();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(expected));
    }
}

#[test]
fn unusable_files_are_named() {
    let signed = certificate(HOST);
    let (folder, files, _) = server_with(&signed);
    let other = store(folder.path(), "other", &certificate(HOST));
    let load = |certificate: &Path, key: &Path| {
        let files = CertificateFiles {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        TlsServer::load(vec![files]).unwrap_err()
    };
    let missing = folder.path().join("missing");
    assert!(matches!(load(&missing, &files.key), TlsError::Read { path, .. } if path == missing));
    let error = load(&files.certificate, &missing);
    assert!(matches!(error, TlsError::Read { path, .. } if path == missing));
    let error = load(&files.certificate, &files.certificate);
    assert!(matches!(error, TlsError::Key { path } if path == files.certificate));
    let error = load(&files.key, &files.key);
    assert!(matches!(error, TlsError::Certificate { path } if path == files.key));
    let error = load(&files.certificate, &other.key);
    assert!(matches!(error, TlsError::Mismatch { key, .. } if key == other.key));
    let large = folder.path().join("large");
    fs::write(&large, vec![b'x'; 1024 * 1024 + 1]).unwrap();
    assert!(matches!(load(&large, &files.key), TlsError::TooLarge { path } if path == large));
    assert!(matches!(TlsServer::load(Vec::new()), Err(TlsError::None)));
}

#[test]
fn the_operator_is_warned() {
    let signed = certificate(HOST);
    let (_folder, files, tls) = server_with(&signed);
    let facts = tls.certificates().remove(0);
    assert_eq!(facts.names, [HOST]);
    let day = Duration::from_hours(24);
    let days = facts.not_after.since(facts.not_before).as_secs() / day.as_secs();
    assert_eq!(days, 826);

    let good = facts.not_before.plus(day);
    assert_eq!(tls.warnings(good), []);
    let late = tls.warnings(facts.not_after.minus(day * 20));
    assert!(
        matches!(late.as_slice(), [TlsWarning::Expires { .. }]),
        "{late:?}"
    );
    let early = tls.warnings(Timestamp(0));
    assert!(
        matches!(early.as_slice(), [TlsWarning::NotYetValid { .. }]),
        "{early:?}"
    );

    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    tls.reload().unwrap();
    let path = files.key;
    let warnings = tls.warnings(good);
    assert_eq!(warnings, [TlsWarning::KeyIsPublic { path, mode: 0o644 }]);
    assert!(warnings[0].to_string().ends_with("(mode 0644)"));
}

#[tokio::test]
async fn application_protocols_are_agreed_on_where_asked_for() {
    let signed = certificate(HOST);
    let (_folder, _, tls) = server_with(&signed);
    let mut config = (*trusting(&[&signed])).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = std::sync::Arc::new(config);
    for (tls, expected) in [
        (tls.with_alpn(&[b"http/1.1"]), Some(b"http/1.1".as_slice())),
        (tls, None),
    ] {
        let server = EchoServer::start(GateOptions::default(), TlsMode::Implicit(tls));
        let stream = connect(server.address).await.into_inner();
        let mut client = secure(&config, HOST, stream).await.unwrap();
        assert_eq!(client.line().await, "220 ready");
        let stream = client.into_inner();
        assert_eq!(stream.get_ref().1.alpn_protocol(), expected);
    }
}
