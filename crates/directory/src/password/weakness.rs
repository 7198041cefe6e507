//! Warnings about weak passwords: the cases that guessing begins with. The operator's commands
//! accept any password and warn; a policy with a real estimate of strength is the control plane's.

use hikyaku_types::{EmailAddress, Secret};

use crate::Language;

/// Characters below which a password is called short.
pub const SHORT_CHARS: usize = 8;

/// Why a password is weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Weakness {
    /// Fewer than [`SHORT_CHARS`] characters.
    Short,
    /// Digits and nothing else (C-16).
    DigitsOnly,
    /// The address, the part before its `@`, or that with digits around it.
    LikeAddress,
    /// Among the first that every attacker tries.
    Common,
}

impl Weakness {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short => "password-short",
            Self::DigitsOnly => "password-digits-only",
            Self::LikeAddress => "password-like-address",
            Self::Common => "password-common",
        }
    }

    /// A sentence for people.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Short, Language::En) => "The password has fewer than 8 characters.",
            (Self::Short, Language::Ja) => "パスワードが8文字未満です。",
            (Self::DigitsOnly, Language::En) => "The password consists of digits only.",
            (Self::DigitsOnly, Language::Ja) => "パスワードが数字だけです。",
            (Self::LikeAddress, Language::En) => "The password resembles the mail address.",
            (Self::LikeAddress, Language::Ja) => "パスワードがメールアドレスに似ています。",
            (Self::Common, Language::En) => "The password is one of the most common ones.",
            (Self::Common, Language::Ja) => "パスワードがよく使われるものです。",
        }
    }
}

/// Everything that makes a password for an account weak.
pub fn weaknesses(password: &Secret, address: &EmailAddress) -> Vec<Weakness> {
    let folded = zeroize::Zeroizing::new(password.expose().to_lowercase());
    let core = folded.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let local = address.canonical_local();
    let like_address = *folded == local
        || *folded == address.canonical()
        || (!core.is_empty() && (core == local || local.split('.').any(|word| word == core)));
    let digits = !folded.is_empty() && folded.chars().all(char::is_numeric);
    let common = COMMON.contains(&folded.as_str()) || (core.len() > 3 && COMMON.contains(&core));
    [
        (
            password.expose().chars().count() < SHORT_CHARS,
            Weakness::Short,
        ),
        (digits, Weakness::DigitsOnly),
        (like_address, Weakness::LikeAddress),
        (common, Weakness::Common),
    ]
    .into_iter()
    .filter_map(|(applies, weakness)| applies.then_some(weakness))
    .collect()
}

/// The passwords that lists of leaked ones begin with, and what Japanese users and administrators
/// of mail hosts type first; without the digits and signs around them.
const COMMON: [&str; 64] = [
    "123456",
    "123456789",
    "12345678",
    "1234567890",
    "111111",
    "000000",
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "pass",
    "qwerty",
    "qwertyuiop",
    "qwer",
    "asdf",
    "asdfgh",
    "asdfghjkl",
    "zxcvbn",
    "zxcvbnm",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "qazwsx",
    "abc123",
    "abcd",
    "abcdef",
    "abcdefg",
    "aaaaaa",
    "iloveyou",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "test",
    "testtest",
    "welcome",
    "letmein",
    "login",
    "master",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "secret",
    "changeme",
    "default",
    "temp",
    "mail",
    "postmaster",
    "info",
    "sakura",
    "takahiro",
    "arashi",
    "doraemon",
    "pikachu",
    "nippon",
    "japan",
    "tokyo",
    "osaka",
    "himitsu",
    "パスワード",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_weak_ones_are_named_with_all_reasons() {
        let address = "Taro.Yamada@example.test".parse().unwrap();
        for (password, expected) in [
            ("correct horse battery", &[][..]),
            ("ながいあいことば", &[]),
            ("k7#mQ2x", &[Weakness::Short]),
            ("k7#mQ2x9", &[]),
            ("84261907", &[Weakness::DigitsOnly]),
            ("12345678", &[Weakness::DigitsOnly, Weakness::Common]),
            ("taro.yamada", &[Weakness::LikeAddress]),
            ("Yamada2024!", &[Weakness::LikeAddress]),
            ("TARO.YAMADA@example.test", &[Weakness::LikeAddress]),
            ("Password2026!", &[Weakness::Common]),
            ("", &[Weakness::Short]),
        ] {
            assert_eq!(
                weaknesses(&password.into(), &address),
                expected,
                "{password:?}"
            );
        }
    }

    #[test]
    fn every_warning_has_a_code_and_a_text_in_both_languages() {
        for weakness in [
            Weakness::Short,
            Weakness::DigitsOnly,
            Weakness::LikeAddress,
            Weakness::Common,
        ] {
            assert!(weakness.code().starts_with("password-"));
            assert!(weakness.text(Language::En).is_ascii());
            assert!(weakness.text(Language::Ja).ends_with('。'));
        }
    }
}
