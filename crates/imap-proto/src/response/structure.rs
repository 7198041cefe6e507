//! BODY and BODYSTRUCTURE.

use hikyaku_message::{Content, Disposition, Parameter, Part};

use super::{
    envelope::{write_envelope, write_text},
    string::{write_nstring, write_string},
};
use crate::sequence::write_number;

/// Whether the extension data is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extensions {
    /// BODYSTRUCTURE.
    Shown,
    /// BODY.
    Hidden,
}

/// Writes the structure of a part. Goes down as deep as the parser of messages does, which is
/// bounded (`hikyaku_message::limits`).
///
/// ```abnf
/// body            = "(" (body-type-1part / body-type-mpart) ")"
/// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
/// body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
/// ```
pub(super) fn write_part(part: &Part, extensions: Extensions, out: &mut Vec<u8>) {
    out.push(b'(');
    if let Content::Multipart(children) = &part.content {
        for child in children {
            write_part(child, extensions, out);
        }
        out.push(b' ');
        write_string(part.content_type.sub.as_bytes(), out);
        if extensions == Extensions::Shown {
            out.push(b' ');
            write_parameters(&part.content_type.parameters, out);
            write_common_extensions(part, out);
        }
    } else {
        write_single(part, extensions, out);
    }
    out.push(b')');
}

/// ```abnf
/// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
/// body-type-basic = media-basic SP body-fields
/// body-type-msg   = media-message SP body-fields SP envelope SP body SP body-fld-lines
/// body-type-text  = media-text SP body-fields SP body-fld-lines
/// body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
///                   body-fld-octets
/// body-ext-1part  = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
/// ```
fn write_single(part: &Part, extensions: Extensions, out: &mut Vec<u8>) {
    write_string(part.content_type.main.as_bytes(), out);
    out.push(b' ');
    write_string(part.content_type.sub.as_bytes(), out);
    out.push(b' ');
    write_parameters(&part.content_type.parameters, out);
    out.push(b' ');
    write_nstring(part.id.as_deref().map(str::as_bytes), out);
    out.push(b' ');
    write_text(part.description.as_ref(), out);
    out.push(b' ');
    write_string(part.encoding.as_str().as_bytes(), out);
    out.push(b' ');
    write_number(part.octets(), out);
    if let Content::Message(embedded) = &part.content {
        out.push(b' ');
        write_envelope(&embedded.envelope, out);
        out.push(b' ');
        write_part(&embedded.root, extensions, out);
    }
    if part.content_type.is_text() || part.content_type.is_message() {
        out.push(b' ');
        write_number(part.lines, out);
    }
    if extensions == Extensions::Shown {
        out.push(b' ');
        write_nstring(part.md5.as_deref().map(str::as_bytes), out);
        write_common_extensions(part, out);
    }
}

/// Disposition, language and location.
fn write_common_extensions(part: &Part, out: &mut Vec<u8>) {
    out.push(b' ');
    write_disposition(part.disposition.as_ref(), out);
    out.push(b' ');
    match part.language.as_slice() {
        [] => out.extend_from_slice(b"NIL"),
        [only] => write_string(only.as_bytes(), out),
        several => {
            for (index, language) in several.iter().enumerate() {
                out.push(if index == 0 { b'(' } else { b' ' });
                write_string(language.as_bytes(), out);
            }
            out.push(b')');
        }
    }
    out.push(b' ');
    write_nstring(part.location.as_deref().map(str::as_bytes), out);
}

/// ```abnf
/// body-fld-dsp = "(" string SP body-fld-param ")" / nil
/// ```
fn write_disposition(disposition: Option<&Disposition>, out: &mut Vec<u8>) {
    match disposition {
        None => out.extend_from_slice(b"NIL"),
        Some(disposition) => {
            out.push(b'(');
            write_string(disposition.kind.as_bytes(), out);
            out.push(b' ');
            write_parameters(&disposition.parameters, out);
            out.push(b')');
        }
    }
}

/// ```abnf
/// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
/// ```
fn write_parameters(parameters: &[Parameter], out: &mut Vec<u8>) {
    if parameters.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    for (index, parameter) in parameters.iter().enumerate() {
        out.push(if index == 0 { b'(' } else { b' ' });
        write_string(parameter.wire_name().as_bytes(), out);
        out.push(b' ');
        write_text(Some(&parameter.value), out);
    }
    out.push(b')');
}
