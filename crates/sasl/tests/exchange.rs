//! Whole exchanges: what clients send and what comes of it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_sasl::{
    Exchange, MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES, MAX_RESPONSE_BYTES, Mechanism, SaslError, Step,
};

fn b64(octets: impl AsRef<[u8]>) -> Vec<u8> {
    STANDARD.encode(octets).into_bytes()
}

/// Plays `lines` after the command and returns login and password, or the error.
fn play(
    mechanism: Mechanism,
    initial: Option<&[u8]>,
    lines: &[&[u8]],
) -> Result<(String, String), SaslError> {
    let (mut exchange, mut step) = Exchange::begin(mechanism, initial)?;
    for line in lines {
        step = exchange.respond(line)?;
    }
    match step {
        Step::Done(found) => Ok((found.login, found.password.expose().to_owned())),
        Step::Challenge(text) => panic!("still asking: {text}"),
    }
}

fn plain(message: &[u8]) -> Result<(String, String), SaslError> {
    play(Mechanism::Plain, Some(&b64(message)), &[])
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the type of what it is compared with"
)]
fn pair(login: &str, password: &str) -> Result<(String, String), SaslError> {
    Ok((login.to_owned(), password.to_owned()))
}

#[test]
fn plain_with_an_initial_response() {
    // RFC 4616 §4.
    assert_eq!(
        plain(b"\0tim\0tanstaaftanstaaf"),
        pair("tim", "tanstaaftanstaaf")
    );
    assert_eq!(
        plain("\0taro@example.test\0パスワード".as_bytes()),
        pair("taro@example.test", "パスワード")
    );
}

#[test]
fn plain_after_an_empty_challenge() {
    let (mut exchange, step) = Exchange::begin(Mechanism::Plain, None).unwrap();
    assert!(matches!(step, Step::Challenge(text) if text.is_empty()));
    let step = exchange.respond(&b64("\0tim\0secret")).unwrap();
    assert!(matches!(step, Step::Done(found) if found.login == "tim"));
}

#[test]
fn plain_may_name_only_itself_as_authorization_identity() {
    assert_eq!(plain(b"tim\0tim\0s"), pair("tim", "s"));
    assert_eq!(plain(b"TIM\0tim\0s"), pair("tim", "s"));
    // RFC 4616 §4: Ursel signs in and wants to act as Kurt.
    assert_eq!(
        plain(b"Ursel\0Kurt\0xipj3plmq"),
        Err(SaslError::OtherIdentity)
    );
}

#[test]
fn plain_messages_of_another_shape_are_refused() {
    for (message, reason) in [
        (&b""[..], SaslError::Malformed),
        (b"tim", SaslError::Malformed),
        (b"\0tim", SaslError::Malformed),
        (b"\0tim\0pass\0word", SaslError::Malformed),
        (b"\0\0secret", SaslError::BadLogin),
        (b"\0a\nb\0secret", SaslError::BadLogin),
        (b"\0tim\0", SaslError::BadPassword),
        (b"\0tim\0\xff", SaslError::NotUtf8),
    ] {
        let initial = if message.is_empty() {
            b"=".to_vec()
        } else {
            b64(message)
        };
        assert_eq!(
            play(Mechanism::Plain, Some(&initial), &[]),
            Err(reason),
            "{message:?}"
        );
        assert_eq!(
            play(Mechanism::Plain, None, &[&b64(message)]),
            Err(reason),
            "{message:?}"
        );
    }
}

#[test]
fn login_asks_for_the_name_and_then_for_the_password() {
    let (mut exchange, step) = Exchange::begin(Mechanism::Login, None).unwrap();
    assert!(matches!(step, Step::Challenge(text) if text == "VXNlcm5hbWU6"));
    let step = exchange.respond(&b64("taro%example.test")).unwrap();
    assert!(matches!(step, Step::Challenge(text) if text == "UGFzc3dvcmQ6"));
    match exchange.respond(&b64("秘密")).unwrap() {
        Step::Done(found) => {
            assert_eq!(found.login, "taro%example.test");
            assert_eq!(found.password.expose(), "秘密");
        }
        Step::Challenge(text) => panic!("still asking: {text}"),
    }
}

#[test]
fn login_takes_the_name_as_initial_response() {
    assert_eq!(
        play(Mechanism::Login, Some(&b64("abcd001")), &[&b64("pw")]),
        pair("abcd001", "pw")
    );
}

#[test]
fn login_answers_of_another_shape_are_refused() {
    // Some devices end the strings as C does.
    assert_eq!(
        play(Mechanism::Login, None, &[&b64("tim\0"), &b64("pw\0")]),
        pair("tim", "pw")
    );
    for (name, password, reason) in [
        ("", "pw", SaslError::BadLogin),
        ("a\0b", "pw", SaslError::Malformed),
        ("tim", "", SaslError::BadPassword),
        ("tim", "p\0w", SaslError::Malformed),
    ] {
        let played = play(Mechanism::Login, None, &[&b64(name), &b64(password)]);
        assert_eq!(played, Err(reason), "{name:?} {password:?}");
    }
    let invalid = play(Mechanism::Login, None, &[&b64("tim"), &b64(b"\xff")]);
    assert_eq!(invalid, Err(SaslError::NotUtf8));
}

#[test]
fn base64_must_be_canonical() {
    for text in [
        "AHRpbQBz=",
        "AHRpbQBzZQ",
        "AHRp bQBz",
        "AHRpbQBz\r",
        "*AHR",
        "AHRpbQBzZR==",
    ] {
        let text = text.as_bytes();
        assert_eq!(
            play(Mechanism::Plain, Some(text), &[]),
            Err(SaslError::BadBase64)
        );
        assert_eq!(
            play(Mechanism::Plain, None, &[text]),
            Err(SaslError::BadBase64)
        );
    }
    assert_eq!(
        play(Mechanism::Plain, Some(b""), &[]),
        Err(SaslError::BadBase64)
    );
    // "=" has its meaning only on the command line.
    assert_eq!(
        play(Mechanism::Plain, None, &[b"="]),
        Err(SaslError::BadBase64)
    );
}

#[test]
fn a_star_cancels_at_every_point() {
    assert_eq!(
        play(Mechanism::Plain, None, &[b"*"]),
        Err(SaslError::Cancelled)
    );
    assert_eq!(
        play(Mechanism::Login, None, &[b"*"]),
        Err(SaslError::Cancelled)
    );
    assert_eq!(
        play(Mechanism::Login, None, &[&b64("tim"), b"*"]),
        Err(SaslError::Cancelled)
    );
}

#[test]
fn nothing_is_taken_after_the_end() {
    let (mut done, _) = Exchange::begin(Mechanism::Plain, Some(&b64("\0tim\0s"))).unwrap();
    assert_eq!(
        done.respond(&b64("\0tim\0s")).unwrap_err(),
        SaslError::Finished
    );
    for end in [&b"*"[..], b"?", &b64("no")] {
        let (mut failed, _) = Exchange::begin(Mechanism::Plain, None).unwrap();
        failed.respond(end).unwrap_err();
        assert_eq!(
            failed.respond(&b64("\0tim\0s")).unwrap_err(),
            SaslError::Finished
        );
    }
}

#[test]
fn limits_hold_and_fit_together() {
    let login = "a".repeat(MAX_LOGIN_BYTES);
    let password = "p".repeat(MAX_PASSWORD_BYTES);
    let fits = format!("{login}\0{login}\0{password}");
    assert!(b64(&fits).len() <= MAX_RESPONSE_BYTES);
    assert_eq!(plain(fits.as_bytes()), pair(&login, &password));
    assert_eq!(
        plain(format!("\0{login}a\0p").as_bytes()),
        Err(SaslError::BadLogin)
    );
    assert_eq!(
        plain(format!("\0tim\0{password}p").as_bytes()),
        Err(SaslError::BadPassword)
    );
    let long = vec![b'A'; MAX_RESPONSE_BYTES + 4];
    assert_eq!(
        play(Mechanism::Plain, Some(&long), &[]),
        Err(SaslError::TooLong)
    );
    assert_eq!(
        play(Mechanism::Login, None, &[&long]),
        Err(SaslError::TooLong)
    );
}

#[test]
fn no_state_prints_a_password() {
    let (mut exchange, _) = Exchange::begin(Mechanism::Login, Some(&b64("tim"))).unwrap();
    let step = exchange.respond(&b64("tanstaaf")).unwrap();
    let printed = format!("{exchange:?} {step:?}");
    assert!(
        printed.contains("tim") && !printed.contains("tanstaaf"),
        "{printed}"
    );
}

#[test]
fn names_of_mechanisms_are_found_in_any_case() {
    assert_eq!(Mechanism::from_name("plain"), Some(Mechanism::Plain));
    assert_eq!(Mechanism::from_name("Login"), Some(Mechanism::Login));
    assert_eq!(Mechanism::from_name("CRAM-MD5"), None);
    let announced: Vec<_> = Mechanism::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(announced, ["PLAIN", "LOGIN"]);
    assert!(Mechanism::Plain.is_client_first() && !Mechanism::Login.is_client_first());
}

#[test]
fn mutated_exchanges_break_nothing() {
    let seeds: [&[u8]; 5] = [
        b"AHRpbQB0YW5zdGFhZg==\n",
        b"\nAHRpbQB0YW5zdGFhZg==\n*",
        b"\ndGltAA==\ndGFuc3RhYWY=\nAA==",
        b"=\n\n\n",
        b"dGlt\n*\nAAAA",
    ];
    for seed in seeds {
        hikyaku_sasl::fuzz::exchange(seed);
        for at in 0..seed.len() {
            for byte in [0, b'\n', b'*', b'=', b'A', b'/', 0x80, 0xff] {
                let mut changed = seed.to_vec();
                changed[at] = byte;
                hikyaku_sasl::fuzz::exchange(&changed);
            }
            hikyaku_sasl::fuzz::exchange(&seed[..at]);
            hikyaku_sasl::fuzz::exchange(&[&seed[at..], &seed[..at]].concat());
        }
    }
}
