//! Mail that would come back to us.

use anyhow::Result;
use hikyaku_smtp::client::Loopback;
use hikyaku_testkit::remote::Offer;
use hikyaku_transport::queue::TroubleKind;

use crate::scene::{DOMAIN, Scene};

#[tokio::test]
async fn a_host_of_our_own_name_is_ourselves() -> Result<()> {
    let ours = Offer {
        name: "Mail.Example.Test".to_owned(),
        ..Offer::default()
    };
    let scene = Scene::with(ours, |_| {})?;
    let refusal = scene.send_in_vain().await;
    assert_eq!((refusal.kind, refusal.forever), (TroubleKind::Loop, true));
    assert_eq!(scene.remote.heard(), ["EHLO mail.example.test"]);
    Ok(())
}

#[tokio::test]
async fn an_address_at_which_we_listen_is_not_connected_to() -> Result<()> {
    let scene = Scene::new()?;
    let own = scene.remote.address();
    let scene = Scene {
        carrier: crate::scene::carrier_to(&scene.remote, &scene.resolver, |options| {
            options.own_addresses = vec![own];
        })?,
        ..scene
    };
    assert_eq!(scene.send_in_vain().await.kind, TroubleKind::Loop);
    assert_eq!(scene.remote.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn dns_leads_nobody_to_this_machine() -> Result<()> {
    let scene = Scene::with(Offer::default(), |options| {
        options.loopback = Loopback::Barred;
    })?;
    let refusal = scene.send_in_vain().await;
    assert_eq!((refusal.kind, refusal.forever), (TroubleKind::Loop, true));
    assert_eq!(scene.remote.connections(), 0);
    scene.resolver.set_mx(DOMAIN, &[(0, "mail.example.test")]);
    assert_eq!(scene.send_in_vain().await.kind, TroubleKind::Loop);
    Ok(())
}
