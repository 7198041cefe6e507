//! Our values in PostgreSQL's binary format, whatever integer, text or byte type the server chose.

use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use super::numeric;
use crate::value::{Value, ValueRef};

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// A value that does not fit the type of its parameter.
#[derive(Debug, thiserror::Error)]
#[error("a value does not fit a parameter of type {wanted}")]
pub(super) struct Unsuitable {
    wanted: String,
}

/// One parameter on its way out.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub(super) &'a Value<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let unsuitable = || Unsuitable {
            wanted: wanted.name().to_owned(),
        };
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(int) => {
                if !put_int(*int, wanted, out) {
                    return Err(unsuitable().into());
                }
            }
            Value::Text(text) if is_text(wanted) => out.extend_from_slice(text.as_bytes()),
            Value::Blob(bytes) if *wanted == Type::BYTEA => out.extend_from_slice(bytes),
            Value::Text(_) | Value::Blob(_) => return Err(unsuitable().into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One column on its way in.
pub(super) struct Column<'a>(pub(super) ValueRef<'a>);

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(given: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Self(match *given {
            Type::INT8 => ValueRef::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => ValueRef::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => ValueRef::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => ValueRef::Int(i64::from(raw != [0])),
            Type::NUMERIC => match numeric::decode(raw) {
                Some(int) => ValueRef::Int(int),
                None => ValueRef::Other("a number that is no 64-bit integer"),
            },
            Type::BYTEA => ValueRef::Blob(raw),
            Type::VOID => ValueRef::Null,
            _ if is_text(given) => ValueRef::Text(std::str::from_utf8(raw)?),
            _ => ValueRef::Other("a type that is not stored here"),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn is_text(given: &Type) -> bool {
    matches!(
        *given,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN
    )
}

/// Writes an integer; false when it does not fit the type.
fn put_int(int: i64, wanted: &Type, out: &mut BytesMut) -> bool {
    match *wanted {
        Type::INT8 => out.extend_from_slice(&int.to_be_bytes()),
        Type::INT4 => match i32::try_from(int) {
            Ok(int) => out.extend_from_slice(&int.to_be_bytes()),
            Err(_) => return false,
        },
        Type::INT2 => match i16::try_from(int) {
            Ok(int) => out.extend_from_slice(&int.to_be_bytes()),
            Err(_) => return false,
        },
        Type::BOOL if (0..=1).contains(&int) => out.extend_from_slice(&[int as u8]),
        Type::NUMERIC => out.extend_from_slice(&numeric::encode(int)),
        _ => return false,
    }
    true
}
