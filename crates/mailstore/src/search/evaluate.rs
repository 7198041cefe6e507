//! Deciding whether a message matches.

use crate::error::MailError;

use super::{
    candidate::{Candidate, Read},
    plan::Plan,
};

impl Plan {
    /// Whether a message matches as far as its rows tell; `None` when that depends on its content.
    pub(super) fn by_rows(&self, message: &Candidate) -> Result<Option<bool>, MailError> {
        let placement = &message.placement;
        Ok(Some(match self {
            Self::And(plans) => return all(plans, |plan| plan.by_rows(message)),
            Self::Or(plans) => return any(plans, |plan| plan.by_rows(message)),
            Self::Not(plan) => return Ok(plan.by_rows(message)?.map(|matches| !matches)),
            Self::Header { .. } | Self::Body(_) | Self::Text(_) => return Ok(None),
            Self::All => true,
            Self::Flags(flags) => placement.flags.system().contains(*flags),
            Self::Keyword(keyword) => placement.flags.has_keyword(keyword),
            Self::Uids(uids) => uids.contains(placement.uid),
            Self::LargerThan(size) => placement.size > *size,
            Self::SmallerThan(size) => placement.size < *size,
            Self::Internal(span) => span.contains(placement.internal.at),
            Self::Saved(span) => span.contains(placement.saved_at),
            Self::Sent(day) => message.sent()?.is_some_and(|sent| day.contains(sent)),
            Self::ChangedSince(modseq) => placement.modseq >= *modseq,
            Self::Message(id) => placement.message == *id,
            Self::Thread(id) => message.thread()? == *id,
            Self::Address(field, text) => message.address_contains(*field, text)?,
            Self::Subject(text) => message.subject_contains(text)?,
        }))
    }

    /// Whether a message matches.
    pub(super) fn by_content(&self, message: &Read<'_>) -> Result<bool, MailError> {
        match self {
            Self::And(plans) => {
                for plan in plans {
                    if !plan.by_content(message)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(plans) => {
                for plan in plans {
                    if plan.by_content(message)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(plan) => Ok(!plan.by_content(message)?),
            Self::Header { name, contains } => message.header_contains(name, contains),
            Self::Body(text) => message.body_contains(text),
            Self::Text(text) => {
                Ok(message.any_header_contains(text)? || message.body_contains(text)?)
            }
            other => Ok(other.by_rows(message.candidate)?.unwrap_or(false)),
        }
    }

    /// The range of UIDs outside of which nothing matches; empty when nothing matches at all.
    pub(super) fn uid_bounds(&self) -> (u32, u32) {
        const ALL: (u32, u32) = (1, u32::MAX);
        const NONE: (u32, u32) = (1, 0);
        match self {
            Self::Uids(uids) => uids.bounds().unwrap_or(NONE),
            Self::And(plans) => plans.iter().fold(ALL, |(first, last), plan| {
                let (lowest, highest) = plan.uid_bounds();
                (first.max(lowest), last.min(highest))
            }),
            _ => ALL,
        }
    }

    /// Whether any part of the plan fits.
    fn any_part(&self, fits: &impl Fn(&Self) -> bool) -> bool {
        fits(self)
            || match self {
                Self::And(plans) | Self::Or(plans) => plans.iter().any(|plan| plan.any_part(fits)),
                Self::Not(plan) => plan.any_part(fits),
                _ => false,
            }
    }

    /// Whether the envelope decides something.
    pub(super) fn needs_envelope(&self) -> bool {
        self.any_part(&|plan| matches!(plan, Self::Address(..) | Self::Subject(_)))
    }

    /// Whether the message's own row decides something.
    pub(super) fn needs_message(&self) -> bool {
        self.needs_envelope()
            || self.needs_content()
            || self.any_part(&|plan| matches!(plan, Self::Sent(_) | Self::Thread(_)))
    }

    /// Whether the content decides something.
    pub(super) fn needs_content(&self) -> bool {
        self.any_part(&|plan| matches!(plan, Self::Header { .. } | Self::Body(_) | Self::Text(_)))
    }
}

/// True when all are, false when one is not, otherwise unknown.
fn all(
    plans: &[Plan],
    decide: impl Fn(&Plan) -> Result<Option<bool>, MailError>,
) -> Result<Option<bool>, MailError> {
    let mut known = true;
    for plan in plans {
        match decide(plan)? {
            Some(false) => return Ok(Some(false)),
            Some(true) => {}
            None => known = false,
        }
    }
    Ok(known.then_some(true))
}

/// True when one is, false when none is, otherwise unknown.
fn any(
    plans: &[Plan],
    decide: impl Fn(&Plan) -> Result<Option<bool>, MailError>,
) -> Result<Option<bool>, MailError> {
    let mut known = true;
    for plan in plans {
        match decide(plan)? {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => known = false,
        }
    }
    Ok(known.then_some(false))
}
