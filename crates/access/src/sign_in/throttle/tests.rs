//! Tests of the throttle, with a clock that only the test moves.

use hikyaku_types::Id as _;

use super::*;

const START: Timestamp = Timestamp(1_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn account(number: i64) -> AccountId {
    AccountId::from_i64(number)
}

fn subject(number: i64) -> Subject {
    Subject::Account(account(number))
}

fn from(ip: &str) -> ClientAddress {
    ClientAddress {
        ip: ip.parse().unwrap(),
        closed_zone: false,
    }
}

/// Three free failures, then 1, 2, 4 s; one forgiven per minute. Twice as many per network.
fn policy() -> ThrottlePolicy {
    let rate = Rate {
        free: 3,
        first_delay: SECOND,
        max_delay: 4 * SECOND,
        forgive_every: 60 * SECOND,
    };
    ThrottlePolicy {
        network: Rate { free: 6, ..rate },
        account: rate,
        known_pair: rate,
        ..ThrottlePolicy::default()
    }
}

fn fail(throttle: &Throttle, times: u32, subject: Subject, from: ClientAddress, now: Timestamp) {
    for _ in 0..times {
        throttle.failed(subject, from, now);
    }
}

#[test]
fn waits_begin_after_the_free_failures_double_and_end_at_the_longest() {
    let throttle = Throttle::new(policy());
    let client = from("192.0.2.1");
    fail(&throttle, 3, subject(1), client, START);
    assert_eq!(throttle.wait(subject(1), client, START), None);
    let mut now = START;
    for expected in [1, 2, 4, 4, 4] {
        throttle.failed(subject(1), client, now);
        assert_eq!(
            throttle.wait(subject(1), client, now),
            Some(expected * SECOND)
        );
        let last = now.plus(expected * SECOND).minus(Duration::from_millis(1));
        assert_eq!(
            throttle.wait(subject(1), client, last),
            Some(Duration::from_millis(1))
        );
        now = now.plus(expected * SECOND);
        assert_eq!(throttle.wait(subject(1), client, now), None);
    }
}

#[test]
fn failures_are_forgotten_one_by_one_and_no_attack_is_held_against_one_for_long() {
    let throttle = Throttle::new(policy());
    let client = from("192.0.2.1");
    fail(&throttle, 1000, subject(1), client, START);
    // Highest level: 3 free, then 1, 2, 4 s. Four minutes later two are left.
    let later = START.plus(240 * SECOND);
    throttle.failed(subject(1), client, later);
    assert_eq!(throttle.wait(subject(1), client, later), None);
    throttle.failed(subject(1), client, later);
    assert_eq!(throttle.wait(subject(1), client, later), Some(SECOND));
}

#[test]
fn a_network_that_tries_many_accounts_waits_for_all_of_them() {
    let throttle = Throttle::new(policy());
    for number in 1..=7 {
        throttle.failed(subject(number), from("2001:db8:0:1::a"), START);
    }
    let wait = |ip| throttle.wait(subject(99), from(ip), START);
    assert_eq!(wait("2001:db8:0:1::a"), Some(SECOND));
    // The whole /64 waits, the next one does not; IPv4 counts each address, however written.
    assert_eq!(wait("2001:db8:0:1:ffff::b"), Some(SECOND));
    assert_eq!(wait("2001:db8:0:2::a"), None);
    for number in 1..=7 {
        throttle.failed(subject(number), from("::ffff:192.0.2.1"), START);
    }
    assert_eq!(wait("192.0.2.1"), Some(SECOND));
    assert_eq!(wait("192.0.2.2"), None);
}

#[test]
fn an_account_tried_from_many_networks_waits_except_where_its_owner_has_been() {
    let throttle = Throttle::new(policy());
    let home = from("198.51.100.1");
    throttle.succeeded(account(1), home, START);
    for host in 1..=4 {
        throttle.failed(subject(1), from(&format!("203.0.113.{host}")), START);
    }
    let elsewhere = from("203.0.113.200");
    assert_eq!(throttle.wait(subject(1), elsewhere, START), Some(SECOND));
    assert_eq!(throttle.wait(subject(1), home, START), None);
    // Other accounts are not concerned.
    assert_eq!(throttle.wait(subject(2), elsewhere, START), None);
}

#[test]
fn failures_at_a_known_place_concern_nobody_else_and_end_with_a_success() {
    let throttle = Throttle::new(policy());
    let office = from("198.51.100.1");
    throttle.succeeded(account(1), office, START);
    throttle.succeeded(account(2), office, START);
    // An old device of account 1 keeps trying its old password.
    fail(&throttle, 50, subject(1), office, START);
    assert_eq!(throttle.wait(subject(1), office, START), Some(4 * SECOND));
    assert_eq!(throttle.wait(subject(2), office, START), None);
    assert_eq!(throttle.wait(subject(3), office, START), None);
    assert_eq!(throttle.wait(subject(1), from("192.0.2.9"), START), None);
    throttle.succeeded(account(1), office, START);
    assert_eq!(throttle.wait(subject(1), office, START), None);
}

#[test]
fn a_place_is_no_longer_known_when_nobody_has_signed_in_there_for_long() {
    let throttle = Throttle::new(policy());
    let home = from("198.51.100.1");
    throttle.succeeded(account(1), home, START);
    let later = START.plus(policy().known_for);
    fail(&throttle, 4, subject(1), from("203.0.113.1"), later);
    assert_eq!(throttle.wait(subject(1), home, later), None);
    let too_late = later.plus(Duration::from_millis(1));
    assert!(throttle.wait(subject(1), home, too_late).is_some());
}

#[test]
fn names_that_no_account_has_wait_like_accounts() {
    let throttle = Throttle::new(policy());
    let nobody = Subject::Nobody([7; 32]);
    for host in 1..=4 {
        throttle.failed(nobody, from(&format!("203.0.113.{host}")), START);
    }
    assert_eq!(
        throttle.wait(nobody, from("203.0.113.9"), START),
        Some(SECOND)
    );
    assert_eq!(
        throttle.wait(Subject::Nobody([8; 32]), from("203.0.113.9"), START),
        None
    );
}

#[test]
fn the_closed_zone_is_spared_what_the_policy_says() {
    for (closed_zone, network_waits, account_waits) in [
        (ClosedZone::NetworkExempt, false, true),
        (ClosedZone::Exempt, false, false),
        (ClosedZone::Throttled, true, true),
    ] {
        let throttle = Throttle::new(ThrottlePolicy {
            closed_zone,
            ..policy()
        });
        let inside = ClientAddress {
            closed_zone: true,
            ..from("127.0.0.1")
        };
        fail(&throttle, 10, subject(1), inside, START);
        let waits = |subject| throttle.wait(subject, inside, START).is_some();
        assert_eq!(waits(subject(2)), network_waits, "{closed_zone:?}");
        assert_eq!(waits(subject(1)), account_waits, "{closed_zone:?}");
    }
}

#[test]
fn a_clock_that_goes_back_makes_nobody_wait_longer_than_the_longest() {
    let throttle = Throttle::new(policy());
    let client = from("192.0.2.1");
    fail(&throttle, 10, subject(1), client, START);
    let earlier = START.minus(Duration::from_hours(1));
    assert_eq!(throttle.wait(subject(1), client, earlier), Some(4 * SECOND));
    throttle.failed(subject(1), client, earlier);
    let after = earlier.plus(4 * SECOND);
    assert_eq!(throttle.wait(subject(1), client, after), None);
}

#[test]
fn memory_is_bounded_and_who_keeps_trying_is_not_forgotten() {
    let throttle = Throttle::new(ThrottlePolicy {
        counters: 1000,
        known_pairs: 100,
        ..policy()
    });
    let attacker = from("192.0.2.1");
    for round in 0..20_000_u32 {
        let ip = IpAddr::V4(std::net::Ipv4Addr::from(0x0a00_0000 + round));
        let other = ClientAddress {
            ip,
            closed_zone: false,
        };
        throttle.failed(subject(i64::from(round) + 100), other, START);
        throttle.succeeded(account(i64::from(round) + 100), other, START);
        if round % 10 == 0 {
            throttle.failed(subject(1), attacker, START);
        }
    }
    let state = throttle.state.lock().unwrap();
    assert!(state.counters.len() <= 1000 && state.known.len() <= 100);
    drop(state);
    assert_eq!(throttle.wait(subject(1), attacker, START), Some(4 * SECOND));
}
