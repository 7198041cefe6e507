//! What a server offers in its reply to EHLO (RFC 5321 §4.1.1.1).

use super::ServerReply;

/// The extensions that this client uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an extension, offered or not"
)]
pub struct Extensions {
    /// The largest message, if SIZE names a limit (RFC 1870 §4).
    pub size: Option<u64>,
    /// SIZE is offered, with or without a limit.
    pub has_size: bool,
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 6152.
    pub eight_bit_mime: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// Names of SASL mechanisms, upper case (RFC 4954 §3).
    pub auth: Vec<String>,
}

impl Extensions {
    /// Mechanisms that are remembered at most.
    pub const MAX_MECHANISMS: usize = 32;

    /// Reads the lines behind the first one, which is the server's greeting.
    /// `ehlo-line = ehlo-keyword *( SP ehlo-param )`.
    pub fn of(reply: &ServerReply) -> Self {
        let mut extensions = Self::default();
        for line in reply.lines().iter().skip(1) {
            let line = line.to_ascii_uppercase();
            // Quirk: old servers wrote `AUTH=LOGIN PLAIN`, some beside the right form.
            let line = match line.strip_prefix("AUTH=") {
                Some(mechanisms) => format!("AUTH {mechanisms}"),
                None => line,
            };
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("SIZE") => {
                    extensions.has_size = true;
                    // RFC 1870 §4: 0 means that there is no limit.
                    let limit = words.next().and_then(|limit| limit.parse().ok());
                    extensions.size = limit.filter(|limit| *limit > 0);
                }
                Some("PIPELINING") => extensions.pipelining = true,
                Some("8BITMIME") => extensions.eight_bit_mime = true,
                Some("SMTPUTF8") => extensions.smtputf8 = true,
                Some("DSN") => extensions.dsn = true,
                Some("STARTTLS") => extensions.starttls = true,
                Some("AUTH") => extensions.add_mechanisms(words),
                _ => {}
            }
        }
        extensions
    }

    fn add_mechanisms<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            let is_new = self.auth.iter().all(|known| known != name);
            if is_new && self.auth.len() < Self::MAX_MECHANISMS {
                self.auth.push(name.to_owned());
            }
        }
    }

    /// Whether the server offers this SASL mechanism.
    pub fn offers_auth(&self, mechanism: &str) -> bool {
        self.auth
            .iter()
            .any(|name| name.eq_ignore_ascii_case(mechanism))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ReplyReader;

    fn offered(lines: &[&str]) -> Extensions {
        let mut reader = ReplyReader::default();
        for line in lines {
            let text = format!("250-{line}");
            assert_eq!(reader.push(text.as_bytes()), Ok(None));
        }
        Extensions::of(&reader.push(b"250 HELP").unwrap().unwrap())
    }

    #[test]
    fn extensions_are_read_in_any_letters() {
        let all = offered(&[
            "mx.example.test at your service",
            "size 1000",
            "Pipelining",
            "8BITMIME",
            "SMTPUTF8",
            "DSN",
            "STARTTLS",
            "AUTH plain LOGIN",
            "AUTH=LOGIN XOAUTH2",
            "X-UNKNOWN a b c",
            "",
        ]);
        let expected = Extensions {
            size: Some(1000),
            has_size: true,
            pipelining: true,
            eight_bit_mime: true,
            smtputf8: true,
            dsn: true,
            starttls: true,
            auth: ["PLAIN", "LOGIN", "XOAUTH2"].map(str::to_owned).to_vec(),
        };
        assert_eq!(all, expected);
        assert!(all.offers_auth("Login") && !all.offers_auth("CRAM-MD5"));
    }

    #[test]
    fn the_first_line_is_no_extension_and_no_size_is_no_limit() {
        assert_eq!(offered(&["DSN"]), Extensions::default());
        for line in ["SIZE", "SIZE 0", "SIZE many", "SIZE -1"] {
            let offered = offered(&["mx", line]);
            assert!(offered.has_size && offered.size.is_none(), "{line}");
        }
    }

    #[test]
    fn mechanisms_are_counted() {
        let many: Vec<String> = (0..100).map(|number| format!("M{number}")).collect();
        let offered = offered(&["mx", &format!("AUTH {}", many.join(" "))]);
        assert_eq!(offered.auth.len(), Extensions::MAX_MECHANISMS);
    }
}
