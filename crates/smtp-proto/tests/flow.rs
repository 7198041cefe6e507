//! The order of commands.

use hikyaku_smtp_proto::{
    AuthRule, Command, Flow, Greeting, Misplaced, PlainPasswords, Protocol, Tls, command::Smtputf8,
};

fn command(line: &str) -> Command {
    Command::parse(line.as_bytes()).expect(line)
}

fn check(flow: &Flow, line: &str) -> Result<(), Misplaced> {
    flow.check(&command(line))
}

const MAIL: &str = "MAIL FROM:<a@example.test>";
const RCPT: &str = "RCPT TO:<b@example.test>";

/// Port 25 without TLS, from the Internet.
fn mx() -> Flow {
    Flow::new(
        Protocol::Smtp,
        Tls::Offered,
        AuthRule::Off,
        PlainPasswords::OnlyUnderTls,
    )
}

fn submission(passwords: PlainPasswords) -> Flow {
    Flow::new(Protocol::Smtp, Tls::Offered, AuthRule::Required, passwords)
}

#[test]
fn a_transaction_goes_through_its_steps() {
    let mut flow = mx();
    assert_eq!(check(&flow, MAIL), Err(Misplaced::NotGreeted));
    flow.greeted(Greeting::Extended);
    assert_eq!(check(&flow, RCPT), Err(Misplaced::NoSender));
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoSender));
    assert_eq!(check(&flow, "BDAT 1"), Err(Misplaced::NoSender));
    assert_eq!(check(&flow, MAIL), Ok(()));
    flow.sender_accepted(Smtputf8::No);
    assert!(flow.in_transaction());
    assert_eq!(check(&flow, MAIL), Err(Misplaced::InTransaction));
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoRecipients));
    assert_eq!(check(&flow, RCPT), Ok(()));
    flow.recipient_refused();
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoValidRecipients));
    assert_eq!(
        check(&flow, "BDAT 1 LAST"),
        Err(Misplaced::NoValidRecipients)
    );
    flow.recipient_accepted();
    assert_eq!(check(&flow, RCPT), Ok(()));
    assert_eq!(check(&flow, "DATA"), Ok(()));
    assert_eq!(check(&flow, "BDAT 1 LAST"), Ok(()));
    flow.reset();
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoSender));
    assert_eq!(check(&flow, MAIL), Ok(()));
}

#[test]
fn helo_is_enough_for_mail() {
    let mut flow = mx();
    flow.greeted(Greeting::Helo);
    assert_eq!(check(&flow, MAIL), Ok(()));
}

#[test]
fn chunks_and_data_do_not_mix() {
    let mut flow = mx();
    flow.greeted(Greeting::Extended);
    flow.sender_accepted(Smtputf8::No);
    flow.recipient_accepted();
    flow.chunk_accepted();
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::InChunks));
    assert_eq!(check(&flow, RCPT), Err(Misplaced::InChunks));
    assert_eq!(check(&flow, MAIL), Err(Misplaced::InTransaction));
    assert_eq!(check(&flow, "BDAT 5"), Ok(()));
    // After the last chunk, or a refused one, another one is out of place (RFC 3030 §2).
    flow.reset();
    assert_eq!(check(&flow, "BDAT 5 LAST"), Err(Misplaced::NoSender));
}

#[test]
fn ehlo_in_a_transaction_ends_it() {
    let mut flow = mx();
    flow.greeted(Greeting::Extended);
    flow.sender_accepted(Smtputf8::Yes);
    flow.recipient_accepted();
    flow.greeted(Greeting::Extended);
    assert!(!flow.in_transaction() && flow.smtputf8() == Smtputf8::No);
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoSender));
}

#[test]
fn recipients_beyond_ascii_need_the_transaction_to_be_smtputf8() {
    let mut flow = mx();
    flow.greeted(Greeting::Extended);
    flow.sender_accepted(Smtputf8::No);
    let utf8 = "RCPT TO:<花子@example.test>";
    assert_eq!(check(&flow, utf8), Err(Misplaced::Utf8Recipient));
    assert_eq!(check(&flow, RCPT), Ok(()));
    flow.reset();
    flow.sender_accepted(Smtputf8::Yes);
    assert_eq!(check(&flow, utf8), Ok(()));
}

#[test]
fn submission_wants_tls_then_a_password_then_mail() {
    let mut flow = submission(PlainPasswords::OnlyUnderTls);
    flow.greeted(Greeting::Extended);
    assert!(!flow.announces_auth());
    assert_eq!(check(&flow, MAIL), Err(Misplaced::NeedsTls));
    assert_eq!(check(&flow, "AUTH PLAIN"), Err(Misplaced::PasswordNeedsTls));
    assert_eq!(check(&flow, "STARTTLS"), Ok(()));
    flow.tls_started();
    assert_eq!(flow.greeting(), None);
    assert_eq!(check(&flow, "AUTH PLAIN"), Err(Misplaced::NotGreeted));
    flow.greeted(Greeting::Extended);
    assert!(flow.announces_auth());
    assert_eq!(check(&flow, "STARTTLS"), Err(Misplaced::TlsActive));
    assert_eq!(check(&flow, MAIL), Err(Misplaced::NeedsAuth));
    assert_eq!(check(&flow, "AUTH PLAIN"), Ok(()));
    flow.signed_in();
    assert!(flow.is_signed_in() && !flow.announces_auth());
    assert_eq!(check(&flow, "AUTH PLAIN"), Err(Misplaced::SignedIn));
    assert_eq!(check(&flow, MAIL), Ok(()));
    // A second EHLO does not sign out.
    flow.greeted(Greeting::Extended);
    assert_eq!(check(&flow, MAIL), Ok(()));
}

#[test]
fn the_closed_zone_may_send_passwords_in_the_clear() {
    let mut flow = submission(PlainPasswords::Allowed);
    flow.greeted(Greeting::Extended);
    assert!(flow.announces_auth());
    assert_eq!(check(&flow, "AUTH LOGIN"), Ok(()));
    assert_eq!(check(&flow, MAIL), Err(Misplaced::NeedsAuth));
    // Without EHLO the client cannot know of AUTH.
    flow.greeted(Greeting::Helo);
    assert_eq!(check(&flow, "AUTH LOGIN"), Err(Misplaced::NotGreeted));
}

#[test]
fn what_a_client_said_before_tls_does_not_count() {
    let mut flow = submission(PlainPasswords::Allowed);
    flow.greeted(Greeting::Extended);
    flow.signed_in();
    flow.sender_accepted(Smtputf8::No);
    assert_eq!(check(&flow, "STARTTLS"), Err(Misplaced::InTransaction));
    flow.reset();
    assert_eq!(check(&flow, "STARTTLS"), Ok(()));
    flow.tls_started();
    assert!(!flow.is_signed_in() && !flow.in_transaction());
    assert_eq!((flow.greeting(), flow.tls()), (None, Tls::Active));
}

#[test]
fn what_is_not_offered_is_refused() {
    let mut flow = Flow::new(
        Protocol::Smtp,
        Tls::Unavailable,
        AuthRule::Off,
        PlainPasswords::Allowed,
    );
    flow.greeted(Greeting::Extended);
    assert_eq!(check(&flow, "STARTTLS"), Err(Misplaced::NotOffered));
    assert_eq!(check(&flow, "AUTH PLAIN"), Err(Misplaced::NotOffered));
    assert_eq!(check(&flow, "LHLO x"), Err(Misplaced::WrongProtocol));
    assert!(!flow.announces_auth());
}

#[test]
fn auth_and_starttls_have_no_place_in_a_transaction() {
    let mut flow = Flow::new(
        Protocol::Smtp,
        Tls::Offered,
        AuthRule::Offered,
        PlainPasswords::Allowed,
    );
    flow.greeted(Greeting::Extended);
    flow.sender_accepted(Smtputf8::No);
    assert_eq!(check(&flow, "AUTH PLAIN"), Err(Misplaced::InTransaction));
    assert_eq!(check(&flow, "STARTTLS"), Err(Misplaced::InTransaction));
}

#[test]
fn lmtp_greets_with_lhlo() {
    let mut flow = Flow::new(
        Protocol::Lmtp,
        Tls::Unavailable,
        AuthRule::Off,
        PlainPasswords::OnlyUnderTls,
    );
    assert_eq!(check(&flow, "EHLO x"), Err(Misplaced::WrongProtocol));
    assert_eq!(check(&flow, "HELO x"), Err(Misplaced::WrongProtocol));
    assert_eq!(check(&flow, "LHLO x"), Ok(()));
    flow.greeted(Greeting::Extended);
    flow.sender_accepted(Smtputf8::No);
    flow.recipient_refused();
    assert_eq!(check(&flow, "DATA"), Err(Misplaced::NoRecipients));
}

#[test]
fn commands_without_conditions_are_always_allowed() {
    let flow = submission(PlainPasswords::OnlyUnderTls);
    for line in ["RSET", "NOOP", "QUIT", "HELP", "VRFY a", "EXPN a", "EHLO x"] {
        assert_eq!(check(&flow, line), Ok(()), "{line:?}");
    }
}
