//! The words of a report, in the languages of the house.

use hikyaku_directory::Language;

/// What the report says in prose.
pub(super) struct Words {
    /// The name behind From.
    pub(super) author: &'static str,
    /// The fate in the report's subject, when everybody reported got it.
    pub(super) delivered: &'static str,
    /// The same when somebody did not.
    pub(super) failed: &'static str,
    /// The same when it is only late.
    pub(super) delayed: &'static str,
    /// The subject of a message without one.
    pub(super) no_subject: &'static str,
    /// The first line of the text, before the host's name and after it.
    pub(super) greeting: (&'static str, &'static str),
    /// Before the recipients who got it.
    pub(super) delivered_to: &'static str,
    /// Before the recipients whose host took it and will not report.
    pub(super) relayed_to: &'static str,
    /// Before the recipients who did not get it.
    pub(super) not_delivered_to: &'static str,
    /// Before the recipients who did not get it yet.
    pub(super) delayed_to: &'static str,
    /// Until when a late message is tried, before the time and after it.
    pub(super) until: (&'static str, &'static str),
    /// Before the other side's own words, in the form "the answer of HOST: WORDS".
    pub(super) answer_of: (&'static str, &'static str),
    /// Before the other side's words, when it has no name.
    pub(super) answer: &'static str,
    /// What an administrator took out of the queue.
    pub(super) canceled: &'static str,
    /// What was tried until its time was over.
    pub(super) expired: &'static str,
}

const ENGLISH: Words = Words {
    author: "Mail Delivery System",
    delivered: "Delivered",
    failed: "Not delivered",
    delayed: "Delayed",
    no_subject: "(no subject)",
    greeting: ("This is the mail system at ", "."),
    delivered_to: "Your message was delivered to:",
    relayed_to: "Your message was handed to the servers of these recipients,\n\
                 which do not report any further:",
    not_delivered_to: "Your message could not be delivered to:",
    delayed_to: "Your message could not be delivered yet. You need not send it again:\n\
                 it is still tried. It waits for:",
    until: ("It is tried until ", "."),
    answer_of: ("The answer of ", ": "),
    answer: "The answer: ",
    canceled: "The administrator of the mail system took the message out of the queue.",
    expired: "It was tried for as long as this mail system keeps messages, without success.",
};

const JAPANESE: Words = Words {
    author: "メール配信システム",
    delivered: "配信しました",
    failed: "配信できませんでした",
    delayed: "配信が遅れています",
    no_subject: "(件名なし)",
    greeting: ("", " のメールシステムからのお知らせです。"),
    delivered_to: "メールを次の宛先に配信しました。",
    relayed_to: "メールを次の宛先のサーバーに渡しました。この先の配信結果は通知されません。",
    not_delivered_to: "メールを次の宛先に配信できませんでした。",
    delayed_to: "メールを次の宛先にまだ配信できていません。引き続き配信を試みますので、\
                 再送の必要はありません。",
    until: ("配信は ", " まで試みます。"),
    answer_of: ("", " の応答: "),
    answer: "応答: ",
    canceled: "メールシステムの管理者が、このメールの配信を取りやめました。",
    expired: "保管期限まで配信を試みましたが、配信できませんでした。",
};

/// The words in a language.
pub(super) const fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
    }
}
