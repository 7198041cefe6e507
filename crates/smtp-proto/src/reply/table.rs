//! The replies that this server gives, in one place: code, enhanced code (RFC 3463, RFC 5248 and
//! the IANA registry), text. What a message's own way decides (unknown recipient, mailbox full,
//! storage low, …) comes with its codes from the rooms that decide it; see design §4.

use super::{EnhancedCode, Reply};
use crate::{CommandError, Fault, Misplaced, command::Auth};

const fn e(class: u8, subject: u16, detail: u16) -> EnhancedCode {
    EnhancedCode::new(class, subject, detail)
}

// --- connection ---

/// The greeting (RFC 5321 §3.1).
pub fn greeting(host: &str, protocol: &str) -> Reply {
    Reply::bare(220, format!("{host} {protocol} Hikyaku ready"))
}

/// The answer to HELO.
pub fn helo(host: &str) -> Reply {
    Reply::bare(250, host.to_owned())
}

/// The answer to EHLO and LHLO: what is offered, one keyword a line.
pub fn ehlo(host: &str, keywords: impl IntoIterator<Item = String>) -> Reply {
    keywords.into_iter().fold(helo(host), Reply::and)
}

/// QUIT.
pub fn bye() -> Reply {
    Reply::new(221, e(2, 0, 0), "Bye")
}

/// The server stops or restarts.
pub fn shutting_down() -> Reply {
    Reply::new(421, e(4, 3, 2), "Service shutting down; try again later")
}

/// More connections than the server, or one address, may have.
pub fn too_many_connections() -> Reply {
    Reply::new(421, e(4, 7, 0), "Too many connections; try again later")
}

/// This port is not for this network (C-05).
pub fn zone_refused() -> Reply {
    Reply::new(
        554,
        e(5, 7, 1),
        "This service is not available from your network",
    )
}

/// The client spoke before the greeting, which RFC 5321 §4.3.1 forbids.
pub fn early_talker() -> Reply {
    Reply::new(
        554,
        e(5, 5, 1),
        "You must wait for the greeting before sending commands",
    )
}

/// Nothing came for too long (RFC 5321 §4.5.3.2).
pub fn timeout() -> Reply {
    Reply::new(421, e(4, 4, 2), "Timeout; closing the connection")
}

/// More errors than a client in its right mind makes.
pub fn too_many_errors() -> Reply {
    Reply::new(421, e(4, 7, 0), "Too many errors; closing the connection")
}

/// The account that signed in may not send any more, or its password is another one now.
pub fn revoked() -> Reply {
    Reply::new(
        421,
        e(4, 7, 0),
        "Your sign-in does not hold any more: the account has changed",
    )
}

/// Something came behind STARTTLS before TLS: from somebody in between, or from a client that does
/// not know what it does (CVE-2011-0411).
pub fn injected() -> Reply {
    Reply::new(
        554,
        e(5, 5, 1),
        "Nothing may be sent behind STARTTLS before TLS is active",
    )
}

/// Octets followed that can no longer be told apart from commands.
pub fn out_of_sync() -> Reply {
    Reply::new(
        421,
        e(4, 5, 0),
        "Cannot tell commands from content; closing the connection",
    )
}

/// A fault of ours. Its details are in the log only.
pub fn internal_error() -> Reply {
    Reply::new(451, e(4, 3, 0), "Temporary failure; try again later")
}

// --- commands ---

/// A command that has nothing to say but that it was heard.
pub fn ok() -> Reply {
    Reply::new(250, e(2, 0, 0), "OK")
}

/// VRFY: RFC 5321 §7.3 has this answer for servers that do not tell who exists.
pub fn vrfy() -> Reply {
    Reply::new(
        252,
        e(2, 5, 0),
        "Cannot VRFY user, but will take mail for those who exist",
    )
}

/// EXPN, which would tell who is on a list.
pub fn expn() -> Reply {
    Reply::new(502, e(5, 5, 1), "EXPN is not available")
}

/// HELP.
pub fn help() -> Reply {
    Reply::new(
        214,
        e(2, 0, 0),
        "Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP",
    )
    .and("STARTTLS AUTH as announced. See RFC 5321.")
}

/// A line over [`crate::MAX_COMMAND_LINE`].
pub fn line_too_long() -> Reply {
    Reply::new(500, e(5, 5, 2), "Line too long")
}

/// A command line that ends with a bare LF or has a bare CR in it.
pub fn bare_newline_command() -> Reply {
    Reply::new(
        500,
        e(5, 5, 2),
        "Lines must end with CRLF, and have no other CR or LF",
    )
}

/// A line that is not a command that we take.
pub fn syntax(error: &CommandError) -> Reply {
    let text = sentence(&error.to_string());
    match error {
        CommandError::NotText => Reply::new(500, e(5, 5, 2), text),
        CommandError::Unknown => Reply::new(500, e(5, 5, 1), text),
        CommandError::NotImplemented => Reply::new(502, e(5, 5, 1), text),
        CommandError::Sender(_) => Reply::new(501, e(5, 1, 7), text),
        CommandError::Recipient(_) => Reply::new(501, e(5, 1, 3), text),
        CommandError::Utf8Sender => Reply::new(550, e(5, 6, 7), text),
        CommandError::UnknownParameter(_) => Reply::new(555, e(5, 5, 4), text),
        CommandError::Chunk
        | CommandError::Usage(_)
        | CommandError::BadParameter(_)
        | CommandError::RepeatedParameter(_)
        | CommandError::ParameterSyntax => Reply::new(501, e(5, 5, 4), text),
    }
}

/// A command out of its place.
pub fn misplaced(reason: Misplaced) -> Reply {
    let text = sentence(&reason.to_string());
    match reason {
        Misplaced::WrongProtocol => Reply::new(500, e(5, 5, 1), text),
        Misplaced::NotOffered => Reply::new(502, e(5, 5, 1), text),
        Misplaced::NeedsTls | Misplaced::NeedsAuth => Reply::new(530, e(5, 7, 0), text),
        Misplaced::PasswordNeedsTls => Reply::new(538, e(5, 7, 11), text),
        Misplaced::NoValidRecipients => Reply::new(554, e(5, 5, 1), text),
        Misplaced::Utf8Recipient => Reply::new(553, e(5, 6, 7), text),
        _ => Reply::new(503, e(5, 5, 1), text),
    }
}

/// STARTTLS: the handshake follows (RFC 3207 §4).
pub fn start_tls() -> Reply {
    Reply::new(220, e(2, 0, 0), "Ready to start TLS")
}

// --- AUTH (RFC 4954 §4, §6) ---

/// A challenge, in base64.
pub fn challenge(text: String) -> Reply {
    Reply::bare(334, text)
}

/// Signed in.
pub fn signed_in() -> Reply {
    Reply::new(235, e(2, 7, 0), "Authentication succeeded")
}

/// Unknown name or wrong password; the same for both.
pub fn bad_credentials() -> Reply {
    Reply::new(535, e(5, 7, 8), "Authentication credentials invalid")
}

/// The password is right, but the account may not send mail this way.
pub fn sign_in_not_allowed() -> Reply {
    Reply::new(535, e(5, 7, 13), "This account may not use this service")
}

/// The password has to be changed first, in a browser (RFC 4954 §6: transition).
pub fn password_must_change() -> Reply {
    Reply::new(
        535,
        e(5, 7, 13),
        "Change the password on the web page first, then sign in with the new one",
    )
}

/// The main password does not open this service (RFC 5248 §2.4, X.7.9: mechanism too weak).
pub fn app_password_needed() -> Reply {
    Reply::new(
        534,
        e(5, 7, 9),
        "Use an app password, made on the web page, instead of the main password",
    )
}

/// Too many failures from this address or for this account.
pub fn sign_in_throttled() -> Reply {
    Reply::new(454, e(4, 7, 0), "Too many failed sign-ins; try again later")
}

/// The directory cannot answer.
pub fn sign_in_unavailable() -> Reply {
    Reply::new(454, e(4, 7, 0), "Temporary authentication failure")
}

/// A mechanism that we do not have.
pub fn unknown_mechanism(auth: &Auth) -> Reply {
    Reply::new(
        504,
        e(5, 5, 4),
        format!("Unknown authentication mechanism {}", auth.mechanism),
    )
}

/// The client gave up with `*`.
pub fn auth_cancelled() -> Reply {
    Reply::new(501, e(5, 7, 0), "Authentication cancelled")
}

/// A response that is not what the mechanism asks for.
pub fn auth_malformed() -> Reply {
    Reply::new(501, e(5, 5, 2), "Cannot decode the authentication response")
}

/// A response over the limit (RFC 4954 §6 has this code for it).
pub fn auth_too_long() -> Reply {
    Reply::new(500, e(5, 5, 6), "Authentication exchange line is too long")
}

// --- transaction ---

/// MAIL was taken.
pub fn sender_ok() -> Reply {
    Reply::new(250, e(2, 1, 0), "Sender OK")
}

/// RCPT was taken.
pub fn recipient_ok() -> Reply {
    Reply::new(250, e(2, 1, 5), "Recipient OK")
}

/// More recipients than one message may have (U-033, K-06).
pub fn too_many_recipients() -> Reply {
    Reply::new(
        452,
        e(4, 5, 3),
        "Too many recipients; send the others a message of their own",
    )
}

/// Larger than a message may be (C-04), found at MAIL or while reading.
pub fn too_big(limit: u64) -> Reply {
    Reply::new(
        552,
        e(5, 3, 4),
        format!("Message exceeds the limit of {limit} octets"),
    )
}

/// Memory for messages in progress is used up.
pub fn busy() -> Reply {
    Reply::new(
        452,
        e(4, 3, 1),
        "Too much mail at this moment; try again later",
    )
}

/// The envelope sender is not the one who signed in (RFC 6409 §6.1).
pub fn sender_not_owned() -> Reply {
    Reply::new(
        553,
        e(5, 7, 1),
        "Sender address is not one of your account's",
    )
}

/// An administrator has suspended sending for the account that signed in.
pub fn sending_suspended() -> Reply {
    Reply::new(
        550,
        e(5, 7, 1),
        "Sending is suspended for this account; ask your administrator",
    )
}

/// The From field is not the one who signed in.
pub fn author_not_owned() -> Reply {
    Reply::new(
        550,
        e(5, 7, 1),
        "The From address is not one of your account's",
    )
}

/// A message for an address literal that is not this server's.
pub fn relay_denied() -> Reply {
    Reply::new(
        550,
        e(5, 7, 1),
        "This server does not relay mail to other domains",
    )
}

/// DATA: the message may come.
pub fn start_data() -> Reply {
    Reply::bare(354, "Start mail input; end with <CRLF>.<CRLF>")
}

/// A chunk was taken (RFC 3030 §2).
pub fn chunk_ok(octets: u64) -> Reply {
    Reply::new(250, e(2, 0, 0), format!("{octets} octets received"))
}

/// The message is stored. `trace` finds it in the logs of this server.
pub fn accepted(trace: &str) -> Reply {
    Reply::new(250, e(2, 0, 0), format!("Accepted as {trace}"))
}

/// A message that nobody may have taken in the form it came.
pub fn content(fault: Fault, limit: u64) -> Reply {
    match fault {
        Fault::BareCr => Reply::new(
            554,
            e(5, 6, 0),
            "Message has a CR that is not followed by LF",
        ),
        Fault::BareLf => Reply::new(
            554,
            e(5, 6, 0),
            "Message has a LF that does not follow a CR",
        ),
        Fault::LineTooLong => Reply::new(554, e(5, 6, 0), "Message has a line that is too long"),
        Fault::TooBig => too_big(limit),
        Fault::Abandoned => busy(),
    }
}

/// Error texts begin in lower case; replies do not.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
