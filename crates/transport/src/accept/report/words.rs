//! The words of a report, in the languages of the house.

use hikyaku_directory::Language;

/// What the report says in prose.
pub(super) struct Words {
    /// The name behind From.
    pub(super) author: &'static str,
    /// Before the message's own subject, when everybody reported got it.
    pub(super) delivered: &'static str,
    /// Before the message's own subject otherwise.
    pub(super) failed: &'static str,
    /// The subject of a message without one.
    pub(super) no_subject: &'static str,
    /// The first line of the text, before the host's name and after it.
    pub(super) greeting: (&'static str, &'static str),
    /// Before the recipients who got it.
    pub(super) delivered_to: &'static str,
    /// Before the recipients who did not.
    pub(super) not_delivered_to: &'static str,
}

const ENGLISH: Words = Words {
    author: "Mail Delivery System",
    delivered: "Delivered: ",
    failed: "Not delivered: ",
    no_subject: "(no subject)",
    greeting: ("This is the mail system at ", "."),
    delivered_to: "Your message was delivered to:",
    not_delivered_to: "Your message could not be delivered to:",
};

const JAPANESE: Words = Words {
    author: "メール配信システム",
    delivered: "配信しました: ",
    failed: "配信できませんでした: ",
    no_subject: "(件名なし)",
    greeting: ("", " のメールシステムからのお知らせです。"),
    delivered_to: "メールを次の宛先に配信しました。",
    not_delivered_to: "メールを次の宛先に配信できませんでした。",
};

/// The words in a language.
pub(super) const fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
    }
}
