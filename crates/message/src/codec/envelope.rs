//! The stored form of an envelope: a bit for each field that is there, then the fields.

use hikyaku_types::{OffsetTimestamp, Timestamp};

use super::{DecodeError, reader::Reader, writer::Writer};
use crate::{
    envelope::{Address, Envelope, Mailbox},
    text::HeaderText,
};

const GROUP_END: u8 = 0;
const GROUP_START: u8 = 1;
const MAILBOX: u8 = 0x80;
const WITH_NAME: u8 = 1;
const WITH_ROUTE: u8 = 2;

pub(super) fn write(writer: &mut Writer, envelope: &Envelope) {
    let texts = texts(envelope);
    let lists = lists(envelope);
    let mut present = 0_u64;
    for (bit, text) in texts.iter().enumerate() {
        present |= u64::from(text.is_some()) << bit;
    }
    for (bit, list) in lists.iter().enumerate() {
        present |= u64::from(!list.is_empty()) << (texts.len() + bit);
    }
    present |= u64::from(envelope.sent_at.is_some()) << (texts.len() + lists.len());
    writer.number(present);
    for text in texts.into_iter().flatten() {
        writer.text(text);
    }
    for list in lists.into_iter().filter(|list| !list.is_empty()) {
        write_list(writer, list);
    }
    if let Some(sent_at) = envelope.sent_at {
        writer.signed(sent_at.at.millis());
        writer.signed(i64::from(sent_at.offset_minutes));
    }
}

/// The order of the texts is part of the format.
fn texts(envelope: &Envelope) -> [Option<&HeaderText>; 4] {
    [
        &envelope.date,
        &envelope.subject,
        &envelope.message_id,
        &envelope.in_reply_to,
    ]
    .map(Option::as_ref)
}

/// The order of the lists is part of the format.
fn lists(envelope: &Envelope) -> [&Vec<Address>; 6] {
    let Envelope {
        from,
        to,
        cc,
        reply_to,
        sender,
        bcc,
        ..
    } = envelope;
    [from, to, cc, reply_to, sender, bcc]
}

fn write_list(writer: &mut Writer, list: &[Address]) {
    writer.count(list.len());
    for address in list {
        match address {
            Address::GroupEnd => writer.byte(GROUP_END),
            Address::GroupStart(name) => {
                writer.byte(GROUP_START);
                writer.text(name);
            }
            Address::Mailbox(mailbox) => write_mailbox(writer, mailbox),
        }
    }
}

fn write_mailbox(writer: &mut Writer, mailbox: &Mailbox) {
    let with_name = if mailbox.name.is_some() { WITH_NAME } else { 0 };
    let with_route = if mailbox.route.is_some() {
        WITH_ROUTE
    } else {
        0
    };
    writer.byte(MAILBOX | with_name | with_route);
    if let Some(name) = &mailbox.name {
        writer.text(name);
    }
    if let Some(route) = &mailbox.route {
        writer.string(route);
    }
    writer.string(&mailbox.local);
    writer.string(&mailbox.host);
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Envelope, DecodeError> {
    let present = reader.number()?;
    if present >= 1 << 11 {
        return Err(DecodeError::Damaged("unknown field of an envelope"));
    }
    let has = |bit: u32| present >> bit & 1 == 1;
    let mut text = |bit| {
        if has(bit) {
            reader.text().map(Some)
        } else {
            Ok(None)
        }
    };
    let (date, subject) = (text(0)?, text(1)?);
    let (message_id, in_reply_to) = (text(2)?, text(3)?);
    let mut list = |bit| {
        if has(bit) {
            read_list(reader)
        } else {
            Ok(Vec::new())
        }
    };
    let (from, to, cc) = (list(4)?, list(5)?, list(6)?);
    let (reply_to, sender, bcc) = (list(7)?, list(8)?, list(9)?);
    let sent_at = if has(10) {
        Some(read_date(reader)?)
    } else {
        None
    };
    Ok(Envelope {
        date,
        sent_at,
        subject,
        from,
        sender,
        reply_to,
        to,
        cc,
        bcc,
        in_reply_to,
        message_id,
    })
}

fn read_date(reader: &mut Reader<'_>) -> Result<OffsetTimestamp, DecodeError> {
    let at = Timestamp(reader.signed()?);
    let offset_minutes = i16::try_from(reader.signed()?)
        .ok()
        .filter(|minutes| minutes.unsigned_abs() <= 24 * 60)
        .ok_or(DecodeError::Damaged("offset of a date out of range"))?;
    Ok(OffsetTimestamp { at, offset_minutes })
}

fn read_list(reader: &mut Reader<'_>) -> Result<Vec<Address>, DecodeError> {
    let count = reader.count()?;
    let mut list = Vec::with_capacity(count.min(64));
    let mut in_group = false;
    for _ in 0..count {
        let address = read_address(reader)?;
        let (expected, after) = match address {
            Address::GroupStart(_) => (false, true),
            Address::GroupEnd => (true, false),
            Address::Mailbox(_) => (in_group, in_group),
        };
        if in_group != expected {
            return Err(DecodeError::Damaged("group markers do not match"));
        }
        in_group = after;
        list.push(address);
    }
    if in_group {
        return Err(DecodeError::Damaged("group without an end"));
    }
    Ok(list)
}

fn read_address(reader: &mut Reader<'_>) -> Result<Address, DecodeError> {
    let tag = reader.byte()?;
    if tag == GROUP_END {
        return Ok(Address::GroupEnd);
    }
    if tag == GROUP_START {
        return Ok(Address::GroupStart(reader.text()?));
    }
    if tag & !(WITH_NAME | WITH_ROUTE) != MAILBOX {
        return Err(DecodeError::Damaged("unknown kind of address"));
    }
    let name = if tag & WITH_NAME != 0 {
        Some(reader.text()?)
    } else {
        None
    };
    let route = if tag & WITH_ROUTE != 0 {
        Some(reader.string()?.into())
    } else {
        None
    };
    let local = reader.string()?.into();
    let host = reader.string()?.into();
    Ok(Address::Mailbox(Mailbox {
        name,
        route,
        local,
        host,
    }))
}
