//! What a new password must be like: long enough and hard to guess (zxcvbn), or, for tenants that
//! move from an older system, its rule of classes of characters.
//!
//! There is no history and no expiry: forced changes make passwords worse (requirements §4.6).

use hikyaku_directory::Language;
use hikyaku_types::Secret;
use serde::{Deserialize, Serialize};

use super::{PolicyError, within};

/// Characters of a password at most: what can be asked for, not what is accepted.
const MAX_MIN_LENGTH: u32 = 64;
/// Characters of a password at most that the estimate looks at: its time grows with them, and 100
/// of anything are enough.
const JUDGED_CHARS: usize = 100;
/// Parts of names and addresses below so many characters are in every password.
const MIN_INPUT_CHARS: usize = 3;

/// A rule by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordPreset {
    /// At least 10 characters and hard to guess.
    Standard,
    /// 6 to 16 half-width characters of three classes (K-23), as older systems ask for.
    SixToSixteen,
}

/// What a new password must be like. [`Default`]: [`PasswordPreset::Standard`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Characters at least. Default 10.
    pub min_length: u32,
    /// Characters at most; 0: as many as a password can have. Default 0.
    pub max_length: u32,
    /// The estimate of strength at least, from 0 to 4. Default 3; 0 asks for none.
    pub min_score: u32,
    /// Of lower case, upper case, digits and signs so many at least. Default 0.
    pub min_classes: u32,
    /// Whether only half-width (ASCII) characters are allowed (K-23). Default off.
    pub ascii_only: bool,
}

impl PasswordPreset {
    /// The rule.
    pub const fn policy(self) -> PasswordPolicy {
        match self {
            Self::Standard => PasswordPolicy {
                min_length: 10,
                max_length: 0,
                min_score: 3,
                min_classes: 0,
                ascii_only: false,
            },
            Self::SixToSixteen => PasswordPolicy {
                min_length: 6,
                max_length: 16,
                min_score: 0,
                min_classes: 3,
                ascii_only: true,
            },
        }
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        PasswordPreset::Standard.policy()
    }
}

/// How hard a password is to guess, from 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength(u8);

impl Strength {
    /// The number of the estimate.
    pub const fn score(self) -> u8 {
        self.0
    }

    /// A stable word for programs.
    pub const fn code(self) -> &'static str {
        match self.0 {
            0 => "very_weak",
            1 => "weak",
            2 => "fair",
            3 => "strong",
            _ => "very_strong",
        }
    }

    /// The word for people.
    pub const fn text(self, language: Language) -> &'static str {
        match (self.0, language) {
            (0, Language::Ja) => "とても弱い",
            (1, Language::Ja) => "弱い",
            (2, Language::Ja) => "やや弱い",
            (3, Language::Ja) => "強い",
            (_, Language::Ja) => "とても強い",
            (0, Language::En) => "very weak",
            (1, Language::En) => "weak",
            (2, Language::En) => "fair",
            (3, Language::En) => "strong",
            (_, Language::En) => "very strong",
        }
    }
}

/// Why a password does not fit the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordFault {
    /// Fewer characters than this.
    Short(u32),
    /// More characters than this.
    Long(u32),
    /// Other than half-width characters (K-23).
    NotHalfWidth,
    /// Fewer classes of characters than this.
    FewClasses(u32),
    /// It is, or begins or ends with, the login name.
    LikeLogin,
    /// Too easy to guess.
    Guessable(Strength),
}

impl PasswordFault {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short(_) => "password_short",
            Self::Long(_) => "password_long",
            Self::NotHalfWidth => "password_not_half_width",
            Self::FewClasses(_) => "password_few_classes",
            Self::LikeLogin => "password_like_login",
            Self::Guessable(_) => "password_guessable",
        }
    }

    /// A sentence for people.
    pub fn text(self, language: Language) -> String {
        match (self, language) {
            (Self::Short(n), Language::En) => {
                format!("The password needs at least {n} characters.")
            }
            (Self::Short(n), Language::Ja) => format!("パスワードは{n}文字以上にしてください。"),
            (Self::Long(n), Language::En) => {
                format!("The password may have {n} characters at most.")
            }
            (Self::Long(n), Language::Ja) => format!("パスワードは{n}文字以内にしてください。"),
            (Self::NotHalfWidth, Language::En) => {
                "The password may have half-width letters, digits and signs only.".to_owned()
            }
            (Self::NotHalfWidth, Language::Ja) => {
                "パスワードには半角の英数字と記号だけを使ってください。".to_owned()
            }
            (Self::FewClasses(n), Language::En) => {
                format!("The password needs {n} of: lower case, upper case, digits, signs.")
            }
            (Self::FewClasses(n), Language::Ja) => {
                format!("英小文字・英大文字・数字・記号のうち{n}種類以上を使ってください。")
            }
            (Self::LikeLogin, Language::En) => {
                "The password must not resemble the user name.".to_owned()
            }
            (Self::LikeLogin, Language::Ja) => {
                "パスワードにユーザー名と似たものは使えません。".to_owned()
            }
            (Self::Guessable(_), Language::En) => {
                "The password is easy to guess: use several unrelated words.".to_owned()
            }
            (Self::Guessable(_), Language::Ja) => {
                "推測されやすいパスワードです。無関係な単語をいくつか組み合わせてください。"
                    .to_owned()
            }
        }
    }
}

/// What is to be said of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How hard it is to guess.
    pub strength: Strength,
    /// Why it does not fit; empty when it does.
    pub faults: Vec<PasswordFault>,
}

impl PasswordPolicy {
    /// Judges a password. `inputs` are the owner's login names, addresses and names, which a guess
    /// would begin with. Takes about a millisecond: not within a transaction.
    pub fn judge(&self, password: &Secret, inputs: &[&str]) -> Judgement {
        let text = password.expose();
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let strength = strength(text, inputs);
        let faults = [
            (length < self.min_length).then_some(PasswordFault::Short(self.min_length)),
            (self.max_length > 0 && length > self.max_length)
                .then_some(PasswordFault::Long(self.max_length)),
            (self.ascii_only && !text.is_ascii()).then_some(PasswordFault::NotHalfWidth),
            (classes(text) < self.min_classes)
                .then_some(PasswordFault::FewClasses(self.min_classes)),
            like_login(text, inputs).then_some(PasswordFault::LikeLogin),
            (u32::from(strength.0) < self.min_score).then_some(PasswordFault::Guessable(strength)),
        ];
        Judgement {
            strength,
            faults: faults.into_iter().flatten().collect(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), PolicyError> {
        within("password.min_length", self.min_length, 6..=MAX_MIN_LENGTH)?;
        within("password.min_score", self.min_score, 0..=4)?;
        within("password.min_classes", self.min_classes, 0..=4)?;
        if self.max_length != 0 {
            let least = self.min_length.max(16);
            within("password.max_length", self.max_length, least..=1024)?;
        }
        if self.min_score == 0 && self.min_classes < 2 {
            let detail = "0 needs at least two classes of characters instead (min_classes)";
            return Err(PolicyError::new("password.min_score", detail));
        }
        Ok(())
    }
}

fn strength(text: &str, inputs: &[&str]) -> Strength {
    let judged: zeroize::Zeroizing<String> =
        text.chars().take(JUDGED_CHARS).collect::<String>().into();
    let words: Vec<String> = parts(inputs).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Strength(u8::from(zxcvbn::zxcvbn(&judged, &words).score()))
}

/// The inputs and the words in them.
fn parts<'a>(inputs: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    inputs.iter().flat_map(|input| {
        let folded = input.to_lowercase();
        let words: Vec<String> = folded
            .split(|c: char| !c.is_alphanumeric())
            .chain([folded.as_str()])
            .filter(|word| word.chars().count() >= MIN_INPUT_CHARS)
            .map(str::to_owned)
            .collect();
        words
    })
}

/// Whether the password is a login name, an address, the part before its `@`, or one of them with
/// digits and signs around it.
fn like_login(text: &str, inputs: &[&str]) -> bool {
    let folded = zeroize::Zeroizing::new(text.to_lowercase());
    let around = |c: char| c.is_ascii_digit() || c.is_ascii_punctuation();
    let core = folded.trim_matches(around);
    inputs.iter().any(|input| {
        let input = input.to_lowercase();
        let local = input
            .split_once('@')
            .map_or(input.as_str(), |(local, _)| local);
        let bare = local.trim_matches(around);
        !input.is_empty()
            && (*folded == input || *folded == local || (!core.is_empty() && core == bare))
    })
}

fn classes(text: &str) -> u32 {
    let has = |class: fn(&char) -> bool| u32::from(text.chars().any(|c| class(&c)));
    has(|c| c.is_lowercase())
        + has(|c| c.is_uppercase())
        + has(|c| c.is_numeric())
        + has(|c| !c.is_alphanumeric())
}
