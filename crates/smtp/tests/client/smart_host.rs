//! One host for all mail: encryption that is no offer but a condition, and signing in.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use anyhow::Result;
use hikyaku_net::{Authorities, TlsClient};
use hikyaku_sasl::ClientMechanism;
use hikyaku_smtp::client::{Login, Route, SmartHost, SmartHostName, SmartHostTls};
use hikyaku_testkit::remote::{Action, FakeRemote, Offer, RemoteTls, Stage};
use hikyaku_transport::queue::TroubleKind;
use tempfile::TempDir;

use crate::scene::{DOMAIN, Refused, Scene, carrier_to};

const NAME: &str = "smart.example";

/// What the operator wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    StartTls,
    Implicit,
    Off,
}

struct Stand {
    scene: Scene,
    folder: TempDir,
}

/// A smart host with a certificate that we believe, or not.
fn stand(
    offer: Offer,
    wanted: Wanted,
    mechanism: Option<ClientMechanism>,
    trusted: &str,
) -> Result<Stand> {
    let folder = tempfile::tempdir()?;
    let secret_file = folder.path().join("secret");
    fs::write(&secret_file, "correct horse 7\n")?;
    fs::set_permissions(&secret_file, fs::Permissions::from_mode(0o600))?;
    let has_login = offer.login.is_some();
    let scene = Scene::with(offer, |_| {})?;
    scene.resolver.set_addresses(NAME, &[scene.remote.ip()]);
    let authority = authority(&folder, &scene.remote, trusted)?;
    let client = || TlsClient::verified(&Authorities::File(authority.clone()));
    let smart_host = SmartHost {
        host: SmartHostName::Name(NAME.parse()?),
        port: scene.remote.address().port(),
        tls: match wanted {
            Wanted::StartTls => SmartHostTls::StartTls(client()?),
            Wanted::Implicit => SmartHostTls::Implicit(client()?),
            Wanted::Off => SmartHostTls::Off,
        },
        login: has_login.then(|| Login {
            name: "taro".to_owned(),
            secret_file,
            mechanism,
        }),
    };
    let carrier = carrier_to(&scene.remote, &scene.resolver, |options| {
        options.route = Route::SmartHost(smart_host);
    })?;
    let scene = Scene { carrier, ..scene };
    Ok(Stand { scene, folder })
}

fn authority(folder: &TempDir, remote: &FakeRemote, trusted: &str) -> Result<PathBuf> {
    let path = folder.path().join("authority.pem");
    let stranger = FakeRemote::start()?;
    let pem = match trusted {
        "its own" => remote.certificate_pem(),
        _ => stranger.certificate_pem(),
    };
    fs::write(&path, pem)?;
    Ok(path)
}

fn offer(tls: RemoteTls, mechanisms: &str, password: &str) -> Offer {
    Offer {
        name: NAME.to_owned(),
        extensions: vec![format!("AUTH {mechanisms}")],
        tls,
        login: Some(("taro".to_owned(), password.to_owned())),
    }
}

#[tokio::test]
async fn a_verified_host_takes_everything_from_who_signs_in() -> Result<()> {
    for (tls, wanted) in [
        (RemoteTls::StartTls, Wanted::StartTls),
        (RemoteTls::Implicit, Wanted::Implicit),
    ] {
        for mechanisms in ["PLAIN LOGIN", "LOGIN", "CRAM-MD5 PLAIN"] {
            let offer = offer(tls, mechanisms, "correct horse 7");
            let stand = stand(offer, wanted, None, "its own")?;
            let receipt = stand.scene.send_well().await;
            assert_eq!(receipt.host, NAME);
            assert!(receipt.tls.is_some());
            assert!(stand.scene.remote.wait_for_mail(1)?[0].encrypted);
            // Nobody asked for the domain's exchangers; all domains share the connection.
            assert!(
                !stand
                    .scene
                    .resolver
                    .asked()
                    .contains(&format!("MX {DOMAIN}"))
            );
            stand.scene.send_well().await;
            assert_eq!(stand.scene.remote.connections(), 1);
        }
    }
    Ok(())
}

async fn refusal(stand: &Stand) -> Refused {
    let refusal = stand.scene.send_in_vain().await;
    assert!(!refusal.forever, "nothing comes back for a mistake of ours");
    assert!(stand.scene.remote.taken().is_empty());
    refusal
}

#[tokio::test]
async fn without_the_right_certificate_nothing_is_said() -> Result<()> {
    for (tls, wanted, trusted) in [
        (RemoteTls::StartTls, Wanted::StartTls, "another"),
        (RemoteTls::Implicit, Wanted::Implicit, "another"),
        (RemoteTls::Broken, Wanted::StartTls, "its own"),
        (RemoteTls::None, Wanted::StartTls, "its own"),
        (RemoteTls::None, Wanted::Implicit, "its own"),
    ] {
        let stand = stand(
            offer(tls, "PLAIN", "correct horse 7"),
            wanted,
            None,
            trusted,
        )?;
        assert_eq!(refusal(&stand).await.kind, TroubleKind::Tls, "{tls:?}");
        let heard = stand.scene.remote.heard();
        assert!(
            !heard.iter().any(|line| line.starts_with("AUTH")),
            "{heard:?}"
        );
        assert_eq!(
            stand.scene.remote.connections(),
            1,
            "no second try in plain text"
        );
    }
    let refusing = offer(RemoteTls::StartTls, "PLAIN", "correct horse 7");
    let stand = stand(refusing, Wanted::StartTls, None, "its own")?;
    let no = Action::reply("554 5.7.0 no");
    stand.scene.remote.on(Stage::StartTls, no);
    let refusal = refusal(&stand).await;
    assert_eq!(
        (refusal.kind, &*refusal.status),
        (TroubleKind::Tls, "4.7.0")
    );
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_sends_no_mail_back() -> Result<()> {
    let wrong = || offer(RemoteTls::StartTls, "PLAIN LOGIN", "another");
    for mechanism in [
        None,
        Some(ClientMechanism::Login),
        Some(ClientMechanism::Xoauth2),
    ] {
        let stand = stand(wrong(), Wanted::StartTls, mechanism, "its own")?;
        let refusal = refusal(&stand).await;
        assert_eq!(
            (refusal.kind, &*refusal.status),
            (TroubleKind::Auth, "4.7.8")
        );
        assert_eq!(refusal.words, "535 5.7.8 wrong name or password");
        assert_eq!(stand.scene.carrier.metrics().snapshot().failed_sign_ins, 1);
    }
    Ok(())
}

#[tokio::test]
async fn signing_in_fails_in_clear_words() -> Result<()> {
    let strange = offer(RemoteTls::StartTls, "GSSAPI SCRAM-SHA-256", "x");
    let strange = stand(strange, Wanted::StartTls, None, "its own")?;
    let words = refusal(&strange).await.words;
    assert!(words.ends_with("AUTH GSSAPI SCRAM-SHA-256"), "{words}");

    let usual = offer(RemoteTls::StartTls, "PLAIN", "correct horse 7");
    let usual = stand(usual, Wanted::StartTls, None, "its own")?;
    let endless = Action::reply("334 VXNlcm5hbWU6");
    usual.scene.remote.on(Stage::Auth, endless);
    assert_eq!(refusal(&usual).await.kind, TroubleKind::Auth);
    usual.scene.remote.behave();

    // The file is read at each sign-in: it can be lost, and come back.
    let secret = usual.folder.path().join("secret");
    let elsewhere = usual.folder.path().join("elsewhere");
    fs::rename(&secret, &elsewhere)?;
    assert_eq!(refusal(&usual).await.kind, TroubleKind::Auth);
    fs::rename(&elsewhere, &secret)?;
    usual.scene.send_well().await;
    Ok(())
}

#[tokio::test]
async fn a_host_without_encryption_is_the_operators_own_choice() -> Result<()> {
    let plain = Offer {
        name: NAME.to_owned(),
        ..Offer::default()
    };
    let stand = stand(plain, Wanted::Off, None, "its own")?;
    assert_eq!(stand.scene.send_well().await.tls, None);
    Ok(())
}

#[tokio::test]
async fn a_host_that_cannot_be_found_sends_no_mail_back() -> Result<()> {
    let stand = stand(Offer::default(), Wanted::Off, None, "its own")?;
    stand
        .scene
        .resolver
        .fail(NAME, &hikyaku_dns::DnsError::NoSuchName);
    let refusal = refusal(&stand).await;
    assert_eq!(refusal.kind, TroubleKind::Dns);
    assert!(refusal.words.contains(NAME), "{}", refusal.words);
    Ok(())
}
