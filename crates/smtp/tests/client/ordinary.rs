//! What is said, and what each recipient gets.

use anyhow::Result;
use hikyaku_smtp::client::PIPELINED_COMMANDS;
use hikyaku_testkit::remote::{Action, Rule, Stage};
use hikyaku_transport::{
    Notify, OriginalRecipient, Returned,
    queue::{Carrier as _, RECIPIENTS_PER_PARCEL, TroubleKind, Verdict},
};

use crate::scene::{CONTENT, Scene, offering, parcel, refused};

#[tokio::test]
async fn a_message_is_sent() -> Result<()> {
    let scene = Scene::new()?;
    let receipt = scene.send_well().await;
    assert_eq!(receipt.host, "mx1.remote.example");
    assert_eq!(receipt.address, scene.remote.ip());
    assert_eq!(receipt.reply, "250 2.0.0 taken as 0");
    assert_eq!((receipt.tls, receipt.dsn_passed_on), (None, true));
    let taken = scene.remote.wait_for_mail(1)?;
    assert_eq!(taken[0].text(), CONTENT);
    let said = [
        "EHLO mail.example.test",
        "MAIL FROM:<taro@example.test> SIZE=27",
        "RCPT TO:<bob@remote.example>",
        "DATA",
    ];
    assert_eq!(
        scene.remote.heard(),
        said,
        "nothing more before the verdict"
    );
    scene.carrier.close().await;
    scene.remote.wait_to_hear("QUIT", 1)
}

#[tokio::test]
async fn each_recipient_gets_the_answer_to_its_own_command() -> Result<()> {
    for extensions in [&["PIPELINING"][..], &[]] {
        let scene = Scene::with(offering(extensions), |_| {})?;
        let answer = |local, reply| {
            let rule = Rule::new(Stage::Rcpt, Action::reply(reply));
            scene.remote.rule(rule.containing(local));
        };
        answer("later", "450-4.2.1 wait\r\n450 4.2.1 a while");
        answer("never", "550 5.1.1 no such user");
        answer("many", "552 too many recipients");
        let verdicts = scene.send(&["a", "later", "never", "b", "many"]).await;
        let sent = verdicts.iter().map(|v| matches!(v, Verdict::Sent(_)));
        assert_eq!(sent.collect::<Vec<_>>(), [true, false, false, true, false]);
        let later = refused(&verdicts[1]);
        assert_eq!((later.kind, later.forever), (TroubleKind::Recipient, false));
        assert_eq!(later.words, "450 4.2.1 wait a while");
        let never = refused(&verdicts[2]);
        assert_eq!((never.kind, never.forever), (TroubleKind::Recipient, true));
        assert_eq!(never.status, "5.1.1");
        // RFC 5321 §4.5.3.1.10.
        assert!(!refused(&verdicts[4]).forever);
        assert_eq!(scene.remote.wait_for_mail(1)?[0].rcpts.len(), 2);
        let counted = scene.carrier.metrics().snapshot();
        assert_eq!((counted.sent, counted.deferred, counted.refused), (2, 2, 1));
    }
    Ok(())
}

#[tokio::test]
async fn many_recipients_cross_the_limit_of_commands_sent_at_once() -> Result<()> {
    const { assert!(RECIPIENTS_PER_PARCEL > PIPELINED_COMMANDS) };
    let scene = Scene::new()?;
    let refused = Rule::new(Stage::Rcpt, Action::reply("550 5.1.1 odd"));
    scene.remote.rule(refused.containing("7@"));
    let locals: Vec<String> = (0..RECIPIENTS_PER_PARCEL)
        .map(|n| format!("r{n}"))
        .collect();
    let locals: Vec<&str> = locals.iter().map(String::as_str).collect();
    let verdicts = scene.send(&locals).await;
    for (local, verdict) in locals.iter().zip(&verdicts) {
        let is_sent = matches!(verdict, Verdict::Sent(_));
        assert_eq!(is_sent, !local.ends_with('7'), "{local}: {verdict:?}");
    }
    assert_eq!(scene.remote.wait_for_mail(1)?[0].rcpts.len(), 90);
    Ok(())
}

#[tokio::test]
async fn a_refused_sender_is_refused_for_all() -> Result<()> {
    for extensions in [&["PIPELINING"][..], &[]] {
        let scene = Scene::with(offering(extensions), |_| {})?;
        let reply = "550 5.7.1 not from you";
        scene.remote.on(Stage::Mail, Action::reply(reply));
        let verdicts = scene.send(&["a", "b"]).await;
        for verdict in &verdicts {
            let refused = refused(verdict);
            assert_eq!(
                (refused.kind, refused.forever),
                (TroubleKind::Refused, true)
            );
            assert_eq!(refused.words, reply);
        }
        assert_eq!(scene.remote.connections(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn what_the_sender_wants_to_hear_is_passed_on_where_it_is_understood() -> Result<()> {
    let asking = || {
        let mut parcel = parcel(&["bob", "carol"]);
        parcel.reporting.envelope_id = Some("a b".to_owned());
        parcel.reporting.returned = Some(Returned::Headers);
        parcel.recipients[0].notify = Some(Notify {
            success: true,
            failure: true,
            delay: false,
        });
        parcel.recipients[0].original = Some(OriginalRecipient {
            address_type: "rfc822".to_owned(),
            address: "robert@remote.example".to_owned(),
        });
        parcel
    };
    let knowing = Scene::with(offering(&["DSN"]), |_| {})?;
    let verdicts = knowing.carrier.carry(asking()).await;
    assert!(matches!(&verdicts[0], Verdict::Sent(receipt) if receipt.dsn_passed_on));
    let heard = knowing.remote.heard();
    assert_eq!(
        heard[1],
        "MAIL FROM:<taro@example.test> RET=HDRS ENVID=a+20b"
    );
    let rcpt =
        "RCPT TO:<bob@remote.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;robert@remote.example";
    assert_eq!(heard[2..4], [rcpt, "RCPT TO:<carol@remote.example>"]);

    let ignorant = Scene::with(offering(&[]), |_| {})?;
    let verdicts = ignorant.carrier.carry(asking()).await;
    assert!(matches!(&verdicts[0], Verdict::Sent(receipt) if !receipt.dsn_passed_on));
    assert_eq!(ignorant.remote.heard()[1], "MAIL FROM:<taro@example.test>");
    Ok(())
}

#[tokio::test]
async fn what_a_host_cannot_take_is_not_offered() -> Result<()> {
    let mut wide = parcel(&["bob"]);
    wide.utf8 = true;
    let ascii = Scene::with(offering(&["8BITMIME"]), |_| {})?;
    let refusal = refused(&ascii.carrier.carry(wide.clone()).await[0]);
    assert_eq!((refusal.kind, refusal.forever), (TroubleKind::NoUtf8, true));
    assert_eq!(refusal.status, "5.6.7");
    assert_eq!(ascii.remote.heard().len(), 1, "EHLO only");
    let unicode = Scene::with(offering(&["8BITMIME", "SMTPUTF8"]), |_| {})?;
    assert!(matches!(
        unicode.carrier.carry(wide).await[0],
        Verdict::Sent(_)
    ));
    let mail = "MAIL FROM:<taro@example.test> BODY=8BITMIME SMTPUTF8";
    assert_eq!(unicode.remote.heard()[1], mail);

    let small = Scene::with(offering(&["SIZE 20"]), |_| {})?;
    let refusal = small.send_in_vain().await;
    assert_eq!((refusal.kind, refusal.forever), (TroubleKind::TooBig, true));
    assert_eq!(refusal.status, "5.3.4");
    Ok(())
}

/// Old hosts, and hosts that say nothing of 8-bit text, which they take all the same.
#[tokio::test]
async fn hosts_without_extensions_get_mail_too() -> Result<()> {
    let scene = Scene::with(offering(&[]), |_| {})?;
    scene
        .remote
        .on(Stage::Ehlo, Action::reply("502 5.5.1 what?"));
    let mut eight_bit = parcel(&["bob"]);
    eight_bit.content = "Subject: x\r\n\r\n飛脚\r\n".into();
    eight_bit.eight_bit = true;
    assert!(matches!(
        scene.carrier.carry(eight_bit).await[0],
        Verdict::Sent(_)
    ));
    let heard = scene.remote.heard();
    assert_eq!(
        heard[1..3],
        ["HELO mail.example.test", "MAIL FROM:<taro@example.test>"]
    );
    assert!(scene.remote.wait_for_mail(1)?[0].text().contains("飛脚"));
    Ok(())
}

#[tokio::test]
async fn nobody_is_a_sender_too() -> Result<()> {
    let scene = Scene::new()?;
    let mut report = parcel(&["bob"]);
    report.sender = None;
    assert!(matches!(
        scene.carrier.carry(report).await[0],
        Verdict::Sent(_)
    ));
    assert!(scene.remote.heard()[1].starts_with("MAIL FROM:<> SIZE="));
    Ok(())
}

#[tokio::test]
async fn a_large_message_arrives_as_it_is() -> Result<()> {
    let scene = Scene::new()?;
    let line = ".all work and no play makes a courier dull\r\n";
    let mut large = parcel(&["bob"]);
    large.content = format!("Subject: x\r\n\r\n{}", line.repeat(40_000)).into();
    let expected = large.content.clone();
    assert!(matches!(
        scene.carrier.carry(large).await[0],
        Verdict::Sent(_)
    ));
    let taken = scene.remote.wait_for_mail(1)?;
    assert!(taken[0].content == expected, "not what was sent");
    Ok(())
}
