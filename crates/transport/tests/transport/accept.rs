//! Accepting: every recipient's outcome, or nothing.

use bytes::Bytes;
use hikyaku_blob::SpaceWatch;
use hikyaku_db::Lane;
use hikyaku_mailstore::Quota;
use hikyaku_transport::{
    Answer, MailboxFull, Policy, Rejection, Transport, Via,
    trace::{self, Outcome},
};
use hikyaku_types::{ByteSize, Id as _, TenantId};

use crate::world::{MAIL, World, envelope};

fn messages(limit: u64) -> Quota {
    Quota {
        bytes: ByteSize(0),
        messages: limit,
    }
}

hikyaku_db::on_both_engines! {
    /// One content, a copy for each recipient, with the recipient's own header lines before it.
    async fn every_recipient_gets_a_copy(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        let to = ["taro@example.test", "HANA@Example.TEST"];
        let outcomes = world.accept(envelope(&to, Answer::Whole)).await.unwrap();
        assert_eq!(outcomes, [Ok(()), Ok(())]);
        for (scope, name) in [(taro, "taro@example.test"), (hana, "HANA@example.test")] {
            let inbox = world.inbox(scope).await;
            assert_eq!((inbox.total, inbox.unseen), (1, 1));
            let text = world.last_message(scope).await;
            let expected = format!(
                "Return-Path: <a@remote.example>\r\nDelivered-To: {name}\r\n\
                 Received: from test; Mon, 05 Jan 2026 09:00:00 +0900\r\n{MAIL}"
            );
            assert_eq!(text, expected);
        }
        let rows = world.trace().await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.outcome == Outcome::Delivered));
        assert!(rows.iter().all(|row| row.message_id == "one@remote"));
        world.check().await;
    }

    /// A message without any header stays text: our lines do not swallow it.
    async fn a_message_without_header_keeps_its_text(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        for (content, expected) in [
            ("just text\r\n", "\r\n\r\njust text\r\n"),
            ("\r\nafter an empty line\r\n", "+0900\r\n\r\nafter an empty line\r\n"),
            ("", "+0900\r\n\r\n"),
        ] {
            let to = envelope(&["taro@example.test"], Answer::Whole);
            world.transport.accept(to, Bytes::from_static(content.as_bytes())).await.unwrap();
            let text = world.last_message(taro).await;
            assert!(text.ends_with(expected), "{text:?}");
            assert!(text.contains("\r\nReceived: from test; "), "{text:?}");
        }
        world.check().await;
    }

    /// Named by address and by alias: one copy, two trace rows.
    async fn an_alias_and_its_account_get_one_copy(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        world.alias("office@example.test", "taro@example.test").await;
        let to = ["office@example.test", "taro@example.test"];
        let outcomes = world.accept(envelope(&to, Answer::Whole)).await.unwrap();
        assert_eq!(outcomes, [Ok(()), Ok(())]);
        assert_eq!(world.inbox(taro).await.total, 1);
        assert_eq!(world.trace().await.len(), 2);
        world.check().await;
    }

    /// Alone over its limit: refused. With others who take it: delivered, one message too many.
    async fn a_full_mailbox_refuses_unless_others_take_the_message(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let small = Quota { bytes: ByteSize(MAIL.len() as u64), messages: 0 };
        let taro = world.account("taro", small).await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        let alone = world.accept(envelope(&["taro@example.test"], Answer::Whole)).await;
        assert_eq!(alone.unwrap_err().code, 552);
        assert_eq!(world.trace().await.len(), 0, "nothing was accepted");
        let both = ["taro@example.test", "hana@example.test"];
        let outcomes = world.accept(envelope(&both, Answer::Whole)).await.unwrap();
        assert_eq!(outcomes, [Ok(()), Ok(())]);
        // Now the limit was reached before: the message goes to the other one only.
        let outcomes = world.accept(envelope(&both, Answer::Whole)).await.unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap_err().code, 552);
        assert_eq!(outcomes[1], Ok(()));
        assert_eq!((world.inbox(taro).await.total, world.inbox(hana).await.total), (1, 2));
        let refused: Vec<_> = world
            .trace()
            .await
            .into_iter()
            .filter(|row| row.outcome == Outcome::RejectedByRule)
            .collect();
        assert_eq!(refused.len(), 1);
        assert!(refused[0].detail.starts_with("552 5.2.2"), "{}", refused[0].detail);
        world.check().await;
    }

    /// LMTP tells each recipient apart, so nobody gets more than they may have.
    async fn with_a_reply_each_nobody_overshoots(test: TestDatabase) {
        let policy = Policy { mailbox_full: MailboxFull::Defer, ..Policy::default() };
        let world = World::new(test, policy).await;
        let taro = world.account("taro", messages(1)).await;
        world.account("hana", Quota::UNLIMITED).await;
        let both = ["taro@example.test", "hana@example.test"];
        let first = world.accept(envelope(&both, Answer::PerRecipient)).await.unwrap();
        assert_eq!(first, [Ok(()), Ok(())]);
        let second = world.accept(envelope(&both, Answer::PerRecipient)).await.unwrap();
        assert_eq!(second[0].as_ref().unwrap_err().to_string().get(..9), Some("452 4.2.2"));
        assert_eq!(second[1], Ok(()));
        assert_eq!(world.inbox(taro).await.total, 1);
        let neither = ["taro@example.test", "nobody-here@example.test"];
        let third = world.accept(envelope(&neither, Answer::PerRecipient)).await.unwrap();
        let codes: Vec<u16> = third.into_iter().map(|outcome| outcome.unwrap_err().code).collect();
        assert_eq!(codes, [452, 550]);
        assert_eq!(world.trace().await.len(), 4, "what nobody got is not in the trace");
        world.check().await;
    }

    /// What is nobody's, and what is not ours, is refused at RCPT and again at the end.
    async fn strangers_are_refused(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        world.account("taro", messages(1)).await;
        let check = async |address: &str, via| {
            world.transport.check_recipient(&address.parse().unwrap(), 0, via).await
        };
        assert_eq!(check("taro@example.test", Via::Smtp).await, Ok(()));
        let code = |result: Result<(), Rejection>| result.unwrap_err().to_string();
        assert!(code(check("nobody-here@example.test", Via::Smtp).await).starts_with("550 5.1.1"));
        assert!(code(check("x@remote.example", Via::Smtp).await).starts_with("550 5.7.1"));
        assert!(code(check("x@remote.example", Via::Submission).await).starts_with("550 5.3.2"));
        let all = ["x@remote.example", "nobody-here@example.test"];
        assert_eq!(world.accept(envelope(&all, Answer::Whole)).await.unwrap_err().code, 550);
        let taro = world.accept(envelope(&["taro@example.test"], Answer::Whole)).await;
        assert_eq!(taro.unwrap(), [Ok(())]);
        assert!(code(check("taro@example.test", Via::Smtp).await).starts_with("552 5.2.2"));
        let snapshot = world.transport.metrics().snapshot();
        assert_eq!((snapshot.messages, snapshot.delivered), (1, 1));
        world.check().await;
    }

    /// Each limit, crossed.
    async fn limits_are_kept(test: TestDatabase) {
        let policy = Policy {
            max_message: ByteSize(MAIL.len() as u64),
            max_recipients: 2,
            max_received_lines: 1,
            ..Policy::default()
        };
        let world = World::new(test, policy).await;
        world.account("taro", Quota::UNLIMITED).await;
        let to = ["taro@example.test"];
        let many = ["taro@example.test"; 3];
        let rejection = world.accept(envelope(&many, Answer::Whole)).await.unwrap_err();
        assert!(rejection.to_string().starts_with("452 4.5.3"), "{rejection}");
        let send = async |content: String| {
            world.transport.accept(envelope(&to, Answer::Whole), Bytes::from(content)).await
        };
        let rejection = send(format!("{MAIL}x")).await.unwrap_err();
        assert!(rejection.to_string().starts_with("552 5.3.4"), "{rejection}");
        send("Received: 1\r\n\r\n".to_owned()).await.unwrap();
        let rejection = send("Received: 1\r\nReceived: 2\r\n\r\n".to_owned()).await.unwrap_err();
        assert!(rejection.to_string().starts_with("554 5.4.6"), "{rejection}");
        let nobody = world.accept(envelope(&[], Answer::Whole)).await.unwrap_err();
        assert_eq!(nobody.code, 554);
        world.check().await;
    }

    /// Below the free-space mark mail waits outside.
    async fn low_storage_defers(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        world.account("taro", Quota::UNLIMITED).await;
        let low = SpaceWatch::new(std::env::temp_dir(), u64::MAX, 100);
        let transport = Transport::new(world.test.db.clone(), Policy::default(), low);
        let rejection = transport.check_storage().unwrap_err();
        assert!(rejection.to_string().starts_with("452 4.3.1"), "{rejection}");
        let content = Bytes::from_static(MAIL.as_bytes());
        let to = envelope(&["taro@example.test"], Answer::Whole);
        assert_eq!(transport.accept(to, content).await.unwrap_err(), rejection);
    }

    /// Eight senders to the same people at once: nothing is lost, nothing deadlocks.
    async fn many_senders_at_once(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let hana = world.account("hana", Quota::UNLIMITED).await;
        let orders = [["taro@example.test", "hana@example.test"], ["hana@example.test", "taro@example.test"]];
        let senders: Vec<_> = (0..8)
            .map(|n| {
                let transport = world.transport.clone();
                tokio::spawn(async move {
                    for _ in 0..5 {
                        let to = envelope(&orders[n % 2], Answer::Whole);
                        let content = Bytes::from_static(MAIL.as_bytes());
                        transport.accept(to, content).await.unwrap();
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        assert_eq!((world.inbox(taro).await.total, world.inbox(hana).await.total), (40, 40));
        assert_eq!(world.trace().await.len(), 80);
        world.check().await;
    }

    /// Old rows go, young ones stay.
    async fn the_trace_is_purged_by_age(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        world.account("taro", Quota::UNLIMITED).await;
        let to = ["taro@example.test"];
        world.accept(envelope(&to, Answer::Whole)).await.unwrap();
        let between = world.test.db.now().plus(std::time::Duration::from_secs(1));
        world.test.clock.advance(std::time::Duration::from_secs(2));
        world.accept(envelope(&to, Answer::Whole)).await.unwrap();
        let tenant = world.tenant.tenant;
        let purge = |tenant| {
            world.test.db.write(Lane::Background, move |tx| trace::purge(tx, tenant, between))
        };
        assert_eq!(purge(TenantId::from_i64(tenant.to_i64() + 1)).await.unwrap(), 0);
        assert_eq!(purge(tenant).await.unwrap(), 1);
        assert_eq!(purge(tenant).await.unwrap(), 0);
        let left = world.trace().await;
        assert_eq!(left.len(), 1);
        assert!(left[0].at >= between);
    }
}
