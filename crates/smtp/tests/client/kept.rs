//! Connections that are kept for the next message.

use std::time::Duration;

use anyhow::Result;
use hikyaku_testkit::remote::{Action, Offer, Stage};
use hikyaku_transport::queue::{Carrier as _, TroubleKind, Verdict};

use crate::scene::{DOMAIN, Scene, parcel};

#[tokio::test]
async fn messages_of_one_domain_share_a_connection() -> Result<()> {
    let scene = Scene::new()?;
    for _ in 0..3 {
        scene.send_well().await;
    }
    assert_eq!(scene.remote.connections(), 1);
    assert_eq!(scene.carrier.metrics().snapshot().reused, 2);
    // Another domain, even on the same host, has one of its own.
    scene
        .resolver
        .set_mx("other.example", &[(1, "mx1.remote.example")]);
    let mut other = parcel(&["bob"]);
    other.destination = "other.example".parse()?;
    assert!(matches!(
        scene.carrier.carry(other).await[0],
        Verdict::Sent(_)
    ));
    assert_eq!(scene.remote.connections(), 2);
    Ok(())
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_connection_as_good_as_new() -> Result<()> {
    let scene = Scene::new()?;
    scene
        .remote
        .once(Stage::Rcpt, Action::reply("550 5.1.1 no such user"));
    assert_eq!(scene.send_in_vain().await.kind, TroubleKind::Recipient);
    assert!(
        !scene.remote.heard().iter().any(|line| line == "RSET"),
        "not yet"
    );
    scene.send_well().await;
    assert_eq!(scene.remote.connections(), 1);
    scene.remote.wait_to_hear("RSET", 1)
}

#[tokio::test]
async fn a_kept_connection_that_fails_is_replaced() -> Result<()> {
    for fault in [
        Action::Cut,
        Action::ReplyAndCut("421 4.4.2 too long idle".to_owned()),
        Action::reply("451 4.3.0 enough of you"),
    ] {
        let scene = Scene::new()?;
        scene.send_well().await;
        scene.remote.once(Stage::Mail, fault);
        scene.send_well().await;
        assert_eq!(scene.remote.connections(), 2);
        assert_eq!(scene.remote.wait_for_mail(2)?.len(), 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_not_kept_for_ever() -> Result<()> {
    let scene = Scene::with(Offer::default(), |options| options.keep.messages = 2)?;
    for _ in 0..4 {
        scene.send_well().await;
    }
    assert_eq!(scene.remote.connections(), 2);
    scene.remote.wait_to_hear("QUIT", 2)?;

    let scene = Scene::with(Offer::default(), |options| {
        options.keep.idle = Duration::ZERO;
    })?;
    scene.send_well().await;
    scene.remote.wait_to_hear("QUIT", 1)?;

    let scene = Scene::with(Offer::default(), |options| {
        options.keep.idle = Duration::from_millis(50);
    })?;
    scene.send_well().await;
    let remote = &scene.remote;
    tokio::task::block_in_place(|| remote.wait_to_hear("QUIT", 1))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_connections_stand_idle() -> Result<()> {
    for (in_all, per_route) in [(2, 10), (10, 2)] {
        let scene = Scene::with(Offer::default(), |options| {
            options.keep.connections = in_all;
            options.keep.per_route = per_route;
        })?;
        let (a, b, c, d) = tokio::join!(
            scene.carrier.carry(parcel(&["a"])),
            scene.carrier.carry(parcel(&["b"])),
            scene.carrier.carry(parcel(&["c"])),
            scene.carrier.carry(parcel(&["d"])),
        );
        assert!(
            [a, b, c, d]
                .iter()
                .all(|v| matches!(v[0], Verdict::Sent(_)))
        );
        let idle = scene.remote.connections() - quits(&scene)?;
        assert_eq!(idle, 2);
        scene.carrier.close().await;
        let all = usize::try_from(scene.remote.connections())?;
        scene.remote.wait_to_hear("QUIT", all)?;
        // What comes back after that is not kept.
        scene.send_well().await;
        scene.remote.wait_to_hear("QUIT", all + 1)?;
    }
    Ok(())
}

/// Connections that were too many, all of them left.
fn quits(scene: &Scene) -> Result<u64> {
    let too_many = scene.remote.connections().saturating_sub(2);
    if too_many > 0 {
        let count = usize::try_from(too_many)?;
        scene.remote.wait_to_hear("QUIT", count)?;
    }
    Ok(too_many)
}

#[tokio::test]
async fn what_was_kept_is_for_one_domain_only() -> Result<()> {
    let scene = Scene::new()?;
    scene.send_well().await;
    // The domain has moved: what is kept is used to its end, and what comes after goes elsewhere.
    let moved = scene.remote.beside(3, Offer::default())?;
    scene.resolver.set_mx(DOMAIN, &[(1, "new.example")]);
    scene.resolver.set_addresses("new.example", &[moved.ip()]);
    scene.remote.on(Stage::Mail, Action::Cut);
    assert_eq!(scene.send_well().await.host, "new.example");
    Ok(())
}
