//! Media types, dispositions and their parameters as values.

use std::borrow::Cow;

use crate::text::HeaderText;

/// A parameter, RFC 2231 continuations joined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Lower-case name without RFC 2231's stars.
    pub name: Box<str>,
    /// The value. In the extended form the raw text is `charset'language'percent-encoded`.
    pub value: HeaderText,
    /// How it was written.
    pub form: ParameterForm,
}

/// How a parameter was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ParameterForm {
    /// `name=value`.
    #[default]
    Plain,
    /// `name*=charset'language'value` (RFC 2231 §4).
    Extended,
}

impl Parameter {
    /// The name as IMAP shows it: with a star when the raw value is in the extended form.
    pub fn wire_name(&self) -> Cow<'_, str> {
        match self.form {
            ParameterForm::Plain => Cow::Borrowed(&self.name),
            ParameterForm::Extended => Cow::Owned(format!("{}*", self.name)),
        }
    }
}

/// A media type with its parameters (RFC 2045 §5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentType {
    /// Lower-case type, like `text`.
    pub main: Box<str>,
    /// Lower-case subtype, like `plain`.
    pub sub: Box<str>,
    /// Parameters in the order written, each name once.
    pub parameters: Vec<Parameter>,
}

impl Default for ContentType {
    /// `text/plain` without parameters (RFC 2045 §5.2; the charset US-ASCII is implied).
    fn default() -> Self {
        Self::new("text", "plain")
    }
}

impl ContentType {
    /// A media type without parameters.
    pub fn new(main: &str, sub: &str) -> Self {
        Self {
            main: main.to_ascii_lowercase().into(),
            sub: sub.to_ascii_lowercase().into(),
            parameters: Vec::new(),
        }
    }

    /// Whether it is `main/sub`, both given in lower case.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        *self.main == *main && *self.sub == *sub
    }

    /// Whether it is `text/*`.
    pub fn is_text(&self) -> bool {
        &*self.main == "text"
    }

    /// Whether it is `multipart/*`.
    pub fn is_multipart(&self) -> bool {
        &*self.main == "multipart"
    }

    /// Whether the body is a message: `message/rfc822` or `message/global` (RFC 6532 §3.7).
    pub fn is_message(&self) -> bool {
        &*self.main == "message" && matches!(&*self.sub, "rfc822" | "global")
    }

    /// The value of the parameter with this lower-case name.
    pub fn parameter(&self, name: &str) -> Option<&HeaderText> {
        find(&self.parameters, name)
    }

    /// The charset label, as written.
    pub fn charset(&self) -> Option<Cow<'_, str>> {
        self.parameter("charset").map(HeaderText::decoded)
    }
}

/// A Content-Disposition (RFC 2183).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disposition {
    /// Lower-case kind, like `attachment`.
    pub kind: Box<str>,
    /// Parameters in the order written, each name once.
    pub parameters: Vec<Parameter>,
}

impl Disposition {
    /// Whether it is of this lower-case kind.
    pub fn is(&self, kind: &str) -> bool {
        *self.kind == *kind
    }

    /// The value of the parameter with this lower-case name.
    pub fn parameter(&self, name: &str) -> Option<&HeaderText> {
        find(&self.parameters, name)
    }
}

fn find<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a HeaderText> {
    parameters
        .iter()
        .find(|parameter| *parameter.name == *name)
        .map(|found| &found.value)
}
