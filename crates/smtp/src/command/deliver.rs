//! The end of DATA and BDAT: the message is handed on, and the client hears what became of it.

use hikyaku_directory::accounts::SendAs;
use hikyaku_smtp_proto::{Fault, Greeting, Protocol, Reply, command::Smtputf8, reply::table};
use hikyaku_transport::{
    Accepted, Answer, Envelope, Notify, OriginalRecipient, Recipient, Rejection, Reporting,
    Returned, Source,
};
use tracing::{info, warn};

use super::{mail::owns, reply_of};
use crate::{
    AuthorCheck, received,
    session::{Ending, Received, Session},
    submission::{self, Authors, Stamp},
    transaction::{self, Transaction},
};

/// Ends the transaction: delivers the message or refuses it, and replies.
pub(super) async fn conclude(
    session: &mut Session,
    received: Result<Received, Fault>,
) -> Result<(), Ending> {
    // The account may have changed while the message came.
    session.check_sign_in().await?;
    session.tally.messages += 1;
    session.tally.idle_commands = 0;
    session.flow.reset();
    let Some(transaction) = session.transaction.take() else {
        return session.say(&table::internal_error()).await;
    };
    let recipients = transaction.recipients.len();
    let outcome = match received {
        Ok(received) => deliver(session, transaction, received).await,
        Err(fault) => Err(self::fault(session, fault)),
    };
    for reply in replies(session, outcome, recipients) {
        session.say(&reply).await?;
    }
    Ok(())
}

/// Counts a message that cannot be taken as it came, and answers.
pub(super) fn fault(session: &Session, fault: Fault) -> Reply {
    let metrics = &session.shared.metrics;
    match fault {
        Fault::BareCr | Fault::BareLf => {
            metrics.bare_newlines.count();
            info!(%fault, "message refused: bare line end");
        }
        Fault::Abandoned => metrics.out_of_memory.count(),
        _ => info!(%fault, "message refused"),
    }
    table::content(fault, session.content_limits().size)
}

/// Hands the message on. `Ok` means that it is durable.
async fn deliver(
    session: &Session,
    transaction: Transaction,
    received: Received,
) -> Result<Accepted, Reply> {
    let at = session.shared.rooms.db.now();
    let id = format!("{}.{}", session.connection.id(), session.tally.messages);
    // The share is held until the message is stored: its octets are in memory as long.
    let Received {
        message,
        share: _share,
    } = received;
    let stamp = Stamp {
        at,
        id: &id,
        host: &session.shared.options.hostname,
        sender: transaction.mail.sender.as_ref(),
    };
    let message = match session.account {
        Some(_) => put_right(session, message, &stamp).await?,
        None => message,
    };
    let trace_header = trace_header(session, &transaction, &stamp);
    let envelope = Envelope {
        source: Source {
            via: session.via(),
            ip: session.connection.peer().ip(),
            session: session.connection.id(),
            account: session.account.as_ref().map(|account| account.scope),
        },
        sender: transaction.mail.sender,
        recipients: transaction.recipients.into_iter().map(addressee).collect(),
        reporting: Reporting {
            host: session.shared.options.hostname.clone(),
            envelope_id: transaction
                .mail
                .envelope_id
                .map(|id| id.as_str().to_owned()),
            returned: transaction.mail.returned.map(|returned| match returned {
                hikyaku_smtp_proto::Returned::Full => Returned::Full,
                hikyaku_smtp_proto::Returned::Headers => Returned::Headers,
            }),
        },
        answer: match session.flow.protocol() {
            Protocol::Smtp => Answer::Whole,
            Protocol::Lmtp => Answer::PerRecipient,
        },
        utf8: transaction.mail.smtputf8 == Smtputf8::Yes,
        trace_header,
    };
    let transport = &session.shared.rooms.transport;
    let accepted = transport.accept(envelope, message.into()).await;
    accepted.map_err(|rejection| {
        info!(
            code = rejection.code,
            enhanced = rejection.enhanced,
            "message refused"
        );
        reply_of(&rejection)
    })
}

/// A recipient as the transport knows it.
fn addressee(recipient: transaction::Accepted) -> Recipient {
    let notify = recipient.notify.map(|notify| Notify {
        success: notify.success,
        failure: notify.failure,
        delay: notify.delay,
    });
    let original = recipient.original.map(|original| OriginalRecipient {
        address_type: original.address_type,
        address: original.address,
    });
    Recipient {
        address: recipient.address,
        notify,
        original,
    }
}

/// Checks the authors of a message that a user sends, and adds the fields that it lacks.
async fn put_right(
    session: &Session,
    message: Vec<u8>,
    stamp: &Stamp<'_>,
) -> Result<Vec<u8>, Reply> {
    if session.shared.options.author_check == AuthorCheck::On {
        let authors = Authors::of(&message);
        let mut own = !authors.malformed;
        for author in &authors.addresses {
            own = own && owns(session, author).await? == SendAs::Allowed;
        }
        if !own {
            let authors = authors.addresses.iter().map(ToString::to_string);
            let authors = authors.collect::<Vec<_>>().join(", ");
            info!(%authors, "message refused: author is not the account");
            return Err(table::author_not_owned());
        }
    }
    submission::completed(message, stamp).map_err(|error| {
        warn!(
            error = &error as &dyn std::error::Error,
            "a message was not completed"
        );
        table::internal_error()
    })
}

/// The Received field of this hop.
fn trace_header(session: &Session, transaction: &Transaction, stamp: &Stamp<'_>) -> Vec<u8> {
    let Some(client) = &session.client else {
        return Vec::new();
    };
    let tls = session.connection.tls();
    let recipient = match transaction.recipients.as_slice() {
        [only] => Some(&only.address),
        _ => None,
    };
    // An address beyond ASCII may stand only in a message that is SMTPUTF8 itself.
    let utf8 = transaction.mail.smtputf8 == Smtputf8::Yes;
    received::Received {
        client,
        ip: session.connection.peer().ip(),
        host: &session.shared.options.hostname,
        with: received::With {
            protocol: session.flow.protocol(),
            greeting: session.flow.greeting().unwrap_or(Greeting::Helo),
            smtputf8: transaction.mail.smtputf8,
            secured: tls.is_some(),
            signed_in: session.account.is_some(),
        },
        tls: tls.map(|tls| (tls.version, tls.cipher)),
        id: stamp.id,
        recipient: recipient.filter(|address| utf8 || !address.needs_utf8()),
        at: stamp.at,
    }
    .to_field()
}

/// What the client hears: one reply, or with LMTP one for each recipient (RFC 2033 §4.2).
fn replies(
    session: &mut Session,
    outcome: Result<Accepted, Reply>,
    recipients: usize,
) -> Vec<Reply> {
    let is_lmtp = session.flow.protocol() == Protocol::Lmtp;
    match outcome {
        Ok(accepted) => {
            session.tally.accepted += 1;
            session.shared.metrics.messages.count();
            let good = table::accepted(&accepted.transaction.to_string());
            if !is_lmtp {
                return vec![good];
            }
            let of = |outcome: &Result<(), Rejection>| match outcome {
                Ok(()) => good.clone(),
                Err(rejection) => reply_of(rejection),
            };
            accepted.outcomes.iter().map(of).collect()
        }
        Err(reply) => {
            session.shared.metrics.refused_messages.count();
            vec![reply; if is_lmtp { recipients } else { 1 }]
        }
    }
}
