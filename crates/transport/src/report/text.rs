//! The part of a report that people read.

use std::fmt::Write as _;

use hikyaku_directory::Language;
use hikyaku_message::build::format_date;
use hikyaku_types::OffsetTimestamp;

use super::{
    Entry, Fate, GivenUp, Report,
    explanation::explanation,
    words::{Words, words},
};
use crate::queue::Trouble;

/// Between the languages of one text.
const RULE: &str = "\n----------------------------------------\n\n";

/// The name of the report's author, in the first of the languages.
pub(super) fn author(languages: &[Language]) -> &'static str {
    words(first(languages)).author
}

fn first(languages: &[Language]) -> Language {
    languages.first().copied().unwrap_or_default()
}

/// Whether a fate is of one kind.
type IsOne = fn(&Fate<'_>) -> bool;

impl Report<'_> {
    pub(super) fn subject(&self, languages: &[Language]) -> String {
        let mut fates = languages
            .iter()
            .map(|language| self.in_a_word(words(*language)));
        let mut subject = fates.next().unwrap_or_default().to_owned();
        for other in fates {
            // Writing to a String cannot fail.
            let _ = write!(subject, " ({other})");
        }
        let about = match self.original.subject.as_str() {
            "" => words(first(languages)).no_subject,
            subject => subject,
        };
        format!("{subject}: {about}")
    }

    fn in_a_word(&self, words: &Words) -> &'static str {
        let all = |is: fn(&Fate<'_>) -> bool| self.entries.iter().all(|entry| is(&entry.fate));
        if all(|fate| matches!(fate, Fate::Delivered | Fate::Relayed { .. })) {
            words.delivered
        } else if all(|fate| matches!(fate, Fate::Delayed { .. })) {
            words.delayed
        } else {
            words.failed
        }
    }

    /// The same in each language, one after the other.
    pub(super) fn text(&self, languages: &[Language]) -> String {
        let texts: Vec<String> = languages
            .iter()
            .map(|language| self.in_language(*language))
            .collect();
        texts.join(RULE)
    }

    fn in_language(&self, language: Language) -> String {
        let words = words(language);
        let (before, after) = words.greeting;
        let mut text = format!("{before}{}{after}\n", self.host);
        let kinds: [(&str, IsOne); 4] = [
            (words.not_delivered_to, |fate| {
                matches!(
                    fate,
                    Fate::Refused(_) | Fate::Failed { .. } | Fate::Canceled
                )
            }),
            (words.delayed_to, |fate| {
                matches!(fate, Fate::Delayed { .. })
            }),
            (words.relayed_to, |fate| {
                matches!(fate, Fate::Relayed { .. })
            }),
            (words.delivered_to, |fate| matches!(fate, Fate::Delivered)),
        ];
        for (heading, is) in kinds {
            let mut list = String::new();
            for entry in self.entries.iter().filter(|entry| is(&entry.fate)) {
                // What takes several lines stands apart.
                if list.lines().count() > 1 && !matches!(entry.fate, Fate::Delivered) {
                    list.push('\n');
                }
                write_entry(&mut list, entry, language);
            }
            if !list.is_empty() {
                let _ = write!(text, "\n{heading}\n\n{list}");
            }
        }
        text
    }
}

fn write_entry(text: &mut String, entry: &Entry<'_>, language: Language) {
    let words = words(language);
    line(text, &entry.address.to_string());
    match &entry.fate {
        Fate::Delivered => {}
        Fate::Relayed { host } => line(text, host),
        Fate::Refused(rejection) => line(text, &rejection.to_string()),
        Fate::Canceled => line(text, words.canceled),
        Fate::Failed { trouble, why } => {
            if *why == GivenUp::Expired {
                line(text, words.expired);
            }
            let explanation = explanation(trouble.kind, language);
            line(text, explanation.what);
            line(text, explanation.advice);
            answer(text, trouble, language);
        }
        Fate::Delayed { trouble, until } => {
            if let Some(trouble) = trouble {
                line(text, explanation(trouble.kind, language).what);
                answer(text, trouble, language);
            }
            let (before, after) = words.until;
            let until = format_date(OffsetTimestamp::utc(*until));
            line(text, &format!("{before}{until}{after}"));
        }
    }
}

/// The other side's own words.
fn answer(text: &mut String, trouble: &Trouble, language: Language) {
    let words = words(language);
    match (&trouble.reply, &trouble.host) {
        (Some(reply), Some(host)) => {
            let (before, after) = words.answer_of;
            line(text, &format!("{before}{host}{after}{reply}"));
        }
        (Some(reply), None) => line(text, &format!("{}{reply}", words.answer)),
        (None, _) => {}
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "    {line}");
}
