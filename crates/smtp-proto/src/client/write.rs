//! Command lines, CRLF included.

use hikyaku_types::EmailAddress;

use crate::{
    EnvelopeId, Notify, OriginalRecipient, Returned,
    command::{Body, Smtputf8},
    xtext,
};

/// The parameters of MAIL; each only for servers that offer its extension.
#[derive(Debug, Clone, Default)]
pub struct MailParameters<'a> {
    /// `SIZE=`, octets as in RFC 1870 §3.
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152 §2).
    pub body: Option<Body>,
    /// `SMTPUTF8` (RFC 6531 §3.4).
    pub utf8: Option<Smtputf8>,
    /// `RET=` (RFC 3461 §4.3).
    pub returned: Option<Returned>,
    /// `ENVID=` (RFC 3461 §4.4), not encoded; left out when it is too long for the wire.
    pub envelope_id: Option<&'a str>,
}

/// The parameters of RCPT, for servers that offer DSN.
#[derive(Debug, Clone, Copy, Default)]
pub struct RcptParameters<'a> {
    /// `NOTIFY=` (RFC 3461 §4.1).
    pub notify: Option<Notify>,
    /// `ORCPT=` (RFC 3461 §4.2), address type and address, not encoded; left out when it is too
    /// long for the wire.
    pub original: Option<(&'a str, &'a str)>,
}

/// `EHLO name` or `HELO name`.
pub fn hello(verb: &str, name: &str) -> Vec<u8> {
    line(format!("{verb} {name}"))
}

/// `AUTH mechanism [initial-response]` (RFC 4954 §4). The response is base64, `=` if empty.
pub fn auth(mechanism: &str, initial: Option<&str>) -> Vec<u8> {
    match initial {
        Some(response) => line(format!("AUTH {mechanism} {response}")),
        None => line(format!("AUTH {mechanism}")),
    }
}

/// `MAIL FROM:<sender> …`; without a sender the null path.
pub fn mail(sender: Option<&EmailAddress>, parameters: &MailParameters<'_>) -> Vec<u8> {
    let mut text = match sender {
        Some(sender) => format!("MAIL FROM:<{sender}>"),
        None => "MAIL FROM:<>".to_owned(),
    };
    if let Some(size) = parameters.size {
        text.push_str(" SIZE=");
        text.push_str(&size.to_string());
    }
    match parameters.body {
        Some(Body::EightBitMime) => text.push_str(" BODY=8BITMIME"),
        Some(Body::SevenBit) => text.push_str(" BODY=7BIT"),
        None => {}
    }
    if parameters.utf8 == Some(Smtputf8::Yes) {
        text.push_str(" SMTPUTF8");
    }
    match parameters.returned {
        Some(Returned::Full) => text.push_str(" RET=FULL"),
        Some(Returned::Headers) => text.push_str(" RET=HDRS"),
        None => {}
    }
    if let Some(id) = parameters.envelope_id.map(xtext::encode)
        && (1..=EnvelopeId::MAX_LENGTH).contains(&id.len())
    {
        text.push_str(" ENVID=");
        text.push_str(&id);
    }
    line(text)
}

/// `RCPT TO:<recipient> …`.
pub fn rcpt(recipient: &EmailAddress, parameters: RcptParameters<'_>) -> Vec<u8> {
    let mut text = format!("RCPT TO:<{recipient}>");
    if let Some(notify) = parameters.notify {
        text.push_str(" NOTIFY=");
        text.push_str(&notify_value(notify));
    }
    if let Some(original) = parameters.original.map(original_value)
        && original.len() <= OriginalRecipient::MAX_LENGTH
    {
        text.push_str(" ORCPT=");
        text.push_str(&original);
    }
    line(text)
}

fn notify_value(notify: Notify) -> String {
    let wanted = [
        (notify.success, "SUCCESS"),
        (notify.failure, "FAILURE"),
        (notify.delay, "DELAY"),
    ];
    let words: Vec<&str> = wanted
        .into_iter()
        .filter_map(|(is_wanted, word)| is_wanted.then_some(word))
        .collect();
    if words.is_empty() {
        "NEVER".to_owned()
    } else {
        words.join(",")
    }
}

fn original_value((address_type, address): (&str, &str)) -> String {
    let address = if address_type.eq_ignore_ascii_case("utf-8") {
        xtext::encode_utf8_address(address)
    } else {
        xtext::encode(address)
    };
    format!("{address_type};{address}")
}

/// The line with its end. Values are parsed types or encoded; a control in a name that the
/// configuration gave would still not start a second command.
fn line(text: String) -> Vec<u8> {
    let mut line: Vec<u8> = text
        .into_bytes()
        .into_iter()
        .map(|byte| if byte.is_ascii_control() { b' ' } else { byte })
        .collect();
    line.extend_from_slice(b"\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;

    fn parsed(line: &[u8]) -> Command {
        Command::parse(line.strip_suffix(b"\r\n").unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_can_be_read() {
        let sender: EmailAddress = "太郎@example.jp".parse().unwrap();
        let parameters = MailParameters {
            size: Some(1234),
            body: Some(Body::EightBitMime),
            utf8: Some(Smtputf8::Yes),
            returned: Some(Returned::Headers),
            envelope_id: Some("a+b=c 飛脚"),
        };
        let Command::Mail(read) = parsed(&mail(Some(&sender), &parameters)) else {
            panic!("no MAIL");
        };
        assert_eq!(read.sender, Some(sender));
        assert_eq!((read.size, read.body), (Some(1234), Body::EightBitMime));
        assert_eq!(read.smtputf8, Smtputf8::Yes);
        assert_eq!(read.returned, Some(Returned::Headers));
        assert_eq!(read.envelope_id.unwrap().as_str(), "a+b=c 飛脚");

        for (address_type, address) in [
            ("rfc822", "a+b=c@example.test"),
            ("utf-8", r"太\郎+=@example.test"),
            ("x400", "with blank"),
        ] {
            for notify in [
                Notify::NEVER,
                Notify {
                    success: true,
                    failure: true,
                    delay: false,
                },
                Notify {
                    success: false,
                    failure: false,
                    delay: true,
                },
            ] {
                let to: EmailAddress = r#""quoted local"@example.test"#.parse().unwrap();
                let parameters = RcptParameters {
                    notify: Some(notify),
                    original: Some((address_type, address)),
                };
                let Command::Rcpt(read) = parsed(&rcpt(&to, parameters)) else {
                    panic!("no RCPT");
                };
                assert_eq!(read.recipient, crate::ForwardPath::Mailbox(to));
                assert_eq!(read.notify, Some(notify));
                let original = read.original.unwrap();
                assert_eq!(
                    (&*original.address_type, &*original.address),
                    (address_type, address)
                );
            }
        }
    }

    #[test]
    fn what_is_too_long_for_the_wire_is_left_out() {
        let long = "x".repeat(EnvelopeId::MAX_LENGTH + 1);
        let parameters = MailParameters {
            envelope_id: Some(&long),
            ..Default::default()
        };
        assert_eq!(mail(None, &parameters), b"MAIL FROM:<>\r\n");
        let to: EmailAddress = "a@example.test".parse().unwrap();
        let long = "x".repeat(OriginalRecipient::MAX_LENGTH);
        let parameters = RcptParameters {
            original: Some(("rfc822", &long)),
            ..Default::default()
        };
        assert_eq!(rcpt(&to, parameters), b"RCPT TO:<a@example.test>\r\n");
    }

    #[test]
    fn nothing_starts_a_second_line() {
        assert_eq!(hello("EHLO", "a\r\nMAIL"), b"EHLO a  MAIL\r\n");
        assert_eq!(auth("PLAIN", Some("=")), b"AUTH PLAIN =\r\n");
        assert_eq!(auth("LOGIN", None), b"AUTH LOGIN\r\n");
    }
}
