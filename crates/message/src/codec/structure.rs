//! The stored form of a structure: the parts, parents before children.

use super::{DecodeError, envelope, reader::Reader, writer::Writer};
use crate::{
    limits::{MAX_DEPTH, MAX_PARTS},
    range::ByteRange,
    structure::{
        Content, ContentType, Disposition, Embedded, Parameter, ParameterForm, Part,
        TransferEncoding,
    },
};

/// Most parts read: the limit of the parser, and as many stand-ins for empty composites.
const MAX_STORED_PARTS: usize = 2 * MAX_PARTS + 2;

/// Deepest nesting read: the limit of the parser, and a stand-in.
const MAX_STORED_DEPTH: usize = MAX_DEPTH + 2;

const MULTIPART: u64 = 1;
const MESSAGE: u64 = 2;
const KIND: u64 = 3;
const DISPOSITION: u64 = 1 << 2;
const ID: u64 = 1 << 3;
const DESCRIPTION: u64 = 1 << 4;
const MD5: u64 = 1 << 5;
const LANGUAGE: u64 = 1 << 6;
const LOCATION: u64 = 1 << 7;

pub(super) fn write(writer: &mut Writer, root: &Part) {
    write_part(writer, root, 0);
}

/// Writes a part whose bytes start at `base` or later; the depth of a [`Part`] tree is bounded.
fn write_part(writer: &mut Writer, part: &Part, base: usize) {
    let mut flags = match &part.content {
        Content::Single => 0,
        Content::Multipart(_) => MULTIPART,
        Content::Message(_) => MESSAGE,
    };
    for (flag, present) in [
        (DISPOSITION, part.disposition.is_some()),
        (ID, part.id.is_some()),
        (DESCRIPTION, part.description.is_some()),
        (MD5, part.md5.is_some()),
        (LANGUAGE, !part.language.is_empty()),
        (LOCATION, part.location.is_some()),
    ] {
        flags |= if present { flag } else { 0 };
    }
    writer.number(flags);
    writer.count(part.header.start().saturating_sub(base));
    writer.number(u64::from(part.header.len()));
    writer.count(part.body.start().saturating_sub(part.header.end()));
    writer.number(u64::from(part.body.len()));
    writer.number(u64::from(part.lines));
    writer.word(&part.content_type.main);
    writer.word(&part.content_type.sub);
    write_parameters(writer, &part.content_type.parameters);
    write_encoding(writer, &part.encoding);
    write_optional(writer, part);
    match &part.content {
        Content::Single => {}
        Content::Multipart(children) => {
            writer.count(children.len());
            let mut base = part.body.start();
            for child in children {
                write_part(writer, child, base);
                base = child.body.end();
            }
        }
        Content::Message(embedded) => {
            envelope::write(writer, &embedded.envelope);
            write_part(writer, &embedded.root, part.body.start());
        }
    }
}

fn write_optional(writer: &mut Writer, part: &Part) {
    if let Some(disposition) = &part.disposition {
        writer.word(&disposition.kind);
        write_parameters(writer, &disposition.parameters);
    }
    if let Some(id) = &part.id {
        writer.string(id);
    }
    if let Some(description) = &part.description {
        writer.text(description);
    }
    if let Some(md5) = &part.md5 {
        writer.string(md5);
    }
    if !part.language.is_empty() {
        writer.count(part.language.len());
        for tag in &part.language {
            writer.string(tag);
        }
    }
    if let Some(location) = &part.location {
        writer.string(location);
    }
}

fn write_parameters(writer: &mut Writer, parameters: &[Parameter]) {
    writer.count(parameters.len());
    for parameter in parameters {
        writer.word(&parameter.name);
        writer.byte(u8::from(parameter.form == ParameterForm::Extended));
        writer.text_or_word(&parameter.value);
    }
}

fn write_encoding(writer: &mut Writer, encoding: &TransferEncoding) {
    writer.byte(match encoding {
        TransferEncoding::SevenBit => 0,
        TransferEncoding::EightBit => 1,
        TransferEncoding::Binary => 2,
        TransferEncoding::Base64 => 3,
        TransferEncoding::QuotedPrintable => 4,
        TransferEncoding::Other(_) => 5,
    });
    if let TransferEncoding::Other(name) = encoding {
        writer.string(name);
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Part, DecodeError> {
    let mut budget = Budget {
        parts: MAX_STORED_PARTS,
        depth: MAX_STORED_DEPTH,
    };
    read_part(reader, &mut budget, ByteRange::new(0, u32::MAX as usize))
}

struct Budget {
    parts: usize,
    depth: usize,
}

/// Reads a part that lies within `outer`.
fn read_part(
    reader: &mut Reader<'_>,
    budget: &mut Budget,
    outer: ByteRange,
) -> Result<Part, DecodeError> {
    budget.parts = budget
        .parts
        .checked_sub(1)
        .ok_or(DecodeError::Damaged("too many parts"))?;
    let flags = reader.number()?;
    if flags > 0xff {
        return Err(DecodeError::Damaged("unknown flag of a part"));
    }
    let mut part = Part::default();
    part.header = read_range(reader, outer.start())?;
    part.body = read_range(reader, part.header.end())?;
    if !outer.contains(part.header) || !outer.contains(part.body) {
        return Err(DecodeError::Damaged("part reaches beyond its parent"));
    }
    part.lines = reader.number_u32()?;
    part.content_type = ContentType {
        main: reader.word()?,
        sub: reader.word()?,
        parameters: read_parameters(reader)?,
    };
    part.encoding = read_encoding(reader)?;
    read_optional(reader, flags, &mut part)?;
    let expected = match flags & KIND {
        0 => !part.content_type.is_multipart() && !part.content_type.is_message(),
        MULTIPART => part.content_type.is_multipart(),
        MESSAGE => part.content_type.is_message(),
        _ => false,
    };
    if !expected {
        return Err(DecodeError::Damaged("content does not fit its type"));
    }
    budget.depth = budget
        .depth
        .checked_sub(1)
        .ok_or(DecodeError::Damaged("nested too deeply"))?;
    part.content = read_content(reader, budget, flags & KIND, part.body)?;
    budget.depth += 1;
    Ok(part)
}

fn read_content(
    reader: &mut Reader<'_>,
    budget: &mut Budget,
    kind: u64,
    body: ByteRange,
) -> Result<Content, DecodeError> {
    match kind {
        MULTIPART => {
            let count = reader.count()?;
            if count == 0 {
                return Err(DecodeError::Damaged("multipart without parts"));
            }
            let mut children = Vec::with_capacity(count.min(16));
            let mut free = body;
            for _ in 0..count {
                let child = read_part(reader, budget, free)?;
                free = ByteRange::new(child.body.end(), body.end());
                children.push(child);
            }
            Ok(Content::Multipart(children))
        }
        MESSAGE => {
            let envelope = envelope::read(reader)?;
            let root = read_part(reader, budget, body)?;
            Ok(Content::Message(Box::new(Embedded { envelope, root })))
        }
        _ => Ok(Content::Single),
    }
}

/// A range that starts a stored distance after `base`.
fn read_range(reader: &mut Reader<'_>, base: usize) -> Result<ByteRange, DecodeError> {
    let distance = reader.number_u32()?;
    let len = reader.number_u32()?;
    let start = u32::try_from(base)
        .ok()
        .and_then(|base| base.checked_add(distance));
    let end = start.and_then(|start| start.checked_add(len));
    match (start, end) {
        (Some(start), Some(end)) => Ok(ByteRange::new(start as usize, end as usize)),
        _ => Err(DecodeError::Damaged("range beyond 4 GiB")),
    }
}

fn read_optional(reader: &mut Reader<'_>, flags: u64, part: &mut Part) -> Result<(), DecodeError> {
    if flags & DISPOSITION != 0 {
        let kind = reader.word()?;
        let parameters = read_parameters(reader)?;
        part.disposition = Some(Disposition { kind, parameters });
    }
    if flags & ID != 0 {
        part.id = Some(reader.string()?.into());
    }
    if flags & DESCRIPTION != 0 {
        part.description = Some(reader.text()?);
    }
    if flags & MD5 != 0 {
        part.md5 = Some(reader.string()?.into());
    }
    if flags & LANGUAGE != 0 {
        for _ in 0..reader.count()? {
            part.language.push(reader.string()?.into());
        }
    }
    if flags & LOCATION != 0 {
        part.location = Some(reader.string()?.into());
    }
    Ok(())
}

fn read_parameters(reader: &mut Reader<'_>) -> Result<Vec<Parameter>, DecodeError> {
    let count = reader.count()?;
    let mut parameters = Vec::with_capacity(count.min(16));
    for _ in 0..count {
        let name = reader.word()?;
        let form = match reader.byte()? {
            0 => ParameterForm::Plain,
            1 => ParameterForm::Extended,
            _ => return Err(DecodeError::Damaged("unknown form of a parameter")),
        };
        let value = reader.text_or_word()?;
        parameters.push(Parameter { name, value, form });
    }
    Ok(parameters)
}

fn read_encoding(reader: &mut Reader<'_>) -> Result<TransferEncoding, DecodeError> {
    Ok(match reader.byte()? {
        0 => TransferEncoding::SevenBit,
        1 => TransferEncoding::EightBit,
        2 => TransferEncoding::Binary,
        3 => TransferEncoding::Base64,
        4 => TransferEncoding::QuotedPrintable,
        5 => TransferEncoding::Other(reader.string()?.into()),
        _ => return Err(DecodeError::Damaged("unknown transfer encoding")),
    })
}
