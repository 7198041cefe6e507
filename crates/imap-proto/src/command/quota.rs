//! GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1).

use crate::{
    parse::{Cursor, Parsed},
    response::write_astring,
    sequence::write_number,
};

/// The name of a quota root, as a client sends it.
///
/// ```abnf
/// getquota        = "GETQUOTA" SP quota-root-name
/// quota-root-name = astring
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRoot(pub String);

impl QuotaRoot {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let name = cursor.astring("the name of a quota root")?;
        Ok(Self(String::from_utf8_lossy(&name).into_owned()))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_astring(self.0.as_bytes(), out);
    }
}

/// SETQUOTA. Read to be refused in its own words: what an account may hold is decided elsewhere.
///
/// ```abnf
/// setquota          = "SETQUOTA" SP quota-root-name SP
///                     "(" [setquota-resource *(SP setquota-resource)] ")"
/// setquota-resource = atom SP number64
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetQuota {
    /// Which root.
    pub root: QuotaRoot,
    /// Resources, in capitals, and their limits.
    pub limits: Vec<(String, u64)>,
}

impl SetQuota {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let root = QuotaRoot::parse(cursor)?;
        cursor.space()?;
        let limit = (cursor.limits().list_items, "quota resources");
        let limits = cursor.list(limit, |cursor| {
            let name = cursor.atom("a quota resource")?.to_ascii_uppercase();
            cursor.space()?;
            Ok((name, cursor.number64("the limit of a quota resource")?))
        })?;
        Ok(Self { root, limits })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.root.write(out);
        out.extend_from_slice(b" (");
        for (index, (name, limit)) in self.limits.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b' ');
            write_number(*limit, out);
        }
        out.push(b')');
    }
}
