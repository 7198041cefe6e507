//! Attempts: when they are made, how many at once, and what follows from their verdicts.

use hikyaku_transport::{
    Policy,
    queue::{SchedulerOptions, State, TroubleKind, Verdict},
    trace::Outcome,
};
use hikyaku_types::Timestamp;

use super::office::{Office, greylisted, minutes, policy, sent, trouble, unknown, unreachable};

/// Minutes between attempts, as the schedule says; each may be a tenth off.
const SCHEDULE: [u64; 8] = [5, 10, 20, 40, 60, 120, 180, 180];

fn is_about(from: Timestamp, to: Timestamp, expected: u64) {
    let seconds = to.since(from).as_secs();
    let range = expected * 54..=expected * 66;
    assert!(
        range.contains(&seconds),
        "{seconds} s, expected {expected} min"
    );
}

hikyaku_db::on_both_engines! {
    /// A refusal for now is tried again, later and later.
    async fn what_is_refused_for_now_comes_again(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        for (n, expected) in SCHEDULE.into_iter().enumerate() {
            office.answer_next(&greylisted()).await;
            let rows = office.queued().await;
            let row = &rows[0];
            assert_eq!((row.state, row.attempts), (State::Waiting, n as u32 + 1));
            assert_eq!(row.tried_at, Some(office.db().now()));
            is_about(office.db().now(), row.due_at, expected);
            let last = row.trouble.clone().unwrap();
            assert_eq!((last.kind, last.status.as_str()), ("recipient", "4.7.1"));
            assert_eq!(last.reply.as_deref(), Some("451 4.7.1 greylisted, come again"));
            assert_eq!(office.outcome("a@remote.example").await.0, Outcome::Queued);
            if n == 0 {
                let almost = row.due_at.minus(minutes(1) / 60).since(office.db().now());
                office.world.test.clock.advance(almost);
                office.nothing_is_tried().await;
            }
            office.pass(row.due_at.since(office.db().now())).await;
        }
        office.answer_next(&sent()).await;
        assert_eq!(office.outcome("a@remote.example").await.0, Outcome::Sent);
        office.is_empty().await;
    }

    /// Each recipient of a parcel has a fate of its own.
    async fn verdicts_are_for_recipients(test: TestDatabase) {
        let office = Office::open(test).await;
        let to = ["a@remote.example", "b@remote.example", "c@remote.example", "d@remote.example"];
        office.send(&to).await;
        let attempt = office.attempt().await;
        assert_eq!(attempt.recipients(), to);
        // The carrier forgot the last one: it was cut off.
        attempt.answer(vec![sent(), greylisted(), unknown()]);
        office.until_done(4).await;
        assert_eq!(office.outcome(to[0]).await.0, Outcome::Sent);
        let (outcome, detail) = office.outcome(to[2]).await;
        assert_eq!(outcome, Outcome::Bounced);
        assert_eq!(detail, "5.1.1 mx.remote.example: 550 5.1.1 no such user");
        let rows = office.queued().await;
        let kinds: Vec<_> =
            rows.iter().map(|row| row.trouble.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, ["recipient", "cut"]);
        office.world.check().await;
        office.pass(minutes(6)).await;
        let again = office.attempt().await;
        assert_eq!(again.recipients(), to[1..].iter().filter(|a| **a != to[2]).copied()
            .collect::<Vec<_>>(), "they stay together");
        again.all(&sent());
        office.until_done(6).await;
        office.is_empty().await;
    }

    /// Nobody answers: all mail for that domain waits, and one message finds out for all.
    async fn an_unreachable_destination_rests(test: TestDatabase) {
        let options = SchedulerOptions { per_destination: 1, ..SchedulerOptions::default() };
        let office = Office::open_with(test, policy(), options).await;
        for n in 0..4 {
            office.send(&[&format!("u{n}@far.example")]).await;
        }
        office.send(&["a@near.example"]).await;
        let (mut near, mut far) = (0, 0);
        for _ in 0..2 {
            let attempt = office.attempt().await;
            let verdict = if attempt.parcel.destination.as_str() == "near.example" {
                near += 1;
                sent()
            } else {
                far += 1;
                unreachable()
            };
            attempt.all(&verdict);
        }
        assert_eq!((near, far), (1, 1));
        office.until_done(2).await;
        office.nothing_is_tried().await;
        let rows = office.queued().await;
        assert_eq!(rows.len(), 4);
        for row in &rows {
            assert_eq!(row.trouble.as_ref().unwrap().kind, "connect", "also of those not tried");
            assert!(row.due_at >= office.db().now().plus(minutes(1)), "{row:?}");
        }
        // One attempt at a time, and each failure makes the rest longer.
        for (wait, longer) in [(1, 2), (2, 5), (5, 10)] {
            office.pass(minutes(wait)).await;
            office.answer_next(&unreachable()).await;
            office.nothing_is_tried().await;
            let due = office.queued().await.iter().map(|row| row.due_at).min().unwrap();
            assert_eq!(due, office.db().now().plus(minutes(longer)));
        }
        // It answers again: everything goes, also what was to wait for its own turn.
        office.pass(minutes(10)).await;
        for _ in 0..4 {
            office.answer_next(&sent()).await;
        }
        office.is_empty().await;
        let remembered = office.db().read(|tx| {
            tx.query_one("SELECT COUNT(*) FROM queue_destination", &[], |row| row.get::<i64>(0))
        });
        assert_eq!(remembered.await.unwrap(), 0);
    }

    /// A refusal is an answer: it does not make a destination rest.
    async fn a_refusal_is_an_answer(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        office.answer_next(&greylisted()).await;
        office.send(&["b@remote.example"]).await;
        let next = office.attempt().await;
        assert_eq!(next.recipients(), ["b@remote.example"]);
        next.all(&sent());
        office.until_done(2).await;
    }

    /// So many at a destination, so many altogether.
    async fn concurrency_is_limited(test: TestDatabase) {
        let options = SchedulerOptions { concurrency: 5, per_destination: 2 };
        let office = Office::open_with(test, policy(), options).await;
        let mut running = Vec::new();
        for n in 0..4 {
            office.send(&[&format!("u{n}@one.example")]).await;
        }
        for _ in 0..2 {
            running.push(office.attempt().await);
        }
        for n in 0..4 {
            office.send(&[&format!("u{n}@two.example")]).await;
        }
        for _ in 0..2 {
            running.push(office.attempt().await);
        }
        office.send(&["a@three.example", "a@four.example"]).await;
        running.push(office.attempt().await);
        let count = |domain: &str| {
            running.iter().filter(|a| a.parcel.destination.as_str() == domain).count()
        };
        assert_eq!((count("one.example"), count("two.example")), (2, 2));
        // With each that ends another begins, and there are never more.
        let mut left = 10;
        while !running.is_empty() {
            assert!(office.is_quiet().await, "five run");
            let attempt = running.remove(0);
            attempt.all(&sent());
            left -= 1;
            office.until_done(10 - left).await;
            if left > 4 {
                running.push(office.attempt().await);
                let most = ["one.example", "two.example"].map(|domain| {
                    running.iter().filter(|a| a.parcel.destination.as_str() == domain).count()
                });
                assert!(most.iter().all(|count| *count <= 2), "{most:?}");
            }
        }
        office.is_empty().await;
    }

    /// A domain comes here while its mail waits: the next attempt delivers it, once.
    async fn a_domain_that_comes_here(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["hana@moving.example", "gone@moving.example"]).await;
        office.answer_next(&unreachable()).await;
        let moving = office.world.open_domain("moving.example", "hana").await;
        office.pass(minutes(6)).await;
        office.until_done(4).await;
        assert!(office.is_quiet().await, "nothing went over the wire");
        let text = office.world.last_message(moving).await;
        let expected = format!(
            "Return-Path: <taro@example.test>\r\nDelivered-To: hana@moving.example\r\n\
             Received: from test; Mon, 05 Jan 2026 09:00:00 +0900\r\n{}",
            crate::world::MAIL
        );
        assert_eq!(text, expected);
        let row = office.trace_of("hana@moving.example").await;
        assert_eq!((row.outcome, row.account), (Outcome::Delivered, Some(moving.account)));
        assert_eq!(office.outcome("gone@moving.example").await.0, Outcome::Bounced);
        let report = office.world.last_message(office.taro).await;
        assert!(report.contains("550 5.1.1 <gone@moving.example>"), "{report}");
        office.is_empty().await;
    }

    /// Full here too: it is tried again like anywhere else.
    async fn a_full_mailbox_of_a_domain_that_came_here(test: TestDatabase) {
        let policy = Policy {
            mailbox_full: hikyaku_transport::MailboxFull::Defer,
            ..policy()
        };
        let office = Office::open_with(test, policy, SchedulerOptions::default()).await;
        office.send(&["hana@moving.example"]).await;
        office.answer_next(&greylisted()).await;
        let moving = office.world.open_domain("moving.example", "hana").await;
        office.world.resize(moving, 1).await;
        office.pass(minutes(6)).await;
        office.until_done(2).await;
        let rows = office.queued().await;
        assert_eq!(rows[0].trouble.as_ref().unwrap().status, "4.2.2");
        office.world.resize(moving, 0).await;
        office.pass(minutes(12)).await;
        office.until_done(3).await;
        assert_eq!(office.inbox_count(moving).await, 1);
        office.is_empty().await;
    }

    /// What a carrier says about itself is kept, in one line of bounded length.
    async fn what_others_say_is_cleaned(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        let long = format!("451 \u{0}\r\nX-Evil: 1{}", "x".repeat(2000));
        let verdict = Verdict::Later(trouble(TroubleKind::Protocol, "nonsense", Some(&long)));
        office.answer_next(&verdict).await;
        let rows = office.queued().await;
        let last = rows[0].trouble.clone().unwrap();
        assert_eq!(last.status, "4.0.0");
        let reply = last.reply.unwrap();
        assert!(reply.starts_with("451    X-Evil: 1xxx"), "{reply:?}");
        assert_eq!(reply.chars().count(), 500);
    }
}
