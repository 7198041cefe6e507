//! Reports to the sender (RFC 3461, RFC 3464).

use bytes::Bytes;
use hikyaku_db::Lane;
use hikyaku_directory::{
    AccountScope, Language,
    accounts::{self, AccountChange, Overrides},
};
use hikyaku_mailstore::Quota;
use hikyaku_message::ParsedMessage;
use hikyaku_transport::{Answer, Envelope, Notify, OriginalRecipient, Policy, ReportLanguage, Via};
use hikyaku_types::ByteSize;

use crate::world::{World, envelope};

const SUCCESS: Notify = Notify {
    success: true,
    failure: true,
    delay: false,
};

/// Reports are in English.
fn english() -> Policy {
    Policy {
        report_language: ReportLanguage::Only(Language::En),
        ..Policy::default()
    }
}

/// A message that taro sends after signing in.
fn from_taro(taro: AccountScope, recipients: &[&str], notify: Notify) -> Envelope {
    let mut envelope = envelope(recipients, Answer::Whole);
    envelope.source.via = Via::Submission;
    envelope.source.account = Some(taro);
    envelope.sender = Some("taro@example.test".parse().unwrap());
    for recipient in &mut envelope.recipients {
        recipient.notify = Some(notify);
    }
    envelope
}

impl World {
    /// Taro, who reads English.
    async fn taro(&self) -> AccountScope {
        let taro = self.account("taro", Quota::UNLIMITED).await;
        let change = AccountChange {
            overrides: Some(Overrides {
                language: Some(Language::En),
                ..Overrides::default()
            }),
            ..AccountChange::default()
        };
        self.test
            .db
            .write(Lane::Mail, move |tx| accounts::update(tx, taro, &change))
            .await
            .unwrap();
        taro
    }

    async fn count(&self, scope: AccountScope) -> u64 {
        u64::from(self.inbox(scope).await.total)
    }
}

/// The text of the part with this media type, header included.
fn part<'a>(report: &'a str, media_type: &str) -> &'a str {
    let begin = report.find(&format!("Content-Type: {media_type}")).unwrap();
    let rest = &report[begin..];
    &rest[..rest.find("\r\n--=_").unwrap_or(rest.len())]
}

hikyaku_db::on_both_engines! {
    async fn a_sender_who_asks_hears_of_the_delivery(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let taro = world.taro().await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        world.account("jiro", Quota::UNLIMITED).await;
        let to = ["Hana+x@example.test", "jiro@example.test"];
        let mut envelope = from_taro(taro, &to, SUCCESS);
        envelope.reporting.envelope_id = Some("QQ+314159".to_owned());
        envelope.recipients[0].original = Some(OriginalRecipient {
            address_type: "rfc822".to_owned(),
            address: "Hana@shop.example".to_owned(),
        });
        envelope.recipients[1].notify = None;
        assert_eq!(world.accept(envelope).await.unwrap(), [Ok(()), Ok(())]);

        assert_eq!(world.count(hana).await, 1);
        assert_eq!(world.count(taro).await, 1);
        let report = world.last_message(taro).await;
        for line in [
            "Return-Path: <>\r\nDelivered-To: taro@example.test\r\n",
            "\r\nFrom: Mail Delivery System <mailer-daemon@mx.example.test>\r\n",
            "\r\nTo: taro@example.test\r\n",
            "\r\nSubject: Delivered: hello\r\n",
            "\r\nAuto-Submitted: auto-replied\r\n",
            "\r\nIn-Reply-To: <one@remote>\r\n",
            "\r\nReferences: <one@remote>\r\n",
            "\r\nContent-Type: multipart/report; report-type=delivery-status;",
        ] {
            assert!(report.contains(line), "{line:?} is not in {report}");
        }
        let text = part(&report, "text/plain");
        assert!(text.contains("was delivered to:\r\n\r\n    Hana+x@example.test\r\n"), "{text}");
        assert!(!text.contains("jiro"), "nobody asked about jiro: {text}");
        let status = part(&report, "message/delivery-status");
        assert!(
            status.ends_with(
                "\r\n\r\nReporting-MTA: dns; mx.example.test\r\n\
                 Original-Envelope-Id: QQ+314159\r\n\
                 Arrival-Date: Mon, 05 Jan 2026 00:00:00 +0000\r\n\
                 \r\n\
                 Original-Recipient: rfc822; Hana@shop.example\r\n\
                 Final-Recipient: rfc822; Hana+x@example.test\r\n\
                 Action: delivered\r\n\
                 Status: 2.1.5\r\n"
            ),
            "{status}"
        );
        let header = part(&report, "text/rfc822-headers");
        assert!(header.ends_with("Message-ID: <one@remote>\r\nSubject: hello\r\n"), "{header}");
        let parsed = ParsedMessage::parse(report.as_bytes());
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);

        let rows = world.trace().await;
        let row = rows.iter().find(|row| row.via == "report").unwrap();
        assert_eq!((row.sender.as_str(), row.recipient.as_str()), ("", "taro@example.test"));
        assert_eq!((rows.len(), row.account), (3, Some(taro.account)));
        world.check().await;
    }

    /// After acceptance nothing bounces to a stranger, but who signed in is none.
    async fn a_sender_hears_of_recipients_who_did_not_get_it(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let taro = world.taro().await;
        let full = Quota { bytes: ByteSize(1), messages: 0 };
        let hana = world.account("hana", full).await;
        world.account("jiro", Quota::UNLIMITED).await;
        let to = ["hana@example.test", "jiro@example.test"];
        world.accept(from_taro(taro, &to, Notify::default())).await.unwrap();
        assert_eq!((world.count(hana).await, world.count(taro).await), (1, 0), "one overshoots");
        world.accept(from_taro(taro, &to, Notify::default())).await.unwrap();
        assert_eq!((world.count(hana).await, world.count(taro).await), (1, 1));
        let report = world.last_message(taro).await;
        assert!(report.contains("\r\nSubject: Not delivered: hello\r\n"), "{report}");
        let text = part(&report, "text/plain");
        assert!(text.contains("    hana@example.test\r\n    552 5.2.2 "), "{text}");
        assert!(!text.contains("jiro"), "{text}");
        let status = part(&report, "message/delivery-status");
        assert!(
            status.ends_with(
                "Final-Recipient: rfc822; hana@example.test\r\n\
                 Action: failed\r\n\
                 Status: 5.2.2\r\n\
                 Diagnostic-Code: smtp; 552 5.2.2 the mailbox is full\r\n"
            ),
            "{status}"
        );
        let never = Notify { success: false, failure: false, delay: false };
        world.accept(from_taro(taro, &to, never)).await.unwrap();
        assert_eq!(world.count(taro).await, 1);
        world.check().await;
    }

    /// The report is written before it is known whether the accounts behind the sender's take the
    /// message: when one does not, it is written again.
    async fn a_report_says_what_became_of_it_wherever_it_was_written(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let full = Quota { bytes: ByteSize(1), messages: 0 };
        let before = world.account("before", full).await;
        let taro = world.taro().await;
        let behind = world.account("behind", full).await;
        world.account("jiro", Quota::UNLIMITED).await;
        let to = ["before@example.test", "jiro@example.test", "behind@example.test"];
        world.accept(from_taro(taro, &to, SUCCESS)).await.unwrap();
        let report = world.last_message(taro).await;
        assert_eq!(report.matches("Action: delivered").count(), 3, "two overshoot: {report}");
        for (full, name) in [(before, "before"), (behind, "behind")] {
            let held = world.count(taro).await;
            let to = [format!("{name}@example.test"), "jiro@example.test".to_owned()];
            let to = to.each_ref().map(String::as_str);
            world.accept(from_taro(taro, &to, SUCCESS)).await.unwrap();
            assert_eq!((world.count(full).await, world.count(taro).await), (1, held + 1));
            let report = world.last_message(taro).await;
            let status = part(&report, "message/delivery-status");
            assert!(
                status.contains(&format!("{name}@example.test\r\nAction: failed"))
                    && status.contains("jiro@example.test\r\nAction: delivered"),
                "{status}"
            );
        }
        world.check().await;
    }

    /// Their accounts are locked in the same order by both, so nobody waits for a deadlock to be
    /// found.
    async fn people_who_write_to_each_other_do_not_wait(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let taro = world.taro().await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        let senders: Vec<_> = (0..8)
            .map(|n| {
                let transport = world.transport.clone();
                tokio::spawn(async move {
                    for round in 0..5 {
                        let mut mail = from_taro(taro, &["hana@example.test"], SUCCESS);
                        if n % 2 == 0 {
                            mail = from_taro(hana, &["taro@example.test"], SUCCESS);
                            mail.sender = Some("hana@example.test".parse().unwrap());
                        }
                        let content = format!("Subject: {n} {round}\r\n\r\n");
                        transport.accept(mail, Bytes::from(content)).await.unwrap();
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        assert_eq!((world.count(taro).await, world.count(hana).await), (40, 40));
        assert_eq!(world.test.db.metrics().reruns, 0);
        world.check().await;
    }

    /// What anybody can claim to be brings nobody a report, and a report brings none either.
    async fn strangers_and_nobody_hear_nothing(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let taro = world.taro().await;
        world.account("hana", Quota::UNLIMITED).await;
        let to = ["hana@example.test"];
        let mut stranger = from_taro(taro, &to, SUCCESS);
        stranger.source.via = Via::Smtp;
        stranger.source.account = None;
        world.accept(stranger).await.unwrap();
        let mut nobody = from_taro(taro, &to, SUCCESS);
        nobody.sender = None;
        world.accept(nobody).await.unwrap();
        assert_eq!((world.count(taro).await, world.trace().await.len()), (0, 2));
    }

    /// The account's language comes first.
    async fn reports_are_in_both_languages(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let jiro = world.account("次郎", Quota::UNLIMITED).await;
        let mut envelope = from_taro(taro, &["次郎@example.test"], SUCCESS);
        envelope.sender = Some("taro+x@example.test".parse().unwrap());
        envelope.recipients[0].original = Some(OriginalRecipient {
            address_type: "utf-8".to_owned(),
            address: "次郎+a@shop.example".to_owned(),
        });
        let mail = "Subject: 見積り\r\n\r\nx\r\n";
        world.transport.accept(envelope, Bytes::from(mail)).await.unwrap();
        assert_eq!(world.count(jiro).await, 1);
        let report = world.last_message(taro).await;
        let parsed = ParsedMessage::parse(report.as_bytes());
        let subject = parsed.envelope.subject.unwrap();
        assert_eq!(subject.decoded(), "配信しました (Delivered): 見積り");
        assert!(!report.contains("In-Reply-To"), "{report}");
        let status = part(&report, "message/delivery-status");
        assert!(
            status.contains(
                "Original-Recipient: utf-8; \\x{6B21}\\x{90CE}\\x{2B}a@shop.example\r\n\
                 Final-Recipient: utf-8; \\x{6B21}\\x{90CE}@example.test\r\n"
            ),
            "{status}"
        );
        world.check().await;
    }

    /// A header of any length, and fields that cannot be written, do not cost the message.
    async fn a_report_stays_small_and_valid(test: TestDatabase) {
        let world = World::new(test, english()).await;
        let taro = world.taro().await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        let mut envelope = from_taro(taro, &["hana@example.test"], SUCCESS);
        envelope.reporting.envelope_id = Some("日本".to_owned());
        let field = format!("X-Long: {}\r\n", "x".repeat(900));
        let mail = format!("Subject: {}\r\n{}\r\nbody\r\n", "s".repeat(900), field.repeat(200));
        world.transport.accept(envelope, Bytes::from(mail)).await.unwrap();
        assert_eq!(world.count(hana).await, 1);
        let report = world.last_message(taro).await;
        assert!(report.len() < 70 << 10, "{}", report.len());
        assert!(!report.contains("Original-Envelope-Id"));
        let header = part(&report, "text/rfc822-headers");
        assert!(header.ends_with("xxx\r\n"), "fields are whole");
        world.check().await;
    }
}
