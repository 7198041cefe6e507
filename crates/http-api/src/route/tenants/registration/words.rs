//! The lines of a notice in both languages.

use hikyaku_control::registration::Notice;
use hikyaku_directory::{Language, plans::Terms};
use hikyaku_types::{ByteSize, Timestamp};

/// A heading and its lines: what, and how much.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) heading: &'static str,
    pub(super) lines: Vec<(String, String)>,
}

/// What the page says beside its lines.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) greeting: &'static str,
    pub(super) invitation: &'static str,
}

/// The words of a language.
pub(super) const fn words(language: Language) -> Words {
    match language {
        Language::Ja => Words {
            title: "登録完了のお知らせ",
            greeting: "ご登録ありがとうございます。ご契約の内容は次のとおりです。",
            invitation: "パスワードはこの書面に記載しておりません。管理者の方には招待メールをお送りします。\
                         メールのリンクからパスワードを設定してください。",
        },
        Language::En => Words {
            title: "Registration complete",
            greeting: "Thank you for your registration. These are the contents of your contract.",
            invitation: "This notice has no password. Administrators get an invitation by mail: set a \
                         password by the link in it.",
        },
    }
}

/// The lines of a notice. Empty ones are left out.
pub(super) fn lines(notice: &Notice, host: &str, language: Language) -> Vec<Part> {
    let say = |ja: &'static str, en: &'static str| match language {
        Language::Ja => ja,
        Language::En => en,
    };
    let mut parts = vec![
        part(say("お客様", "Customer"), customer(notice, say)),
        part(say("ご契約", "Contract"), contract(notice, say)),
        part(
            say("ご利用内容", "Entitlements"),
            entitlements(&notice.terms, say),
        ),
    ];
    let options = notice.options.iter().map(|option| {
        let name = match language {
            Language::Ja => &option.name_ja,
            Language::En => &option.name_en,
        };
        (name.clone(), format!("× {}", option.packs))
    });
    parts.push(part(say("オプション", "Options"), options.collect()));
    parts.push(part(
        say("接続情報", "Connection"),
        connection(notice, host, say),
    ));
    let labels = notice.labels.iter();
    let labels = labels.map(|(label, text)| (label.clone(), text.clone()));
    parts.push(part(say("その他", "Further"), labels.collect()));
    parts.retain(|part| !part.lines.is_empty());
    parts
}

/// A part without its empty lines.
fn part(heading: &'static str, lines: Vec<(String, String)>) -> Part {
    let lines = lines.into_iter().filter(|(_, text)| !text.is_empty());
    Part {
        heading,
        lines: lines.collect(),
    }
}

fn customer(
    notice: &Notice,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) -> Vec<(String, String)> {
    let line = |ja, en, text: &str| (say(ja, en).to_owned(), text.to_owned());
    let contact = &notice.contact;
    let mail = contact.mail.as_ref().map(ToString::to_string);
    vec![
        line("お名前", "Name", &notice.name),
        line(
            "お客様番号",
            "Customer number",
            notice.customer_number.as_deref().unwrap_or_default(),
        ),
        line("ご担当者", "Contact", &contact.person),
        line("部署", "Department", &contact.department),
        line("メール", "Mail", mail.as_deref().unwrap_or_default()),
        line("電話番号", "Telephone", &contact.phone),
        line("郵便番号", "Postal code", &contact.postal_code),
        line("ご住所", "Address", &contact.postal_address),
    ]
}

fn contract(
    notice: &Notice,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) -> Vec<(String, String)> {
    let line = |ja, en, text: String| (say(ja, en).to_owned(), text);
    let day = |at| day(at, notice.time_zone.as_str());
    let payment = &notice.payment;
    vec![
        line("プラン", "Plan", notice.plan.clone().unwrap_or_default()),
        line(
            "サービス提供開始日",
            "Service start",
            day(notice.service_start_at),
        ),
        line(
            "契約終了日",
            "Contract end",
            notice.end_at.map(day).unwrap_or_default(),
        ),
        line("契約期間", "Contract period", payment.period.clone()),
        line("お支払方法", "Payment", payment.method.clone()),
        line("お支払開始月", "First payment", payment.start_month.clone()),
    ]
}

fn entitlements(
    terms: &Terms,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) -> Vec<(String, String)> {
    let unlimited = say("制限なし", "no limit").to_owned();
    let line = |ja, en, text: String| (say(ja, en).to_owned(), text);
    let count = |limit: Option<u32>| limit.map_or(unlimited.clone(), |limit| limit.to_string());
    let size = |limit: Option<ByteSize>| match limit {
        Some(size) if size.bytes() > 0 => size.to_string(),
        _ => unlimited.clone(),
    };
    vec![
        line("アカウント数", "Accounts", count(terms.seats.max)),
        line("ドメイン数", "Domains", count(terms.max_domains)),
        line("メールディスク容量", "Mail storage", size(terms.pool_bytes)),
        line(
            "メールボックス容量",
            "Mailbox size",
            size(Some(terms.mailbox_quota_bytes)),
        ),
        line(
            "メールサイズの上限",
            "Largest message",
            size(terms.max_message_bytes),
        ),
        line(
            "メーリングリスト",
            "Mailing lists",
            count(terms.lists.max_lists),
        ),
    ]
}

fn connection(
    notice: &Notice,
    host: &str,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) -> Vec<(String, String)> {
    let line = |ja, en, text: String| (say(ja, en).to_owned(), text);
    let administrators: Vec<String> = notice
        .administrators
        .iter()
        .map(ToString::to_string)
        .collect();
    vec![
        line("ドメイン", "Domains", notice.domains.join(", ")),
        line("管理者", "Administrators", administrators.join(", ")),
        line("画面のURL", "Web", format!("https://{host}/")),
        line(
            "受信サーバー(POP・IMAP)",
            "Incoming mail (POP, IMAP)",
            host.to_owned(),
        ),
        line(
            "送信サーバー(SMTP)",
            "Outgoing mail (SMTP)",
            host.to_owned(),
        ),
    ]
}

/// A day as people write it where they live.
fn day(at: Timestamp, zone: &str) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.millis());
    let zoned = instant.and_then(|instant| instant.in_tz(zone));
    zoned.map_or_else(
        |_| String::new(),
        |zoned| zoned.strftime("%Y/%m/%d").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_customer() {
        // 16:00 in London is the next day in Tokyo.
        let at = Timestamp(1_767_625_200_000);
        assert_eq!(day(at, "Asia/Tokyo"), "2026/01/06");
        assert_eq!(day(at, "Europe/London"), "2026/01/05");
    }
}
