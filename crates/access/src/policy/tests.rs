//! The policy as an object, and what it says of passwords.

use hikyaku_directory::Language;

use super::*;
use crate::sign_in::Protocol;

const OWNER: [&str; 3] = ["Taro.Yamada@example.test", "山田 太郎", "abcd001"];

fn codes(policy: PasswordPolicy, password: &str) -> Vec<&'static str> {
    let judged = policy.judge(&password.into(), &OWNER);
    judged.faults.iter().map(|fault| fault.code()).collect()
}

#[test]
fn the_standard_wants_ten_characters_that_are_hard_to_guess() {
    for (password, expected) in [
        ("correct horse battery", &[][..]),
        ("ながいあいことばをつかう", &[]),
        ("k7#mQ2x9Zp", &[]),
        ("k7#mQ2x9Z", &["password_short"]),
        ("Password2026!", &["password_guessable"]),
        ("aaaaaaaaaaaaaaaa", &["password_guessable"]),
        ("yamadayamada1", &["password_guessable"]),
        ("taro.yamada2026", &["password_like_login"]),
        (
            "TARO.YAMADA@example.test",
            &["password_like_login", "password_guessable"],
        ),
        ("", &["password_short", "password_guessable"]),
    ] {
        let found = codes(PasswordPolicy::default(), password);
        assert_eq!(found, expected, "{password:?}");
    }
}

#[test]
fn the_older_rule_counts_classes_of_half_width_characters() {
    let policy = PasswordPreset::SixToSixteen.policy();
    for (password, expected) in [
        ("Abc123", &[][..]),
        ("Abcdefghijklmn12", &[]),
        ("Abc12", &["password_short"]),
        ("Abcdefghijklmn123", &["password_long"]),
        ("abcdef1", &["password_few_classes"]),
        ("Ａbcdef1", &["password_not_half_width"]),
        ("Abcd001", &["password_like_login"]),
    ] {
        assert_eq!(codes(policy, password), expected, "{password:?}");
    }
}

#[test]
fn a_long_password_is_judged_in_bounded_time_and_by_all_its_characters() {
    let long = "x".repeat(1024);
    let judged = PasswordPolicy::default().judge(&long.as_str().into(), &[]);
    assert_eq!(judged.strength.code(), "weak");
    assert!(!judged.faults.is_empty());
}

#[test]
fn faults_and_strengths_have_words_in_both_languages() {
    let strengths = [0, 1, 2, 3, 4].map(|score| {
        let judged = [
            "a",
            "abcdefg1",
            "zxq7mub",
            "zxq7mubw4k",
            "correct horse battery staple",
        ];
        let policy = PasswordPolicy::default();
        policy.judge(&judged[score].into(), &[]).strength
    });
    assert!(strengths.is_sorted());
    let faults = [
        PasswordFault::Short(10),
        PasswordFault::Long(16),
        PasswordFault::NotHalfWidth,
        PasswordFault::FewClasses(3),
        PasswordFault::LikeLogin,
        PasswordFault::Guessable(strengths[0]),
    ];
    for fault in faults {
        assert!(fault.code().starts_with("password_"));
        assert!(fault.text(Language::En).is_ascii());
        assert!(fault.text(Language::Ja).ends_with('。'));
    }
    for strength in strengths {
        assert!(strength.text(Language::En).is_ascii());
        assert!(!strength.text(Language::Ja).is_ascii());
    }
}

#[test]
fn a_policy_comes_back_from_its_json_and_missing_parts_are_defaults() {
    let office = "192.0.2.0/24".parse().unwrap();
    let policy = SecurityPolicy {
        networks: ProtocolNetworks::default().with(Protocol::Imap, vec![office]),
        ..SecurityPolicy::default()
    };
    let text = serde_json::to_string(&policy).unwrap();
    assert!(text.contains(r#""networks":{"imap":["192.0.2.0/24"]}"#));
    assert_eq!(SecurityPolicy::from_column(Some(&text), 0).unwrap(), policy);
    let empty = SecurityPolicy::from_column(Some("{}"), 0).unwrap();
    assert_eq!(empty, SecurityPolicy::default());
    assert_eq!(SecurityPolicy::from_column(None, 0).unwrap(), empty);
    assert!(
        policy
            .networks
            .allow(Protocol::Imap, "192.0.2.9".parse().unwrap())
    );
    assert!(
        !policy
            .networks
            .allow(Protocol::Imap, "192.0.3.9".parse().unwrap())
    );
    assert!(
        policy
            .networks
            .allow(Protocol::Web, "192.0.3.9".parse().unwrap())
    );
    for wrong in [
        r#"{"networks":{"ftp":[]}}"#,
        r#"{"networks":{"imap":["192.0.2.1/24"]}}"#,
        r#"{"passwords":{}}"#,
        r#"{"password":{"history":3}}"#,
    ] {
        assert!(
            serde_json::from_str::<SecurityPolicy>(wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_out_of_bounds_is_named() {
    type Change = fn(&mut SecurityPolicy);
    let fault = |change: fn(&mut SecurityPolicy)| {
        let mut policy = SecurityPolicy::default();
        change(&mut policy);
        policy.validate().unwrap_err().field
    };
    assert_eq!(SecurityPolicy::default().validate(), Ok(()));
    let older = SecurityPolicy {
        password: PasswordPreset::SixToSixteen.policy(),
        ..SecurityPolicy::default()
    };
    assert_eq!(older.validate(), Ok(()));
    let cases: [(Change, &str); 14] = [
        (|p| p.password.min_length = 5, "password.min_length"),
        (|p| p.password.min_length = 65, "password.min_length"),
        (|p| p.password.max_length = 15, "password.max_length"),
        (|p| p.password.min_score = 5, "password.min_score"),
        (|p| p.password.min_score = 0, "password.min_score"),
        (|p| p.password.min_classes = 5, "password.min_classes"),
        (
            |p| p.second_factor.code_minutes = 0,
            "second_factor.code_minutes",
        ),
        (
            |p| p.second_factor.remember_days = 91,
            "second_factor.remember_days",
        ),
        (|p| p.second_factor.methods.clear(), "second_factor.methods"),
        (
            |p| p.second_factor.methods.push(FactorMethod::Totp),
            "second_factor.methods",
        ),
        (|p| p.lockout.failures = 2, "lockout.failures"),
        (|p| p.lockout.lock_minutes = 1_441, "lockout.lock_minutes"),
        (
            |p| p.app_passwords.max_days = 3_651,
            "app_passwords.max_days",
        ),
        (
            |p| {
                let one = "192.0.2.1/32".parse().unwrap();
                p.networks = p
                    .networks
                    .clone()
                    .with(Protocol::Web, vec![one; MAX_POLICY_NETWORKS + 1]);
            },
            "networks",
        ),
    ];
    for (change, field) in cases {
        assert_eq!(fault(change), field);
    }
}
