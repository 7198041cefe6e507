//! Silence, cuts, nonsense and refusals at every stage; dead hosts.

use std::{net::TcpListener, time::Duration};

use anyhow::Result;
use hikyaku_dns::DnsError;
use hikyaku_smtp::client::{MAX_ADDRESSES, MAX_SESSIONS, Timeouts};
use hikyaku_testkit::{
    dns::loopback,
    remote::{Action, FakeRemote, Offer, Stage},
};
use hikyaku_transport::queue::{Carrier as _, TroubleKind, Verdict};

use crate::scene::{DOMAIN, Scene, parcel, refused};

/// Stages before the final dot, at which a fault leaves the message with us.
const BEFORE_THE_DOT: [Stage; 5] = [
    Stage::Greeting,
    Stage::Ehlo,
    Stage::Mail,
    Stage::Rcpt,
    Stage::Data,
];

/// One stage answers within so little that silence is noticed at once; all others have their
/// time, so that a slow machine changes nothing.
fn impatient_at(stage: Stage) -> impl FnOnce(&mut Timeouts) {
    const SHORT: Duration = Duration::from_millis(100);
    move |timeouts| {
        let wait = match stage {
            Stage::Greeting => &mut timeouts.greeting,
            Stage::Ehlo | Stage::Helo | Stage::Rset | Stage::StartTls => &mut timeouts.hello,
            Stage::Auth => &mut timeouts.auth,
            Stage::Mail => &mut timeouts.mail,
            Stage::Rcpt => &mut timeouts.recipient,
            Stage::Data => &mut timeouts.data,
            Stage::Content | Stage::Dot => &mut timeouts.dot,
            Stage::Quit => &mut timeouts.quit,
        };
        *wait = SHORT;
    }
}

/// Two exchangers; the better one misbehaves.
struct Pair {
    scene: Scene,
    backup: FakeRemote,
}

fn pair(stage: Stage) -> Result<Pair> {
    let scene = Scene::with(Offer::default(), |options| {
        impatient_at(stage)(&mut options.timeouts);
    })?;
    let backup = scene.remote.beside(3, Offer::default())?;
    let exchangers = [(10, "mx1.remote.example"), (20, "mx2.remote.example")];
    scene.resolver.set_mx(DOMAIN, &exchangers);
    let host = "mx2.remote.example";
    scene.resolver.set_addresses(host, &[backup.ip()]);
    Ok(Pair { scene, backup })
}

#[tokio::test]
async fn before_the_final_dot_another_exchanger_takes_over() -> Result<()> {
    for stage in BEFORE_THE_DOT {
        let faults = [
            Action::Cut,
            Action::reply("421 4.3.2 going down"),
            Action::ReplyAndCut("421 4.3.2 gone".to_owned()),
            Action::Octets(b"hello, who is there?\r\n".to_vec()),
            Action::Octets(b"\x00\xff\r\n".to_vec()),
            Action::Octets(b"250-a\r\n550 b\r\n".to_vec()),
            Action::Octets(format!("250 {}", "x".repeat(100_000)).into_bytes()),
            Action::Endless,
        ];
        for fault in faults {
            let pair = pair(Stage::Quit)?;
            pair.scene.remote.on(stage, fault.clone());
            let verdict = &pair.scene.send(&["bob"]).await[0];
            let Verdict::Sent(receipt) = verdict else {
                panic!("{stage:?}, {fault:?}: {verdict:?}");
            };
            assert_eq!(receipt.host, "mx2.remote.example", "{stage:?}, {fault:?}");
            assert!(pair.scene.remote.acknowledged().is_empty());
        }
    }
    Ok(())
}

#[tokio::test]
async fn silence_has_an_end_at_every_stage() -> Result<()> {
    for stage in BEFORE_THE_DOT {
        for silence in [Action::Stall, Action::Drip("250 ok".to_owned(), 60_000)] {
            let pair = pair(stage)?;
            pair.scene.remote.on(stage, silence.clone());
            let verdict = &pair.scene.send(&["bob"]).await[0];
            let is_sent = matches!(verdict, Verdict::Sent(r) if r.host == "mx2.remote.example");
            assert!(is_sent, "{stage:?}, {silence:?}: {verdict:?}");
        }
    }
    Ok(())
}

/// Nobody knows what became of the message: it stays ours, and goes to nobody else now.
#[tokio::test]
async fn behind_the_final_dot_nobody_else_is_tried() -> Result<()> {
    use TroubleKind::{Cut, Protocol, Refused, Timeout};
    for (fault, kind) in [
        (Action::Cut, Cut),
        (Action::Stall, Timeout),
        (Action::reply("421 4.3.2 going down"), Refused),
        (Action::reply("354 what?"), Protocol),
        (Action::Octets(b"what?\r\n".to_vec()), Protocol),
    ] {
        let pair = pair(Stage::Dot)?;
        pair.scene.remote.on(Stage::Dot, fault.clone());
        let refusal = refused(&pair.scene.send(&["bob"]).await[0]);
        assert_eq!((refusal.kind, refusal.forever), (kind, false), "{fault:?}");
        assert_eq!(pair.scene.remote.taken().len(), 1, "it has come");
        assert_eq!(pair.backup.connections(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_reply_to_the_final_dot_counts_whatever_comes_after_it() -> Result<()> {
    let scene = Scene::new()?;
    let last_word = Action::ReplyAndCut("250 2.0.0 mine".to_owned());
    scene.remote.once(Stage::Dot, last_word);
    assert_eq!(scene.send_well().await.reply, "250 2.0.0 mine");
    // The connection that was kept is closed; the next message does not care.
    scene.send_well().await;
    assert_eq!(scene.remote.wait_for_mail(2)?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn the_reply_to_the_message_decides_for_all_who_were_taken() -> Result<()> {
    for (stage, reply, kind, forever) in [
        (Stage::Dot, "554 5.7.1 spam", TroubleKind::Refused, true),
        (Stage::Dot, "451 4.3.0 disk", TroubleKind::Refused, false),
        (Stage::Dot, "552 5.3.4 big", TroubleKind::TooBig, true),
        (Stage::Data, "554 5.5.1 no", TroubleKind::Refused, true),
        (Stage::Data, "451 4.3.0 no", TroubleKind::Refused, false),
    ] {
        let scene = Scene::new()?;
        scene.remote.once(stage, Action::reply(reply));
        for verdict in &scene.send(&["a", "b"]).await {
            let refusal = refused(verdict);
            assert_eq!((refusal.kind, refusal.forever), (kind, forever), "{reply}");
            assert_eq!(refusal.words, reply);
        }
        // The connection is as good as before.
        scene.send_well().await;
        assert_eq!(scene.remote.connections(), 1);
    }
    Ok(())
}

/// A host that closes in the middle of a long message has often said why.
#[tokio::test]
async fn a_host_that_interrupts_a_message_is_heard() -> Result<()> {
    let scene = Scene::new()?;
    let reply = "552 5.3.4 that is enough";
    let rude = Action::ReplyAndCut(reply.to_owned());
    scene.remote.on(Stage::Content, rude);
    let mut large = parcel(&["bob"]);
    large.content = vec![b'x'; 30_000_000].into();
    let refusal = refused(&scene.carrier.carry(large).await[0]);
    // A reset may take the reply with it; then it is a cut.
    match refusal.kind {
        TroubleKind::TooBig => assert!(refusal.forever && refusal.words == reply),
        kind => assert_eq!((kind, refusal.forever), (TroubleKind::Cut, false)),
    }
    assert!(scene.remote.taken().is_empty());
    Ok(())
}

#[tokio::test]
async fn dead_hosts_are_passed_over() -> Result<()> {
    let scene = Scene::new()?;
    let exchangers = [
        (10, "dead.example"),
        (20, "absent.example"),
        (30, "mx1.remote.example"),
    ];
    scene.resolver.set_mx(DOMAIN, &exchangers);
    scene
        .resolver
        .set_addresses("dead.example", &[loopback(9), loopback(8)]);
    assert_eq!(scene.send_well().await.host, "mx1.remote.example");
    Ok(())
}

#[tokio::test]
async fn what_nobody_answers_is_tried_again_later() -> Result<()> {
    let scene = Scene::new()?;
    scene.resolver.set_mx(DOMAIN, &[(10, "dead.example")]);
    scene.resolver.set_addresses("dead.example", &[loopback(9)]);
    let refusal = scene.send_in_vain().await;
    assert_eq!(
        (refusal.kind, refusal.forever),
        (TroubleKind::Connect, false)
    );
    assert_eq!(refusal.status, "4.4.1");
    assert!(refusal.words.contains("127.0.0.9"), "{}", refusal.words);
    scene
        .resolver
        .fail(DOMAIN, &DnsError::Temporary("silence".to_owned()));
    assert_eq!(scene.send_in_vain().await.kind, TroubleKind::Dns);
    scene.resolver.fail(DOMAIN, &DnsError::NoSuchName);
    let refusal = scene.send_in_vain().await;
    assert_eq!(
        (refusal.kind, refusal.forever),
        (TroubleKind::NoSuchDomain, true)
    );
    Ok(())
}

#[tokio::test]
async fn a_host_that_takes_no_mail_at_all_says_so_for_good() -> Result<()> {
    let scene = Scene::new()?;
    scene
        .remote
        .on(Stage::Greeting, Action::reply("554 5.3.2 no mail here"));
    let refusal = scene.send_in_vain().await;
    assert_eq!(
        (refusal.kind, refusal.forever),
        (TroubleKind::Refused, true)
    );
    // Unless another exchanger only cannot be reached now.
    let exchangers = [(10, "mx1.remote.example"), (20, "dead.example")];
    scene.resolver.set_mx(DOMAIN, &exchangers);
    scene.resolver.set_addresses("dead.example", &[loopback(9)]);
    assert!(!scene.send_in_vain().await.forever);
    Ok(())
}

#[tokio::test]
async fn an_attempt_has_limits() -> Result<()> {
    // Addresses at which nobody is.
    let scene = Scene::new()?;
    let dead: Vec<_> = (100..200).map(loopback).collect();
    let host = "mx1.remote.example";
    scene.resolver.set_addresses(
        host,
        &[&dead[..MAX_ADDRESSES], &[scene.remote.ip()]].concat(),
    );
    assert_eq!(scene.send_in_vain().await.kind, TroubleKind::Connect);
    let one_less = &dead[..MAX_ADDRESSES - 1];
    scene
        .resolver
        .set_addresses(host, &[one_less, &[scene.remote.ip()]].concat());
    scene.send_well().await;

    // Hosts that greet us and then put us off.
    let scene = Scene::new()?;
    scene
        .remote
        .on(Stage::Mail, Action::reply("451 4.3.0 later"));
    scene.resolver.set_addresses(host, &[scene.remote.ip(); 10]);
    let refusal = scene.send_in_vain().await;
    assert_eq!(
        (refusal.kind, refusal.forever),
        (TroubleKind::Refused, false)
    );
    assert_eq!(scene.remote.connections(), MAX_SESSIONS as u64);
    Ok(())
}

#[tokio::test]
async fn an_attempt_ends_with_its_time() -> Result<()> {
    let scene = Scene::new()?;
    scene.remote.on(Stage::Greeting, Action::Stall);
    let mut parcel = parcel(&["bob"]);
    parcel.deadline = Duration::from_millis(100);
    let refusal = refused(&scene.carrier.carry(parcel).await[0]);
    assert_eq!(
        (refusal.kind, refusal.forever),
        (TroubleKind::Timeout, false)
    );
    Ok(())
}

/// A listener that never takes connections from its queue: the system greets for it, nobody else.
#[tokio::test]
async fn a_host_that_never_accepts_is_left() -> Result<()> {
    let scene = Scene::with(Offer::default(), |options| {
        impatient_at(Stage::Greeting)(&mut options.timeouts);
    })?;
    let at = (loopback(4), scene.remote.address().port());
    let _silent = TcpListener::bind(at)?;
    let host = "mx1.remote.example";
    scene
        .resolver
        .set_addresses(host, &[loopback(4), scene.remote.ip()]);
    scene.send_well().await;
    Ok(())
}
