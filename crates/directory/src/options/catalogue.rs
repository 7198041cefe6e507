//! The options of K-60 as sample data, installed on demand only. Names and prices are labels.

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_types::ByteSize;

use super::{Effect, NewOption};
use crate::plans::Feature;

/// One line of the sample: code, names, packs, price, base option, effect.
struct Line {
    code: &'static str,
    names: (&'static str, &'static str),
    units: (&'static str, &'static str),
    max_packs: Option<u32>,
    price: &'static str,
    needs: Option<&'static str>,
    effect: Effect,
}

/// The sample catalogue (K-60).
pub fn catalogue() -> Vec<NewOption> {
    let lines = accounts_and_protection().into_iter();
    lines
        .chain(services())
        .chain(extras())
        .map(|line| NewOption {
            code: line.code.to_owned(),
            name_ja: line.names.0.to_owned(),
            name_en: line.names.1.to_owned(),
            unit_ja: line.units.0.to_owned(),
            unit_en: line.units.1.to_owned(),
            price_label: line.price.to_owned(),
            max_packs: line.max_packs,
            needs: line.needs.map(str::to_owned),
            effect: line.effect,
        })
        .collect()
}

fn accounts_and_protection() -> Vec<Line> {
    let spam = Feature::SecondSpamEngine;
    vec![
        Line {
            code: "accounts_10",
            names: ("アカウント追加", "Additional accounts"),
            units: ("10アカウント", "10 accounts"),
            max_packs: None,
            price: "¥1,000",
            needs: None,
            effect: Effect {
                seats: 10,
                ..Effect::default()
            },
        },
        Line {
            code: "second_virus_engine",
            names: ("ウイルスチェック(第2エンジン)", "Second virus engine"),
            units: ("一式", "all accounts"),
            max_packs: Some(1),
            price: "¥2,000",
            needs: None,
            effect: gate(Feature::SecondVirusEngine),
        },
        Line {
            code: "second_spam_engine",
            names: ("迷惑メール検知(第2エンジン)", "Second spam engine"),
            units: ("50アカウント", "50 accounts"),
            max_packs: Some(1),
            price: "¥1,000",
            needs: None,
            effect: licensed(spam, 50),
        },
        Line {
            code: "second_spam_engine_10",
            names: (
                "迷惑メール検知(第2エンジン)追加",
                "Second spam engine, more accounts",
            ),
            units: ("10アカウント", "10 accounts"),
            max_packs: None,
            price: "¥1,000",
            needs: Some("second_spam_engine"),
            effect: Effect {
                licensed_accounts: BTreeMap::from([(spam, 10)]),
                ..Effect::default()
            },
        },
        Line {
            code: "lists_5",
            names: ("メーリングリスト追加", "Mailing lists"),
            units: ("5リスト", "5 lists"),
            max_packs: None,
            price: "¥1,000",
            needs: None,
            effect: Effect {
                lists: 5,
                ..gate(Feature::Lists)
            },
        },
    ]
}

/// A line whose packs add nothing to the terms.
fn outside(
    code: &'static str,
    names: (&'static str, &'static str),
    units: (&'static str, &'static str),
    max_packs: Option<u32>,
    price: &'static str,
) -> Line {
    Line {
        code,
        names,
        units,
        max_packs,
        price,
        needs: None,
        effect: Effect::default(),
    }
}

fn services() -> Vec<Line> {
    let all = ("一式", "all accounts");
    vec![
        Line {
            effect: gate(Feature::SentMailStorage),
            ..outside(
                "sent_mail_storage",
                ("送信メール保管", "Sent mail storage"),
                all,
                Some(1),
                "¥1,000",
            )
        },
        // The sources do not say how many accounts the base pack has: as many as each further one.
        Line {
            effect: licensed(Feature::LargeFiles, 10),
            ..outside(
                "large_files",
                ("大容量ファイル送信", "Large files"),
                ("10アカウント", "10 accounts"),
                Some(1),
                "¥1,000",
            )
        },
        Line {
            needs: Some("large_files"),
            effect: Effect {
                licensed_accounts: BTreeMap::from([(Feature::LargeFiles, 10)]),
                ..Effect::default()
            },
            ..outside(
                "large_files_10",
                ("大容量ファイル送信 追加", "Large files, more accounts"),
                ("10アカウント", "10 accounts"),
                None,
                "¥1,000",
            )
        },
        Line {
            effect: Effect {
                pool_bytes: ByteSize::mib(10 * 1024),
                ..Effect::default()
            },
            ..outside(
                "mail_disk_10gb",
                ("メールディスク追加", "Additional mail storage"),
                ("10GB", "10 GB"),
                None,
                "",
            )
        },
    ]
}

/// Services outside of this program that are ordered the same way (O-054).
fn extras() -> Vec<Line> {
    let web = ("Webサービス", "web service");
    vec![
        outside(
            "news_service",
            ("ニュース配信", "News service"),
            ("1ID", "1 ID"),
            None,
            "¥1,000",
        ),
        outside(
            "web_disk_10gb",
            ("Webディスク追加", "Web storage"),
            ("10GB", "10 GB"),
            None,
            "¥1,000",
        ),
        outside(
            "tamper_detection",
            ("改ざん検知", "Tamper detection"),
            web,
            Some(1),
            "¥3,000",
        ),
        outside(
            "ssl",
            ("SSLサーバー証明書", "SSL certificate"),
            web,
            Some(1),
            "¥3,800",
        ),
        outside(
            "ev_ssl",
            ("EV SSLサーバー証明書", "EV SSL certificate"),
            web,
            Some(1),
            "¥4,800",
        ),
    ]
}

fn gate(feature: Feature) -> Effect {
    Effect {
        features: BTreeSet::from([feature]),
        ..Effect::default()
    }
}

fn licensed(feature: Feature, accounts: u32) -> Effect {
    Effect {
        licensed_accounts: BTreeMap::from([(feature, accounts)]),
        ..gate(feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_words_for_programs_and_for_people() {
        let options = catalogue();
        let codes: BTreeSet<&str> = options.iter().map(|option| option.code.as_str()).collect();
        assert_eq!(codes.len(), options.len());
        for option in &options {
            super::super::check_code(&option.code).unwrap();
            assert!(!option.name_ja.is_empty() && !option.name_en.is_empty());
            assert!(
                option
                    .needs
                    .as_deref()
                    .is_none_or(|base| codes.contains(base))
            );
        }
    }
}
