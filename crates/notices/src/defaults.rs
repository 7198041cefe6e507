//! The texts that the program comes with.
//!
//! One file per event: `[ja] subject`, an empty line, the body; then the same for `[en]`.

use hikyaku_directory::Language;

use crate::{Event, template::Draft};

/// The default text of an event in a language.
pub(crate) fn default(event: Event, language: Language) -> Draft {
    let (japanese, english) = halves(event.text());
    let half = match language {
        Language::Ja => japanese,
        Language::En => english,
    };
    let (subject, body) = half.split_once("\n\n").unwrap_or((half, ""));
    Draft {
        subject: subject.trim().to_owned(),
        body: format!("{}\n", body.trim_end()),
    }
}

fn halves(text: &str) -> (&str, &str) {
    let text = text.strip_prefix("[ja] ").unwrap_or(text);
    text.split_once("\n[en] ").unwrap_or((text, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_both_languages_and_both_can_be_rendered() {
        for event in Event::ALL {
            let (japanese, english) =
                (default(*event, Language::Ja), default(*event, Language::En));
            assert_ne!(japanese, english, "{event}");
            for draft in [japanese, english] {
                assert!(
                    !draft.subject.contains('\n') && draft.body.len() > 10,
                    "{event}"
                );
                draft.check(*event).unwrap();
            }
        }
    }
}
