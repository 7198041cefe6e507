//! From a template and its variables to a text.
//!
//! Templates come from administrators of tenants: they can name variables and use conditions and
//! loops, within limits of size and steps, and reach nothing else.

use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::Value as Json;

use crate::{event::Variables, template::Draft};

/// Bytes of a template, subject and body together (16 KiB): a mail of five pages.
pub(crate) const TEMPLATE_BYTES: usize = 16 * 1024;
/// Bytes of a text made from a template (64 KiB).
pub(crate) const TEXT_BYTES: usize = 64 * 1024;
/// Characters of a subject made from a template (200).
pub(crate) const SUBJECT_CHARS: usize = 200;
/// Steps of the template engine (20,000): loops over what we give them need a hundred.
pub(crate) const STEPS: u64 = 20_000;

/// A notice ready to be sent or shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text; lines end in LF.
    pub body: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is empty where it may not be.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// It is too long.
    #[error("the template is longer than {TEMPLATE_BYTES} bytes")]
    TooLong,
    /// What it makes is too long.
    #[error("the text that comes out is too long")]
    TextTooLong,
    /// The engine refuses it: a syntax error, an unknown variable, too many steps.
    #[error("the {part} cannot be used: {reason}")]
    Refused {
        /// `subject` or `body`.
        part: &'static str,
        /// In the engine's words, with the line.
        reason: String,
    },
}

/// Renders a draft.
pub(crate) fn render(draft: &Draft, variables: &Variables) -> Result<Rendered, TemplateError> {
    if draft.subject.len() + draft.body.len() > TEMPLATE_BYTES {
        return Err(TemplateError::TooLong);
    }
    let engine = engine();
    let subject = part(&engine, "subject", &draft.subject, variables)?;
    let body = part(&engine, "body", &draft.body, variables)?;
    let subject = one_line(&subject);
    if subject.is_empty() {
        return Err(TemplateError::Empty("subject"));
    }
    if body.trim().is_empty() {
        return Err(TemplateError::Empty("body"));
    }
    if subject.chars().count() > SUBJECT_CHARS || body.len() > TEXT_BYTES {
        return Err(TemplateError::TextTooLong);
    }
    Ok(Rendered {
        subject,
        body: format!("{}\n", body.trim_end()),
    })
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(STEPS));
    engine.add_filter("upper", minijinja::filters::upper);
    engine.add_filter("default", minijinja::filters::default);
    engine
}

fn part(
    engine: &Environment<'_>,
    part: &'static str,
    source: &str,
    variables: &Variables,
) -> Result<String, TemplateError> {
    let text = engine.render_named_str(part, source, context(variables));
    text.map_err(|error| TemplateError::Refused {
        part,
        reason: error.to_string(),
    })
}

/// The variables as the engine takes them.
fn context(variables: &Variables) -> Value {
    Value::from_pairs(
        variables
            .iter()
            .map(|(name, value)| (name.as_str(), of(value))),
    )
}

fn of(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(float)) => Value::from(float),
            (None, None) => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(of).collect(),
        Json::Object(fields) => context(fields),
    }
}

/// A subject is one line without control characters, whatever the variables hold.
fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn draft(subject: &str, body: &str) -> Draft {
        Draft {
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    fn variables() -> Variables {
        json!({"name": "山田\r\nBcc: x@example.test"})
            .as_object()
            .unwrap()
            .clone()
    }

    #[test]
    fn a_variable_cannot_make_a_header() {
        let made = render(&draft("to {{ name }}", "{{ name }}\n"), &variables()).unwrap();
        assert_eq!(made.subject, "to 山田  Bcc: x@example.test");
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let bomb = "{% for a in 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}{% for b in 'xxxxxxxxxxxxxxxxxxx' %}\
                    {% for c in 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}x{% endfor %}{% endfor %}{% endfor %}";
        for (subject, body) in [
            ("{{ nobody }}", "x"),
            ("x", "{% if %}"),
            ("x", "{% include 'x' %}"),
            ("x", bomb),
        ] {
            let error = render(&draft(subject, body), &variables()).unwrap_err();
            assert!(
                matches!(error, TemplateError::Refused { .. }),
                "{body}: {error}"
            );
        }
        let long = "x".repeat(TEMPLATE_BYTES);
        assert_eq!(
            render(&draft("x", &long), &variables()),
            Err(TemplateError::TooLong)
        );
        assert_eq!(
            render(&draft(" ", "x"), &variables()),
            Err(TemplateError::Empty("subject"))
        );
        assert_eq!(
            render(&draft("x", " \n"), &variables()),
            Err(TemplateError::Empty("body"))
        );
        let subject = "x".repeat(SUBJECT_CHARS + 1);
        assert_eq!(
            render(&draft(&subject, "x"), &variables()),
            Err(TemplateError::TextTooLong)
        );
    }
}
