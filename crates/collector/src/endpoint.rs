//! Where a mailbox is: `imaps://imap.old.example/`.

use std::{fmt, str::FromStr};

/// The protocol that the source speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 3501, RFC 9051.
    Imap,
    /// RFC 1939.
    Pop3,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// TLS after STARTTLS or STLS, without which nothing is said.
    Upgrade,
}

/// A host and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The protocol.
    pub protocol: Protocol,
    /// How the connection is protected.
    pub security: Security,
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Another scheme, or none.
    #[error("it must begin with imaps://, imap://, pops:// or pop3://")]
    Scheme,
    /// A user or a password before the host.
    #[error("it must hold no user and no password: they have options of their own")]
    UserInfo,
    /// No host, or characters that no host has.
    #[error("the host is missing or wrong")]
    Host,
    /// No port number.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// Something after the host.
    #[error("nothing may follow the host and the port")]
    Path,
}

/// Bytes of a host name at most (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 255;

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = text.split_once("://").ok_or(EndpointError::Scheme)?;
        let (protocol, security, usual) = match scheme.to_ascii_lowercase().as_str() {
            "imaps" => (Protocol::Imap, Security::Implicit, 993),
            "imap" => (Protocol::Imap, Security::Upgrade, 143),
            "pops" | "pop3s" => (Protocol::Pop3, Security::Implicit, 995),
            "pop3" | "pop" => (Protocol::Pop3, Security::Upgrade, 110),
            _ => return Err(EndpointError::Scheme),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        if !path.is_empty() {
            return Err(EndpointError::Path);
        }
        let (host, port) = split_port(authority)?;
        let is_known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || host.len() > HOST_BYTES_MAX || !host.chars().all(is_known) {
            return Err(EndpointError::Host);
        }
        Ok(Self {
            protocol,
            security,
            host: host.to_lowercase(),
            port: port.unwrap_or(usual),
        })
    }
}

/// The host, without the brackets of an IPv6 address, and the port if there is one.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(EndpointError::Host)?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(EndpointError::Host),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let port = port.map(str::parse).transpose();
    match port {
        Ok(Some(0)) | Err(_) => Err(EndpointError::Port),
        Ok(port) => Ok((host, port)),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.security) {
            (Protocol::Imap, Security::Implicit) => "imaps",
            (Protocol::Imap, Security::Upgrade) => "imap",
            (Protocol::Pop3, Security::Implicit) => "pops",
            (Protocol::Pop3, Security::Upgrade) => "pop3",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read() {
        for (text, expected) in [
            ("imaps://imap.old.example/", "imaps://imap.old.example:993"),
            ("IMAP://Old.Example", "imap://old.example:143"),
            ("pop3://10.0.0.1:1110", "pop3://10.0.0.1:1110"),
            ("pops://[::1]", "pops://[::1]:995"),
            ("pop3s://[::1]:99/", "pops://[::1]:99"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_told() {
        use EndpointError as E;
        for (text, expected) in [
            ("imap.old.example", E::Scheme),
            ("http://old.example", E::Scheme),
            ("imaps://taro:secret@old.example", E::UserInfo),
            ("imaps://", E::Host),
            ("imaps://a b", E::Host),
            ("imaps://[::1", E::Host),
            ("imaps://[::1]x", E::Host),
            ("imaps://old.example:0", E::Port),
            ("imaps://old.example:imap", E::Port),
            ("imaps://::1", E::Port),
            ("imaps://old.example/INBOX", E::Path),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap_err(), expected, "{text}");
        }
        let long = format!("imaps://{}", "a".repeat(HOST_BYTES_MAX + 1));
        assert_eq!(long.parse::<Endpoint>().unwrap_err(), E::Host);
    }
}
