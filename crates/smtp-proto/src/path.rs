//! Reverse and forward paths (RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3).

use std::net::{IpAddr, Ipv6Addr};

use hikyaku_types::{AddressError, Domain, DomainError, EmailAddress};

use crate::quirk;

/// Where a message is to go: what RCPT names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardPath {
    /// An ordinary address.
    Mailbox(EmailAddress),
    /// `<Postmaster>` without a domain: the one who runs this server (RFC 5321 §4.5.1).
    Postmaster(Postmaster),
    /// An address whose domain is the address of a machine.
    Literal {
        /// The part before the `@`, without quotes.
        local: String,
        /// The machine.
        host: AddressLiteral,
    },
}

/// `Postmaster` in the client's own letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmaster(String);

impl Postmaster {
    /// The word as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressLiteral(pub IpAddr);

/// Why a text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing there.
    #[error("the address is missing")]
    Missing,
    /// `<` without `>`, a quote that is not closed, or text right behind the `>`.
    #[error("brackets or quotes do not match")]
    Unbalanced,
    /// `<>` where a message needs somebody to go to.
    #[error("the empty address cannot receive mail")]
    Null,
    /// A local part without a domain.
    #[error("the address has no domain")]
    NoDomain,
    /// A source route that is none.
    #[error("malformed source route")]
    Route,
    /// Neither an IPv4 nor an IPv6 literal.
    #[error("malformed address literal")]
    Literal,
    /// An address literal where a domain name is needed.
    #[error("a sender needs a domain name, not an address literal")]
    LiteralSender,
    /// Something else about the address.
    #[error("{0}")]
    Address(AddressError),
}

/// A path as it stands on the line.
#[derive(Debug)]
pub(crate) struct ParsedPath<'a> {
    /// What the path names.
    pub(crate) target: Target,
    /// Whether it has octets over 127, and so needs SMTPUTF8.
    pub(crate) charset: Charset,
    /// What follows on the line.
    pub(crate) rest: &'a str,
}

/// What a path is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    Utf8,
}

/// What a path names, before it is known whether it may.
#[derive(Debug)]
pub(crate) enum Target {
    Null,
    Path(ForwardPath),
}

/// Reads `<path>` and hands back what follows.
///
/// `Path = "<" [ A-d-l ":" ] Mailbox ">"`, `Reverse-path = Path / "<>"`,
/// `Forward-path = "<Postmaster@" Domain ">" / "<Postmaster>" / Path`.
pub(crate) fn parse(text: &str) -> Result<ParsedPath<'_>, PathError> {
    let text = quirk::space_after_colon(text);
    if text.is_empty() {
        return Err(PathError::Missing);
    }
    let (inner, rest) = match text.strip_prefix('<') {
        Some(after) => bracketed(after)?,
        None => quirk::bare_path(text),
    };
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return Err(PathError::Unbalanced);
    }
    let charset = if inner.is_ascii() {
        Charset::Ascii
    } else {
        Charset::Utf8
    };
    Ok(ParsedPath {
        target: target(without_route(inner)?)?,
        charset,
        rest,
    })
}

/// Splits at the `>` that is outside quotes.
fn bracketed(text: &str) -> Result<(&str, &str), PathError> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => {
                let (inner, rest) = text.split_at_checked(at).ok_or(PathError::Unbalanced)?;
                return Ok((inner, rest.strip_prefix('>').unwrap_or(rest)));
            }
            _ => {}
        }
    }
    Err(PathError::Unbalanced)
}

/// Drops a source route: `A-d-l = At-domain *( "," At-domain )`, `At-domain = "@" Domain`. RFC 5321
/// Appendix C: it MUST be accepted and SHOULD be ignored.
fn without_route(inner: &str) -> Result<&str, PathError> {
    if !inner.starts_with('@') {
        return Ok(inner);
    }
    let (route, mailbox) = inner.split_once(':').ok_or(PathError::Route)?;
    let is_hop = |hop: &str| {
        let domain = hop.trim_start_matches(' ').strip_prefix('@');
        domain.is_some_and(|domain| domain.parse::<Domain>().is_ok())
    };
    if mailbox.is_empty() || !route.split(',').all(is_hop) {
        return Err(PathError::Route);
    }
    Ok(mailbox)
}

/// Reads `Mailbox = Local-part "@" ( Domain / address-literal )`, nothing, or `Postmaster`.
fn target(mailbox: &str) -> Result<Target, PathError> {
    if mailbox.is_empty() {
        return Ok(Target::Null);
    }
    if mailbox.eq_ignore_ascii_case("postmaster") {
        let postmaster = Postmaster(mailbox.to_owned());
        return Ok(Target::Path(ForwardPath::Postmaster(postmaster)));
    }
    let (local, domain) = local_part(mailbox)?;
    if let Some(literal) = domain.strip_prefix('[') {
        let host = literal_host(literal)?;
        // The rules for a local part do not depend on the domain; any will do to apply them.
        let checked = local.address("invalid".parse().map_err(domain_error)?)?;
        let local = checked.local().to_owned();
        return Ok(Target::Path(ForwardPath::Literal { local, host }));
    }
    let address = local.address(domain.parse().map_err(domain_error)?)?;
    Ok(Target::Path(ForwardPath::Mailbox(address)))
}

/// A local part as it stands on the line.
enum Local<'a> {
    Dotted(&'a str),
    /// Quotes and backslashes removed.
    Quoted(String),
}

impl Local<'_> {
    fn address(&self, domain: Domain) -> Result<EmailAddress, PathError> {
        match self {
            Self::Dotted(text) => quirk::misplaced_dots(text, domain),
            Self::Quoted(text) => EmailAddress::from_quoted(text, domain),
        }
        .map_err(PathError::Address)
    }
}

/// Splits at the `@`: `Local-part = Dot-string / Quoted-string`.
fn local_part(mailbox: &str) -> Result<(Local<'_>, &str), PathError> {
    let Some(quoted) = mailbox.strip_prefix('"') else {
        let (local, domain) = mailbox.rsplit_once('@').ok_or(PathError::NoDomain)?;
        return Ok((Local::Dotted(local), domain));
    };
    let mut local = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next().ok_or(PathError::Unbalanced)? {
            '\\' => local.push(chars.next().ok_or(PathError::Unbalanced)?),
            '"' => break,
            c => local.push(c),
        }
    }
    let domain = chars
        .as_str()
        .strip_prefix('@')
        .ok_or(PathError::NoDomain)?;
    Ok((Local::Quoted(local), domain))
}

/// Reads what follows the `[`: `IPv4-address-literal / IPv6-address-literal`, then `]`.
fn literal_host(text: &str) -> Result<AddressLiteral, PathError> {
    let text = text.strip_suffix(']').ok_or(PathError::Literal)?;
    let tagged = text
        .split_at_checked(5)
        .filter(|(tag, _)| tag.eq_ignore_ascii_case("IPv6:"));
    let ip = match tagged {
        Some((_, v6)) => v6.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        None => text.parse().map(IpAddr::V4).ok(),
    };
    ip.map(AddressLiteral).ok_or(PathError::Literal)
}

fn domain_error(error: DomainError) -> PathError {
    PathError::Address(AddressError::Domain(error))
}
