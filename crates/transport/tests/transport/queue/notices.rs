//! What senders hear: of failures, of delays, of success that nobody else reports.

use bytes::Bytes;
use hikyaku_db::{Lane, params};
use hikyaku_message::ParsedMessage;
use hikyaku_transport::{
    Notify, OriginalRecipient, Policy, ReportLanguage, Returned,
    queue::{SchedulerOptions, TroubleKind, Verdict},
    trace::Outcome,
};

use super::office::{
    Office, greylisted, minutes, notify, policy, receipt, sent, trouble, unknown, unreachable,
};
use crate::world::MAIL;

/// The lines of a report from its Subject on, without what differs from run to run.
fn transcript(report: &str) -> String {
    let parsed = ParsedMessage::parse(report.as_bytes());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let begin = report.find("\r\nFrom: ").unwrap() + 2;
    let mut lines = String::new();
    let boundary = report
        .find("boundary=\"")
        .map(|at| &report[at + 10..])
        .unwrap();
    let boundary = &boundary[..boundary.find('"').unwrap()];
    for line in report[begin..].replace(boundary, "BOUNDARY").lines() {
        if !line.starts_with("Message-ID: <") || line == "Message-ID: <one@remote>" {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines
}

hikyaku_db::on_both_engines! {
    /// One report for all who failed in an attempt, in the transaction that records it.
    async fn a_failure_is_reported(test: TestDatabase) {
        let office = Office::open(test).await;
        let to = ["a@remote.example", "b@remote.example", "c@remote.example"];
        let mut envelope = office.by_taro(&to);
        envelope.reporting.envelope_id = Some("QQ1".to_owned());
        envelope.reporting.returned = Some(Returned::Headers);
        envelope.recipients[1].original = Some(OriginalRecipient {
            address_type: "rfc822".to_owned(),
            address: "b@old.example".to_owned(),
        });
        office.send_with(envelope).await;
        let big = "552 5.3.4 message too big";
        let big = Verdict::Never(trouble(TroubleKind::TooBig, "5.3.4", Some(big)));
        office.attempt().await.answer(vec![unknown(), big, sent()]);
        office.until_done(3).await;
        assert_eq!(office.inbox_count(office.taro).await, 1, "as soon as it is recorded");
        let report = office.world.last_message(office.taro).await;
        assert!(report.starts_with("Return-Path: <>\r\nDelivered-To: taro@example.test\r\n"));
        assert_eq!(transcript(&report), FAILURE);
        office.is_empty().await;
    }

    /// Japanese first for a reader of Japanese, then English; the whole message comes back.
    async fn a_report_in_both_languages(test: TestDatabase) {
        let both = Policy { report_language: ReportLanguage::Both, ..policy() };
        let office = Office::open_with(test, both, SchedulerOptions::default()).await;
        office.send(&["a@remote.example"]).await;
        office.answer_next(&unknown()).await;
        let report = office.world.last_message(office.taro).await;
        let parsed = ParsedMessage::parse(report.as_bytes());
        let subject = parsed.envelope.subject.as_ref().unwrap().decoded();
        assert_eq!(subject, "配信できませんでした (Not delivered): hello");
        let text = prose(&report);
        assert_eq!(text.replace("\r\n", "\n"), BOTH);
        assert!(report.contains("Content-Type: message/rfc822\r\n"), "{report}");
        let whole = format!("Received: from test; Mon, 05 Jan 2026 09:00:00 +0900\r\n{MAIL}");
        assert!(report.contains(&whole), "{report}");
        office.is_empty().await;
    }

    /// Who did not want to hear of failures does not; nobody answers the null sender.
    async fn silence_is_kept(test: TestDatabase) {
        let office = Office::open(test).await;
        let mut never = office.by_taro(&["a@remote.example"]);
        never.recipients[0].notify = Some(Notify::NEVER);
        office.send_with(never).await;
        office.answer_next(&unknown()).await;
        let mut null = office.by_taro(&["b@remote.example"]);
        null.sender = None;
        null.recipients[0].notify = Some(notify(true, true, true));
        office.send_with(null).await;
        office.answer_next(&unknown()).await;
        assert_eq!(office.outcome("b@remote.example").await.0, Outcome::Bounced);
        assert_eq!(office.inbox_count(office.taro).await, 0);
        office.is_empty().await;
    }

    /// After four hours, once, to those who want to hear of it; after five days it is over.
    async fn delays_are_told_once_and_expire(test: TestDatabase) {
        let office = Office::open(test).await;
        let mut envelope = office.by_taro(&["a@remote.example", "b@remote.example"]);
        envelope.recipients[1].notify = Some(notify(false, true, false));
        office.send_with(envelope).await;
        let mut hours = 0;
        office.answer_next(&greylisted()).await;
        office.pass(minutes(4 * 60 - 1)).await;
        office.answer_next(&greylisted()).await;
        assert_eq!(office.inbox_count(office.taro).await, 0, "not yet");
        office.pass(minutes(1)).await;
        office.until_reported(1).await;
        assert_eq!(office.inbox_count(office.taro).await, 1);
        let report = office.world.last_message(office.taro).await;
        assert_eq!(transcript(&report), DELAY);
        while hours < 112 {
            hours += 4;
            office.pass(minutes(4 * 60)).await;
            office.answer_next(&greylisted()).await;
        }
        assert_eq!(office.inbox_count(office.taro).await, 1, "told once");
        let before = office.done();
        office.pass(minutes(4 * 60)).await;
        office.until_done(before + 2).await;
        let (outcome, detail) = office.outcome("b@remote.example").await;
        assert_eq!(outcome, Outcome::Bounced);
        assert!(detail.starts_with("tried for too long; 4.7.1 mx.remote.example: "), "{detail}");
        let report = office.world.last_message(office.taro).await;
        assert!(report.contains("Status: 4.4.7\r\nRemote-MTA: dns; mx.remote.example"), "{report}");
        assert_eq!(office.inbox_count(office.taro).await, 2, "both in one report");
        office.is_empty().await;
    }

    /// A message that was never tried itself, because its destination rests, expires all the same;
    /// the reason is the destination's.
    async fn what_waits_for_a_destination_expires(test: TestDatabase) {
        let options = SchedulerOptions { per_destination: 1, ..SchedulerOptions::default() };
        let office = Office::open_with(test, policy(), options).await;
        office.send(&["a@far.example"]).await;
        office.answer_next(&unreachable()).await;
        office.world.test.clock.advance(minutes(30));
        let mut second = office.by_taro(&["b@far.example"]);
        second.recipients[0].notify = Some(notify(false, true, false));
        office.send_with(second).await;
        let first = office.attempt().await;
        assert_eq!(first.recipients(), ["a@far.example"]);
        first.all(&unreachable());
        office.until_done(2).await;
        // Nobody looks for five days; then the destination still rests for a minute.
        office.world.test.clock.advance(minutes(5 * 24 * 60));
        let until = office.db().now().plus(minutes(1));
        let rest = move |tx: &hikyaku_db::WriteTx<'_>| {
            tx.execute("UPDATE queue_destination SET until_at = ?1", params![until])
        };
        office.db().write(Lane::Mail, rest).await.unwrap();
        office.poke().await;
        office.until_done(4).await;
        let (outcome, detail) = office.outcome("b@far.example").await;
        assert_eq!((outcome, detail.as_str()), (Outcome::Bounced, "tried for too long; 4.4.1 connect"));
        office.is_empty().await;
    }

    /// Success is told by whoever is the last to know.
    async fn success_is_told_by_the_last_who_knows(test: TestDatabase) {
        let office = Office::open(test).await;
        for (passed_on, reports) in [(true, 0), (false, 1)] {
            let mut envelope = office.by_taro(&["a@remote.example"]);
            envelope.recipients[0].notify = Some(notify(true, true, false));
            office.send_with(envelope).await;
            let mut receipt = receipt();
            receipt.dsn_passed_on = passed_on;
            office.answer_next(&Verdict::Sent(receipt)).await;
            assert_eq!(office.inbox_count(office.taro).await, reports);
        }
        let report = office.world.last_message(office.taro).await;
        assert!(
            report.contains(
                "Final-Recipient: rfc822; a@remote.example\r\nAction: relayed\r\n\
                 Status: 2.1.9\r\nRemote-MTA: dns; mx.remote.example\r\n"
            ),
            "{report}"
        );
        assert!(report.contains("\r\nSubject: Delivered: hello\r\n"), "{report}");
        assert!(report.contains("Content-Type: text/rfc822-headers"), "{report}");
        office.is_empty().await;
    }

    /// The sender's domain moved away while the message waited: the report goes after it, from
    /// nobody, and what becomes of that brings no other.
    async fn a_report_to_a_sender_elsewhere(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        office.answer_next(&greylisted()).await;
        let moved = |tx: &hikyaku_db::WriteTx<'_>| {
            tx.execute("UPDATE queue_message SET sender = 'taro@moved.example'", params![])
        };
        office.db().write(Lane::Mail, moved).await.unwrap();
        office.pass(minutes(6)).await;
        office.answer_next(&unknown()).await;
        let report = office.attempt().await;
        assert_eq!(report.recipients(), ["taro@moved.example"]);
        assert_eq!(report.parcel.sender, None);
        assert_eq!(report.parcel.recipients[0].notify, Some(Notify::NEVER));
        let text = String::from_utf8(report.parcel.content.to_vec()).unwrap();
        assert!(text.starts_with("Date: ") && text.contains("Action: failed"), "{text}");
        report.all(&unknown());
        office.until_done(3).await;
        assert_eq!(office.outcome("taro@moved.example").await.0, Outcome::Bounced);
        assert_eq!(office.trace_of("taro@moved.example").await.via, "report");
        office.is_empty().await;
    }

    /// The account is gone: the trace knows, nobody is written to.
    async fn a_sender_who_is_gone(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        office.answer_next(&greylisted()).await;
        let gone = |tx: &hikyaku_db::WriteTx<'_>| {
            tx.execute("UPDATE queue_message SET sender = 'nobody-here@example.test'", params![])
        };
        office.db().write(Lane::Mail, gone).await.unwrap();
        office.pass(minutes(6)).await;
        office.answer_next(&unknown()).await;
        assert_eq!(office.outcome("a@remote.example").await.0, Outcome::Bounced);
        assert_eq!(office.inbox_count(office.taro).await, 0);
        office.is_empty().await;
    }

    /// A large message does not come back whole, whatever the sender asked for.
    async fn large_messages_are_not_returned(test: TestDatabase) {
        let office = Office::open(test).await;
        let mut envelope = office.by_taro(&["a@remote.example"]);
        envelope.reporting.returned = Some(Returned::Full);
        let line = "0123456789abcdef\r\n".repeat(3000);
        let content = Bytes::from(format!("Subject: big\r\n\r\n{line}"));
        office.world.transport.accept(envelope, content).await.unwrap();
        office.answer_next(&unknown()).await;
        let report = office.world.last_message(office.taro).await;
        assert!(report.len() < 5000, "{}", report.len());
        assert!(report.ends_with("Subject: big\r\n\r\n--=_") || report.contains("Subject: big"));
        assert!(!report.contains("0123456789abcdef"));
        office.is_empty().await;
    }

    /// Every kind of trouble is explained in both languages.
    async fn every_trouble_is_explained(test: TestDatabase) {
        let both = Policy { report_language: ReportLanguage::Both, ..policy() };
        let office = Office::open_with(test, both, SchedulerOptions::default()).await;
        let mut texts = std::collections::BTreeSet::new();
        for kind in [
            TroubleKind::NoSuchDomain, TroubleKind::NullMx, TroubleKind::Dns,
            TroubleKind::Connect, TroubleKind::Timeout, TroubleKind::Cut, TroubleKind::Tls,
            TroubleKind::Auth, TroubleKind::Protocol, TroubleKind::Refused,
            TroubleKind::Recipient, TroubleKind::NoUtf8, TroubleKind::NoEightBit,
            TroubleKind::TooBig, TroubleKind::Loop, TroubleKind::Local,
        ] {
            office.send(&["a@remote.example"]).await;
            office.answer_next(&Verdict::Never(trouble(kind, "5.0.0", None))).await;
            let report = office.world.last_message(office.taro).await;
            let text = prose(&report);
            let (japanese, english) = text.split_once("----------").unwrap();
            assert!(english.is_ascii() && english.contains("lease "), "{english}");
            assert!(japanese.contains("ください。"), "{japanese}");
            texts.insert(text);
        }
        assert_eq!(texts.len(), 16, "no two alike");
        office.is_empty().await;
    }
}

/// The text for people, decoded.
fn prose(report: &str) -> String {
    let parsed = ParsedMessage::parse(report.as_bytes());
    let text = parsed
        .structure
        .parts()
        .find(|part| part.content_type.is("text", "plain"));
    hikyaku_message::body::part_text(report.as_bytes(), text.unwrap())
        .text
        .into_owned()
}

const FAILURE: &str = "\
From: Mail Delivery System <mailer-daemon@mx.example.test>
To: taro@example.test
Subject: Not delivered: hello
Auto-Submitted: auto-replied
In-Reply-To: <one@remote>
References: <one@remote>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary=\"BOUNDARY\"
Content-Transfer-Encoding: 7bit

--BOUNDARY
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 7bit

This is the mail system at mx.example.test.

Your message could not be delivered to:

    a@remote.example
    The recipient's mail server did not accept mail for this address.
    Please check the address. The answer below says more.
    The answer of mx.remote.example: 550 5.1.1 no such user

    b@remote.example
    The message is larger than the recipient's mail server takes.
    Please send it in parts, or share the file by a link.
    The answer of mx.remote.example: 552 5.3.4 message too big

--BOUNDARY
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mx.example.test
Original-Envelope-Id: QQ1
Arrival-Date: Mon, 05 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822; a@remote.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.remote.example
Diagnostic-Code: smtp; 550 5.1.1 no such user

Original-Recipient: rfc822; b@old.example
Final-Recipient: rfc822; b@remote.example
Action: failed
Status: 5.3.4
Remote-MTA: dns; mx.remote.example
Diagnostic-Code: smtp; 552 5.3.4 message too big

--BOUNDARY
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

Received: from test; Mon, 05 Jan 2026 09:00:00 +0900
From: a@remote.example
To: x@example.test
Message-ID: <one@remote>
Subject: hello

--BOUNDARY--
";

const DELAY: &str = "\
From: Mail Delivery System <mailer-daemon@mx.example.test>
To: taro@example.test
Subject: Delayed: hello
Auto-Submitted: auto-replied
In-Reply-To: <one@remote>
References: <one@remote>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary=\"BOUNDARY\"
Content-Transfer-Encoding: 7bit

--BOUNDARY
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 7bit

This is the mail system at mx.example.test.

Your message could not be delivered yet. You need not send it again:
it is still tried. It waits for:

    a@remote.example
    The recipient's mail server did not accept mail for this address.
    The answer of mx.remote.example: 451 4.7.1 greylisted, come again
    It is tried until Sat, 10 Jan 2026 00:00:00 +0000.

--BOUNDARY
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mx.example.test
Arrival-Date: Mon, 05 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822; a@remote.example
Action: delayed
Status: 4.7.1
Remote-MTA: dns; mx.remote.example
Diagnostic-Code: smtp; 451 4.7.1 greylisted, come again
Will-Retry-Until: Sat, 10 Jan 2026 00:00:00 +0000

--BOUNDARY
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

Received: from test; Mon, 05 Jan 2026 09:00:00 +0900
From: a@remote.example
To: x@example.test
Message-ID: <one@remote>
Subject: hello

--BOUNDARY--
";

const BOTH: &str = "\
mx.example.test のメールシステムからのお知らせです。

メールを次の宛先に配信できませんでした。

    a@remote.example
    宛先のメールサーバーが、このアドレス宛のメールを受け付けませんでした。
    アドレスに誤りがないかご確認ください。詳しくは下記の応答をご覧ください。
    mx.remote.example の応答: 550 5.1.1 no such user

----------------------------------------

This is the mail system at mx.example.test.

Your message could not be delivered to:

    a@remote.example
    The recipient's mail server did not accept mail for this address.
    Please check the address. The answer below says more.
    The answer of mx.remote.example: 550 5.1.1 no such user
";
