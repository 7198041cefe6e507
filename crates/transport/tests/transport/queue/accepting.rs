//! What goes into the queue, and what does not.

use bytes::Bytes;
use hikyaku_mailstore::Quota;
use hikyaku_transport::{
    Answer, OriginalRecipient, Policy, Returned, Via, queue::State, trace::Outcome,
};

use super::office::{Attempt, CONTENT, Office, notify, policy, receipt, sent};
use crate::world::{MAIL, World, envelope};
use hikyaku_transport::queue::Verdict;

hikyaku_db::on_both_engines! {
    /// Queued with the reply, sent, recorded, forgotten.
    async fn a_message_leaves(test: TestDatabase) {
        let office = Office::open(test).await;
        let mut envelope = office.by_taro(&["Hana@Remote.example"]);
        envelope.recipients[0].notify = Some(notify(false, true, false));
        envelope.recipients[0].original = Some(OriginalRecipient {
            address_type: "rfc822".to_owned(),
            address: "hana@old.example".to_owned(),
        });
        envelope.reporting.envelope_id = Some("QQ1".to_owned());
        envelope.reporting.returned = Some(Returned::Headers);
        office.send_with(envelope).await;
        assert_eq!(office.trace_of("Hana@remote.example").await.outcome, Outcome::Queued);

        let attempt = office.attempt().await;
        let rows = office.queued().await;
        assert_eq!((rows.len(), rows[0].state), (1, State::Sending));
        let parcel = attempt.parcel.clone();
        assert_eq!(parcel.destination.as_str(), "remote.example");
        assert_eq!(parcel.sender.unwrap().to_string(), "taro@example.test");
        assert_eq!(parcel.recipients[0].address.to_string(), "Hana@remote.example");
        assert_eq!(parcel.recipients[0].notify, Some(notify(false, true, false)));
        assert_eq!(parcel.recipients[0].original.as_ref().unwrap().address, "hana@old.example");
        assert_eq!(parcel.reporting.envelope_id.as_deref(), Some("QQ1"));
        assert_eq!(parcel.reporting.returned, Some(Returned::Headers));
        assert_eq!((parcel.eight_bit, parcel.utf8), (false, false));
        let expected = format!("Received: from test; Mon, 05 Jan 2026 09:00:00 +0900\r\n{MAIL}");
        assert_eq!(parcel.content, expected.as_bytes());

        attempt.all(&sent());
        office.until_done(1).await;
        let (outcome, detail) = office.outcome("Hana@remote.example").await;
        assert_eq!(outcome, Outcome::Sent);
        assert_eq!(detail, "mx.remote.example [192.0.2.25] (TLSv1.3): 250 2.0.0 accepted as 4711");
        assert_eq!(office.inbox_count(office.taro).await, 0, "nobody asked for a report");
        office.is_empty().await;
    }

    /// One transaction: the copy in the mailbox and the row in the queue.
    async fn recipients_here_and_elsewhere(test: TestDatabase) {
        let office = Office::open(test).await;
        let hana = office.world.account("hana", Quota::UNLIMITED).await;
        let to = ["hana@example.test", "a@one.example", "b@two.example", "a@one.example"];
        office.send(&to).await;
        assert_eq!(office.inbox_count(hana).await, 1);
        let outcomes: Vec<_> =
            office.world.trace().await.into_iter().map(|row| row.outcome).collect();
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert_eq!(count(Outcome::Delivered), 1);
        assert_eq!(count(Outcome::Queued), 2);
        assert_eq!(count(Outcome::Duplicate), 1, "named twice, sent once");
        office.world.check().await;
        for _ in 0..2 {
            office.answer_next(&sent()).await;
        }
        office.is_empty().await;
        assert_eq!(office.inbox_count(hana).await, 1);
    }

    /// Somebody elsewhere takes the message, so a full mailbox here may overshoot once; then its
    /// owner is left out, and the sender hears of it at once.
    async fn a_full_mailbox_beside_somebody_elsewhere(test: TestDatabase) {
        let office = Office::open(test).await;
        let small = Quota { bytes: hikyaku_types::ByteSize(1), messages: 0 };
        let hana = office.world.account("hana", small).await;
        for (n, delivered) in [(1, 1), (2, 1)] {
            let to = office.by_taro(&["hana@example.test", "a@one.example"]);
            let outcomes = office.world.accept(to).await.unwrap();
            assert_eq!(outcomes[1], Ok(()));
            office.answer_next(&sent()).await;
            assert_eq!(office.inbox_count(hana).await, delivered, "message {n}");
        }
        assert_eq!(office.inbox_count(office.taro).await, 1, "the report");
        office.is_empty().await;
    }

    /// Nobody who did not sign in is served, and nobody while nothing is sent out.
    async fn strangers_are_not_relayed(test: TestDatabase) {
        let world = World::new(test, policy()).await;
        let check = async |via| {
            let address = "a@remote.example".parse().unwrap();
            world.transport.check_recipient(&address, 0, via).await.map_err(|r| r.to_string())
        };
        assert_eq!(check(Via::Submission).await, Ok(()));
        for via in [Via::Smtp, Via::Lmtp] {
            assert!(check(via).await.unwrap_err().starts_with("550 5.7.1 "));
            let mut stranger = envelope(&["a@remote.example"], Answer::Whole);
            stranger.source.via = via;
            let refused = world.accept(stranger).await.unwrap_err();
            assert!(refused.to_string().starts_with("550 5.7.1 "), "{refused}");
        }
        // A session that forgot to ask for a sign-in does not open the relay.
        let mut stranger = envelope(&["a@remote.example"], Answer::Whole);
        stranger.source.via = Via::Submission;
        let refused = world.accept(stranger).await.unwrap_err();
        assert!(refused.to_string().starts_with("550 5.7.1 "), "{refused}");
        assert_eq!(world.trace().await.len(), 0);
    }

    async fn a_host_that_sends_nothing_out_says_so(test: TestDatabase) {
        let world = World::new(test, Policy::default()).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let mut mail = envelope(&["a@remote.example"], Answer::Whole);
        mail.source.via = Via::Submission;
        mail.source.account = Some(taro);
        let refused = world.accept(mail).await.unwrap_err();
        assert!(refused.to_string().starts_with("550 5.3.2 "), "{refused}");
    }

    /// What the next host must be able to take.
    async fn the_parcel_says_what_it_needs(test: TestDatabase) {
        let office = Office::open(test).await;
        let latin: &[u8] = b"Subject: x\r\n\r\nna\xc3\xafve\r\n";
        let header: &[u8] = b"Subject: na\xc3\xafve\r\n\r\nx\r\n";
        for (content, declared, to, expected) in [
            (&CONTENT[..], true, "a@remote.example", (false, false)),
            (latin, true, "a@remote.example", (true, false)),
            (header, true, "a@remote.example", (true, true)),
            // Sent as it is, as ever: the client did not say that it is one of those.
            (header, false, "a@remote.example", (true, false)),
            (&CONTENT[..], false, "日本@remote.example", (false, true)),
            (b"no header at all\r\n", false, "a@remote.example", (false, false)),
        ] {
            let mut envelope = office.by_taro(&[to]);
            envelope.utf8 = declared;
            let content = Bytes::copy_from_slice(content);
            office.world.transport.accept(envelope, content.clone()).await.unwrap();
            let attempt = office.attempt().await;
            let needs = (attempt.parcel.eight_bit, attempt.parcel.utf8);
            assert_eq!(needs, expected, "{content:?} to {to}");
            assert!(attempt.parcel.content.ends_with(&content));
            attempt.all(&sent());
        }
        office.until_done(6).await;
        office.is_empty().await;
    }

    /// A hundred at a time; each of them is recorded.
    async fn many_recipients_of_one_domain(test: TestDatabase) {
        let office = Office::open(test).await;
        let names: Vec<String> = (0..250).map(|n| format!("u{n:03}@remote.example")).collect();
        let to: Vec<&str> = names.iter().map(String::as_str).collect();
        office.send(&to).await;
        let mut parcels = Vec::new();
        for _ in 0..3 {
            parcels.push(office.attempt().await);
        }
        let mut sizes: Vec<usize> = parcels.iter().map(|p| p.parcel.recipients.len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [50, 100, 100]);
        let mut all: Vec<String> = parcels.iter().flat_map(Attempt::recipients).collect();
        all.sort();
        assert_eq!(all, names);
        for parcel in parcels {
            // Every recipient with words of its own.
            let verdicts = parcel.recipients().into_iter().map(|name| {
                let mut receipt = receipt();
                receipt.reply = format!("250 2.1.5 {name}");
                Verdict::Sent(receipt)
            });
            let verdicts = verdicts.collect();
            parcel.answer(verdicts);
        }
        office.until_done(250).await;
        let (outcome, detail) = office.outcome("u249@remote.example").await;
        assert_eq!(outcome, Outcome::Sent);
        assert!(detail.ends_with("250 2.1.5 u249@remote.example"), "{detail}");
        office.is_empty().await;
    }

}
