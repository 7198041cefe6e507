//! Hashes of other systems, with vectors of their own documentation and tools.

use super::*;
use crate::password::{HashParams, PasswordHash};

/// Hash and password.
const VECTORS: [(&str, &str); 8] = [
    // The specification of SHA-crypt.
    (
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "Hello world!",
    ),
    (
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "Hello world!",
    ),
    (
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "Hello world!",
    ),
    (
        "{SHA512-CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        "Hello world!",
    ),
    // OpenBSD's and the crypt_blowfish test.
    (
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "U*U",
    ),
    (
        "{BLF-CRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        "U*U*",
    ),
    // openssl passwd -1
    ("{CRYPT}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "password"),
    (
        "$1$ab$BXdgTeubcXY.G0KJweZuF/",
        "a much longer password than sixteen",
    ),
];

/// A salted SHA made here, as no two tools use the same salt.
fn salted_text(sha: Sha, prefix: &str, password: &str) -> String {
    let salt = b"12345678";
    let mut bytes = digest_of(sha, password.as_bytes(), salt);
    bytes.extend_from_slice(salt);
    format!("{prefix}{}", STANDARD.encode(bytes))
}

#[test]
fn every_scheme_knows_its_password_and_no_other() {
    let made = SALTED.map(|(prefix, sha)| (salted_text(sha, prefix, "ひみつ pass"), "ひみつ pass"));
    let known = VECTORS
        .iter()
        .map(|(text, password)| ((*text).to_owned(), *password));
    for (text, password) in known.chain(made) {
        let hash = PasswordHash::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(hash.is_foreign());
        assert!(hash.verify(&password.into()), "{text}");
        for wrong in ["", "password2", "Hello world", "u*u", "ひみつ"] {
            assert!(!hash.verify(&wrong.into()), "{text} {wrong:?}");
        }
        assert!(
            hash.differs_from(HashParams::DEFAULT),
            "it is to be replaced"
        );
        assert_eq!(PasswordHash::parse(hash.as_str()), Ok(hash));
    }
}

#[test]
fn hostile_and_incomplete_hashes_are_refused() {
    let digest256 = "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    let bcrypt = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    for (text, error) in [
        (
            format!("$5$rounds=500001$salt${digest256}"),
            PasswordHashError::OutOfBounds,
        ),
        (
            format!("$5$rounds=999999999$salt${digest256}"),
            PasswordHashError::OutOfBounds,
        ),
        (
            format!("$5$rounds=99999999999999$salt${digest256}"),
            PasswordHashError::Malformed,
        ),
        (format!("$2b$15${bcrypt}"), PasswordHashError::OutOfBounds),
        (format!("$2b$31${bcrypt}"), PasswordHashError::OutOfBounds),
        (format!("$2b$03${bcrypt}"), PasswordHashError::OutOfBounds),
        (format!("$2x$05${bcrypt}"), PasswordHashError::Malformed),
        (format!("$2b$5${bcrypt}"), PasswordHashError::Malformed),
        (format!("$2b$05${bcrypt}x"), PasswordHashError::Malformed),
        (
            format!("$5$salt${digest256}x"),
            PasswordHashError::Malformed,
        ),
        (format!("$5$$${digest256}"), PasswordHashError::Malformed),
        (format!("$6$salt${digest256}"), PasswordHashError::Malformed),
        (
            format!("$5${}${digest256}", "s".repeat(17)),
            PasswordHashError::Malformed,
        ),
        ("$1$saltsalt$short".to_owned(), PasswordHashError::Malformed),
        ("{SSHA}".to_owned(), PasswordHashError::Malformed),
        ("{SSHA}!!!!".to_owned(), PasswordHashError::Malformed),
        (
            format!("{{SSHA}}{}", STANDARD.encode([0; 20])),
            PasswordHashError::Malformed,
        ),
        (
            format!("{{SSHA}}{}", STANDARD.encode([0; 85])),
            PasswordHashError::Malformed,
        ),
        ("{PLAIN}secret".to_owned(), PasswordHashError::Malformed),
        (
            "{MD5}ICy5YqxZB1uWSwcVLSNLcA==".to_owned(),
            PasswordHashError::Malformed,
        ),
        ("rEK1ecacw.7.c".to_owned(), PasswordHashError::Malformed),
        ("$6$".repeat(200), PasswordHashError::Malformed),
        (
            format!("$5$sa\0lt${digest256}"),
            PasswordHashError::Malformed,
        ),
    ] {
        assert_eq!(PasswordHash::parse(&text), Err(error), "{text}");
    }
    let edges = [
        format!("$5$rounds=500000$salt${digest256}"),
        format!("$2b$14${bcrypt}"),
    ];
    for edge in edges {
        assert!(PasswordHash::parse(&edge).is_ok(), "{edge}");
    }
}
