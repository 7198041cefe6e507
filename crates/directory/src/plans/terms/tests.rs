//! The defaults, the limits and the gates of terms.

use super::*;

#[test]
fn the_defaults_are_those_of_the_requirements() {
    let terms = Terms::default();
    assert_eq!(terms.quota_mode, QuotaMode::PerUserWithinPool);
    assert_eq!(terms.over_action, OverAction::RejectInbound);
    assert_eq!(terms.lock_grace_hours, 24);
    assert_eq!(terms.max_message_bytes, Some(ByteSize(26_214_400)));
    assert_eq!(terms.max_recipients, Some(1_000));
    assert_eq!(terms.quarantine_days, DayRange { min: 1, max: 14 });
    assert_eq!((terms.audit_groups, terms.archive_years), (4, 10));
    assert_eq!((terms.seats.min, terms.seats.unit), (10, 10));
    terms.check().unwrap();
    Terms::standard().check().unwrap();
}

#[test]
fn terms_come_back_from_their_json_and_keep_no_secret_field() {
    for terms in [Terms::default(), Terms::standard()] {
        let json = serde_json::to_string(&terms).unwrap();
        assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), terms);
    }
    let some: Terms = serde_json::from_str(r#"{"pool_bytes": "100GB"}"#).unwrap();
    assert_eq!(some.pool_bytes, Some(ByteSize::mib(100 * 1024)));
    assert!(serde_json::from_str::<Terms>(r#"{"pool_byte": 1}"#).is_err());
    assert!(serde_json::from_str::<Terms>(r#"{"features": ["telepathy"]}"#).is_err());
}

#[test]
fn what_no_source_allows_is_refused() {
    let wrong = [
        ("lock_grace_hours", r#"{"lock_grace_hours": 169}"#),
        ("max_recipients", r#"{"max_recipients": 0}"#),
        ("max_message_bytes", r#"{"max_message_bytes": 1023}"#),
        (
            "quarantine_days",
            r#"{"quarantine_days": {"min": 3, "max": 2}}"#,
        ),
        (
            "quarantine_days",
            r#"{"quarantine_days": {"min": 0, "max": 2}}"#,
        ),
        ("archive_years", r#"{"archive_years": 11}"#),
        (
            "mailbox_quota_bytes",
            r#"{"quota_mode": "fixed_per_domain", "mailbox_quota_bytes": 0}"#,
        ),
    ];
    for (field, json) in wrong {
        let terms: Terms = serde_json::from_str(json).unwrap();
        assert_eq!(terms.check().unwrap_err().field, field, "{json}");
    }
}

#[test]
fn the_ceiling_holds_also_for_unlimited_mailboxes() {
    let mut terms = Terms {
        mailbox_ceiling_bytes: Some(ByteSize::mib(250)),
        ..Terms::default()
    };
    let (none, small) = (ByteSize(0), ByteSize::mib(20));
    assert_eq!(terms.mailbox_limit(none, None), ByteSize::mib(250));
    assert_eq!(terms.mailbox_limit(small, None), small);
    assert_eq!(
        terms.mailbox_limit(ByteSize::mib(1024), None),
        ByteSize::mib(250)
    );
    terms.mailbox_ceiling_bytes = None;
    assert_eq!(terms.mailbox_limit(none, None), none);
    assert_eq!(terms.mailbox_limit(none, Some(small)), small);
    terms.quota_mode = QuotaMode::FixedPerDomain;
    assert_eq!(terms.mailbox_limit(small, None), ByteSize::mib(10 * 1024));
    assert_eq!(terms.mailbox_limit(none, Some(small)), small);
    terms.quota_mode = QuotaMode::PoolOnly;
    assert_eq!(terms.mailbox_limit(small, Some(small)), none);
}

#[test]
fn a_service_needs_its_zone_and_its_gate() {
    let mut terms = Terms::default();
    assert!(terms.may_use(Service::Imap, Zone::Internet));
    terms.features.remove(&Feature::Imap);
    assert!(!terms.may_use(Service::Imap, Zone::Closed));
    terms.features.remove(&Feature::SmtpFromInternet);
    assert!(!terms.may_use(Service::Smtp, Zone::Internet));
    assert!(terms.may_use(Service::Smtp, Zone::Closed));
    terms.services.internet.remove(&Service::Web);
    assert!(!terms.may_use(Service::Web, Zone::Internet));
    let refused = terms.require(Feature::Imap).unwrap_err();
    assert!(refused.to_string().contains("\"imap\""), "{refused}");
}
