//! The parameters behind a path (RFC 5321 §4.1.2 `esmtp-param`).

use crate::CommandError;

/// One `keyword` or `keyword=value`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param<'a> {
    pub(crate) keyword: &'a str,
    pub(crate) value: Option<&'a str>,
}

impl<'a> Param<'a> {
    /// Whether this is the parameter `keyword`; keywords ignore case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword)
    }

    /// The value, which this parameter must have.
    pub(crate) fn value(&self) -> Result<&'a str, CommandError> {
        self.value.ok_or_else(|| self.bad())
    }

    /// The error for a value that the parameter cannot have.
    pub(crate) fn bad(&self) -> CommandError {
        CommandError::BadParameter(self.keyword.to_ascii_uppercase())
    }

    /// The error for a parameter that we did not announce.
    pub(crate) fn unknown(&self) -> CommandError {
        CommandError::UnknownParameter(self.keyword.to_ascii_uppercase())
    }

    /// Stores the parameter's value, which may be given once only.
    pub(crate) fn store<T>(&self, slot: &mut Option<T>, value: T) -> Result<(), CommandError> {
        if slot.replace(value).is_some() {
            return Err(CommandError::RepeatedParameter(
                self.keyword.to_ascii_uppercase(),
            ));
        }
        Ok(())
    }
}

/// The parameters of a line, in order.
///
/// `esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")`,
/// `esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)` (RFC 6531 §3.3).
pub(crate) fn parse(text: &str) -> impl Iterator<Item = Result<Param<'_>, CommandError>> {
    text.split(' ')
        .filter(|token| !token.is_empty())
        .map(|token| {
            let (keyword, value) = match token.split_once('=') {
                Some((keyword, value)) => (keyword, Some(value)),
                None => (token, None),
            };
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let is_value = |value: &str| !value.is_empty() && !value.contains('=');
            if keyword.is_empty() || keyword.starts_with('-') || !keyword.chars().all(is_name) {
                return Err(CommandError::ParameterSyntax);
            }
            let param = Param { keyword, value };
            if value.is_some_and(|value| !is_value(value)) {
                return Err(param.bad());
            }
            Ok(param)
        })
}
