//! Values of parameters and columns: the four kinds that both engines have.

use std::borrow::Cow;

use hikyaku_types::{
    AccountId, AddressId, AnnouncementId, ApiKeyId, AppPasswordId, BrowserId, ByteSize, DomainId,
    FactorId, GrantId, Id, ImpersonationId, ImportRunId, JobId, LinkId, LogEntryId, MailboxId,
    MessageId, ModSeq, NoticeId, OptionId, OrderId, PlanId, QueuedId, QueuedRecipientId, RequestId,
    RoleId, SessionId, TemplateId, TenantId, ThreadId, Timestamp, TraceId, TurnId, Uid,
    UidValidity, WebSessionId,
};

/// The value of one statement parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// NULL of any type.
    Null,
    /// Any integer, boolean (0 or 1), id, instant or size.
    Int(i64),
    /// Text without U+0000.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
}

/// The value of one column, borrowed from the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// An integer or a boolean.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// Something we do not store; the name of its type.
    Other(&'static str),
}

impl ValueRef<'_> {
    /// What this is, for error messages.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer out of range or of another meaning",
            Self::Text(_) => "text",
            Self::Blob(_) => "a blob",
            Self::Other(name) => name,
        }
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// The value, or nothing when the column holds something else.
    fn from_value(value: ValueRef<'_>) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Int(int) => Some(int),
            _ => None,
        }
    }
}

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Int(0) => Some(false),
            ValueRef::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Blob(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

macro_rules! integers {
    ($($int:ty),+) => {$(
        impl FromValue for $int {
            fn from_value(value: ValueRef<'_>) -> Option<Self> {
                i64::from_value(value).and_then(|int| int.try_into().ok())
            }
        }
    )+};
}
integers!(i16, i32, u8, u16, u32, u64, usize);

macro_rules! lossless {
    ($($int:ty),+) => {$(
        impl From<$int> for Value<'_> {
            fn from(int: $int) -> Self {
                Self::Int(i64::from(int))
            }
        }
    )+};
}
lossless!(i64, i32, i16, u8, u16, u32, bool);

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Int(id.to_i64())
            }
        }

        impl FromValue for $id {
            fn from_value(value: ValueRef<'_>) -> Option<Self> {
                i64::from_value(value).map(<$id>::from_i64)
            }
        }
    )+};
}
ids!(
    TenantId,
    DomainId,
    AccountId,
    AddressId,
    MailboxId,
    MessageId,
    ThreadId,
    TraceId,
    SessionId,
    ImportRunId,
    QueuedId,
    TurnId,
    QueuedRecipientId,
    PlanId,
    OptionId,
    OrderId,
    TemplateId,
    AppPasswordId,
    WebSessionId,
    FactorId,
    BrowserId,
    LinkId,
    RoleId,
    GrantId,
    ApiKeyId,
    ImpersonationId,
    LogEntryId,
    JobId,
    AnnouncementId,
    NoticeId,
    RequestId
);

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.millis())
    }
}

impl FromValue for Timestamp {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

impl From<Uid> for Value<'_> {
    fn from(uid: Uid) -> Self {
        Self::Int(i64::from(uid.get()))
    }
}

impl FromValue for Uid {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        u32::from_value(value).and_then(Self::new)
    }
}

impl From<UidValidity> for Value<'_> {
    fn from(validity: UidValidity) -> Self {
        Self::Int(i64::from(validity.0))
    }
}

impl FromValue for UidValidity {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        u32::from_value(value).map(Self)
    }
}

/// A modseq is below 2^63 by definition; one above is stored as the highest.
impl From<ModSeq> for Value<'_> {
    fn from(modseq: ModSeq) -> Self {
        Self::Int(i64::try_from(modseq.0).unwrap_or(i64::MAX))
    }
}

impl FromValue for ModSeq {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        u64::from_value(value).map(Self)
    }
}

/// A size of 2^63 bytes or more is stored as the highest that fits.
impl From<ByteSize> for Value<'_> {
    fn from(size: ByteSize) -> Self {
        Self::Int(i64::try_from(size.bytes()).unwrap_or(i64::MAX))
    }
}

impl FromValue for ByteSize {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        u64::from_value(value).map(Self)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(Cow::Owned(bytes))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value<'_> {
    /// Whether this is a text that PostgreSQL cannot store.
    pub(crate) fn has_nul(&self) -> bool {
        matches!(self, Self::Text(text) if text.as_bytes().contains(&0))
    }
}

/// The parameters of a statement, in the order of `?1`, `?2` …
///
/// ```
/// # use hikyaku_db::{Value, params};
/// let name = String::from("info");
/// let parameters: &[Value<'_>] = params![7_i64, &name, None::<i64>];
/// assert_eq!(parameters.len(), 3);
/// ```
#[macro_export]
macro_rules! params {
    () => {
        &[] as &[$crate::Value<'_>]
    };
    ($($value:expr),+ $(,)?) => {
        &[$($crate::Value::from($value)),+] as &[$crate::Value<'_>]
    };
}
