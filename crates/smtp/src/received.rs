//! The Received field (RFC 5321 §4.4).

use std::{fmt::Write as _, net::IpAddr};

use hikyaku_message::build::format_date;
use hikyaku_smtp_proto::{Greeting, Protocol, command::ClientName, command::Smtputf8};
use hikyaku_types::{Domain, EmailAddress, OffsetTimestamp, Timestamp};

/// What stands in the field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a> {
    /// The name the client gave.
    pub(crate) client: &'a ClientName,
    /// Its address, which we know.
    pub(crate) ip: IpAddr,
    /// Our name.
    pub(crate) host: &'a Domain,
    /// How the message came.
    pub(crate) with: With,
    /// TLS version and cipher suite.
    pub(crate) tls: Option<(&'a str, &'a str)>,
    /// The transaction, as it stands in the log.
    pub(crate) id: &'a str,
    /// The recipient, if there is just one: others must not learn of each other (RFC 5321 §7.2).
    pub(crate) recipient: Option<&'a EmailAddress>,
    /// When.
    pub(crate) at: Timestamp,
}

/// How a message came (RFC 3848, RFC 6531 §4.3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct With {
    pub(crate) protocol: Protocol,
    pub(crate) greeting: Greeting,
    pub(crate) smtputf8: Smtputf8,
    pub(crate) secured: bool,
    pub(crate) signed_in: bool,
}

impl With {
    /// The registered word: `ESMTPSA`, `UTF8SMTP`, `LMTPS` …
    pub(crate) fn word(self) -> String {
        let base = match (self.protocol, self.greeting, self.smtputf8) {
            (Protocol::Lmtp, _, Smtputf8::No) => "LMTP",
            (Protocol::Lmtp, _, Smtputf8::Yes) => "UTF8LMTP",
            (Protocol::Smtp, _, Smtputf8::Yes) => "UTF8SMTP",
            (Protocol::Smtp, Greeting::Extended, _) => "ESMTP",
            // RFC 3848 has no words for HELO with TLS; it came without extensions all the same.
            (Protocol::Smtp, Greeting::Helo, _) => return "SMTP".to_owned(),
        };
        let secured = if self.secured { "S" } else { "" };
        let signed_in = if self.signed_in { "A" } else { "" };
        format!("{base}{secured}{signed_in}")
    }
}

impl Received<'_> {
    /// The whole field with its CRLF, folded.
    ///
    /// `Time-stamp-line = "Received:" FWS From-domain By-domain Opt-info [CFWS] ";" FWS date-time`
    pub(crate) fn to_field(self) -> Vec<u8> {
        let mut out = format!("Received: from {} ({})", self.client, literal(self.ip));
        if let Some((version, cipher)) = self.tls {
            // Writing to a String cannot fail, here and below.
            let _ = write!(out, "\r\n\t(using {version} with cipher {cipher})");
        }
        let _ = write!(
            out,
            "\r\n\tby {} (Hikyaku) with {}",
            self.host,
            self.with.word()
        );
        let _ = write!(out, " id {}", self.id);
        if let Some(recipient) = self.recipient {
            let _ = write!(out, "\r\n\tfor <{recipient}>");
        }
        let _ = write!(
            out,
            ";\r\n\t{}\r\n",
            format_date(OffsetTimestamp::utc(self.at))
        );
        out.into_bytes()
    }
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3).
fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => format!("[{v4}]"),
        IpAddr::V6(v6) => format!("[IPv6:{v6}]"),
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_smtp_proto::Command;

    use super::*;

    fn client(name: &str) -> ClientName {
        match Command::parse(format!("EHLO {name}").as_bytes()) {
            Ok(Command::Ehlo(client)) => client,
            other => panic!("{other:?}"),
        }
    }

    const ESMTP: With = With {
        protocol: Protocol::Smtp,
        greeting: Greeting::Extended,
        smtputf8: Smtputf8::No,
        secured: false,
        signed_in: false,
    };

    #[test]
    fn fields_say_who_how_and_when() {
        let client = client("mail.example (evil); by");
        let host = "mx.example.test".parse().unwrap();
        let recipient = "taro@example.test".parse().unwrap();
        let received = Received {
            client: &client,
            ip: "2001:db8::1".parse().unwrap(),
            host: &host,
            with: With {
                secured: true,
                ..ESMTP
            },
            tls: Some(("TLSv1.3", "TLS13_AES_256_GCM_SHA384")),
            id: "42.1",
            recipient: Some(&recipient),
            at: Timestamp::from_seconds(1_700_000_000),
        };
        assert_eq!(
            String::from_utf8(received.to_field()).unwrap(),
            "Received: from mail.example??evil???by ([IPv6:2001:db8::1])\r\n\
             \t(using TLSv1.3 with cipher TLS13_AES_256_GCM_SHA384)\r\n\
             \tby mx.example.test (Hikyaku) with ESMTPS id 42.1\r\n\
             \tfor <taro@example.test>;\r\n\
             \tTue, 14 Nov 2023 22:13:20 +0000\r\n"
        );
        let bare = Received {
            ip: "192.0.2.1".parse().unwrap(),
            tls: None,
            recipient: None,
            ..received
        };
        let bare = String::from_utf8(bare.to_field()).unwrap();
        assert!(
            bare.contains("([192.0.2.1])\r\n\tby mx") && !bare.contains("for <"),
            "{bare}"
        );
    }

    #[test]
    fn words_are_the_registered_ones() {
        let utf8 = Smtputf8::Yes;
        let lmtp = With {
            protocol: Protocol::Lmtp,
            ..ESMTP
        };
        for (with, word) in [
            (ESMTP, "ESMTP"),
            (
                With {
                    greeting: Greeting::Helo,
                    ..ESMTP
                },
                "SMTP",
            ),
            (
                With {
                    secured: true,
                    ..ESMTP
                },
                "ESMTPS",
            ),
            (
                With {
                    signed_in: true,
                    ..ESMTP
                },
                "ESMTPA",
            ),
            (
                With {
                    secured: true,
                    signed_in: true,
                    ..ESMTP
                },
                "ESMTPSA",
            ),
            (
                With {
                    smtputf8: utf8,
                    ..ESMTP
                },
                "UTF8SMTP",
            ),
            (
                With {
                    smtputf8: utf8,
                    secured: true,
                    signed_in: true,
                    ..ESMTP
                },
                "UTF8SMTPSA",
            ),
            (lmtp, "LMTP"),
            (
                With {
                    secured: true,
                    ..lmtp
                },
                "LMTPS",
            ),
            (
                With {
                    smtputf8: utf8,
                    ..lmtp
                },
                "UTF8LMTP",
            ),
        ] {
            assert_eq!(with.word(), word);
        }
    }
}
