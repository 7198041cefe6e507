//! Encryption as far as it goes (RFC 7435).

use anyhow::Result;
use hikyaku_testkit::remote::{Action, Offer, RemoteTls, Stage};

use crate::scene::Scene;

fn with_tls(tls: RemoteTls) -> Offer {
    Offer {
        tls,
        ..Offer::default()
    }
}

#[tokio::test]
async fn what_can_be_encrypted_is_whatever_the_certificate() -> Result<()> {
    let scene = Scene::with(with_tls(RemoteTls::StartTls), |_| {})?;
    let receipt = scene.send_well().await;
    let tls = receipt.tls.expect("encrypted");
    assert!(tls.starts_with("TLSv1.3 TLS13_AES"), "{tls}");
    let taken = scene.remote.wait_for_mail(1)?;
    assert!(taken[0].encrypted);
    let heard = scene.remote.heard();
    assert_eq!(
        heard.iter().filter(|line| line.starts_with("EHLO")).count(),
        2
    );
    // Kept encrypted.
    assert!(scene.send_well().await.tls.is_some());
    assert_eq!(scene.remote.connections(), 1);
    Ok(())
}

#[tokio::test]
async fn broken_encryption_is_better_done_without() -> Result<()> {
    let scene = Scene::with(with_tls(RemoteTls::Broken), |_| {})?;
    assert_eq!(scene.send_well().await.tls, None);
    assert_eq!(scene.remote.connections(), 2, "a new one for plain text");
    let counted = scene.carrier.metrics().snapshot();
    assert_eq!((counted.broken_tls, counted.encrypted), (1, 0));

    let scene = Scene::with(with_tls(RemoteTls::StartTls), |_| {})?;
    scene
        .remote
        .on(Stage::StartTls, Action::reply("454 4.7.0 not now"));
    assert_eq!(scene.send_well().await.tls, None);
    assert_eq!(scene.remote.connections(), 1, "nothing was broken");
    Ok(())
}

/// CVE-2011-0411, the other way round: replies in plain text behind the go-ahead.
#[tokio::test]
async fn what_came_before_encryption_does_not_count_behind_it() -> Result<()> {
    let scene = Scene::with(with_tls(RemoteTls::StartTls), |_| {})?;
    let injected = b"220 2.0.0 go ahead\r\n250 injected\r\n".to_vec();
    scene.remote.on(Stage::StartTls, Action::Octets(injected));
    assert_eq!(scene.send_well().await.tls, None);
    assert_eq!(scene.remote.connections(), 2);
    Ok(())
}
