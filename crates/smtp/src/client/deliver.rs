//! One message over one connection: MAIL, RCPT, DATA.

use hikyaku_smtp_proto::{
    Notify, Returned,
    client::{DotStuffing, MailParameters, RcptParameters, ServerReply, mail, rcpt},
    command::{Body, Smtputf8},
};
use hikyaku_transport::queue::{Parcel, ParcelRecipient, Receipt, TroubleKind, Verdict};

use super::{
    ClientMetrics, Timeouts,
    failure::{Elsewhere, Failure},
    remote::Remote,
};

/// Commands sent before their replies are read, for servers that offer PIPELINING (RFC 2920): 50,
/// whose replies surely fit into the sockets' buffers, so that both sides cannot wait for each
/// other.
pub const PIPELINED_COMMANDS: usize = 50;

/// Octets of the message that are framed at once.
const PIECE: usize = 32 * 1024;

/// What has been decided of a parcel so far.
pub(super) struct Delivery<'a> {
    pub(super) parcel: &'a Parcel,
    pub(super) timeouts: &'a Timeouts,
    pub(super) metrics: &'a ClientMetrics,
    /// One per recipient; nothing is decided yet where there is none.
    pub(super) verdicts: Vec<Option<Verdict>>,
}

impl Delivery<'_> {
    /// Offers the message to all recipients without a verdict. After `Ok` all have one; an error
    /// is for those who still have none.
    ///
    /// Returns right after the reply that decides, before anything else is sent.
    pub(super) async fn offer_to(&mut self, remote: &mut Remote) -> Result<(), Failure> {
        self.check_extensions(remote)?;
        if remote.needs_reset {
            let reply = remote.command(b"RSET\r\n", self.timeouts.hello).await?;
            if !reply.is_success() {
                return Err(remote.nonsense(reply.summary()));
            }
            remote.needs_reset = false;
        }
        let accepted = self.envelope(remote).await?;
        if accepted.is_empty() {
            return Ok(());
        }
        let reply = remote.command(b"DATA\r\n", self.timeouts.data).await?;
        if reply.is_success() {
            return Err(remote.nonsense(reply.summary()));
        }
        if !reply.is_intermediate() {
            let failure = Failure::refused(TroubleKind::Refused, &reply);
            return Err(failure.by(&remote.host).stop());
        }
        let reply = self.content(remote).await?;
        remote.messages += 1;
        remote.needs_reset = false;
        self.conclude(remote, &accepted, &reply)
    }

    /// Settles those without a verdict, and hands out all.
    pub(super) fn settled(self, failure: Option<Failure>) -> Vec<Verdict> {
        let failure = failure.unwrap_or_else(|| Failure::now(TroubleKind::Cut, "4.4.2"));
        let verdicts = self.verdicts.into_iter();
        verdicts
            .map(|verdict| verdict.unwrap_or_else(|| failure.clone().verdict()))
            .inspect(|verdict| match verdict {
                Verdict::Sent(_) => self.metrics.sent.count(),
                Verdict::Later(_) => self.metrics.deferred.count(),
                Verdict::Never(_) => self.metrics.refused.count(),
            })
            .collect()
    }

    /// What the host must be able to do for this message. 8-bit content goes to hosts without
    /// 8BITMIME as it is: nearly all take it, and rewriting would break signatures.
    fn check_extensions(&self, remote: &Remote) -> Result<(), Failure> {
        let offered = &remote.extensions;
        if self.parcel.utf8 && !offered.smtputf8 {
            let failure = Failure::forever(TroubleKind::NoUtf8, "5.6.7").by(&remote.host);
            return Err(failure.stop());
        }
        let size = self.parcel.content.len() as u64;
        if let Some(limit) = offered.size.filter(|limit| *limit < size) {
            let failure = Failure::forever(TroubleKind::TooBig, "5.3.4").by(&remote.host);
            let words = format!("the message has {size} bytes, the host takes {limit}");
            return Err(failure.saying(words).stop());
        }
        Ok(())
    }

    /// MAIL and RCPT; returns the recipients that the host took.
    async fn envelope(&mut self, remote: &mut Remote) -> Result<Vec<usize>, Failure> {
        let open = self.undecided();
        let mut lines = vec![mail(self.parcel.sender.as_ref(), &self.parameters(remote))];
        let recipients = open.iter().filter_map(|at| self.parcel.recipients.get(*at));
        lines.extend(recipients.map(|recipient| rcpt_line(recipient, remote)));
        let step = if remote.extensions.pipelining {
            PIPELINED_COMMANDS
        } else {
            1
        };
        let mut accepted = Vec::new();
        let mut replies = open.into_iter();
        for (batch_number, batch) in lines.chunks(step).enumerate() {
            for line in batch {
                remote.send(line).await?;
            }
            let mut refused = None;
            for number in 0..batch.len() {
                if batch_number == 0 && number == 0 {
                    let reply = remote.reply(self.timeouts.mail).await?;
                    refused = sender_refused(remote, &reply);
                    continue;
                }
                let reply = remote.reply(self.timeouts.recipient).await?;
                let Some(at) = replies.next().filter(|_| refused.is_none()) else {
                    continue;
                };
                if self.recipient(remote, at, &reply) {
                    accepted.push(at);
                }
            }
            if let Some(failure) = refused {
                return Err(failure);
            }
            remote.needs_reset = true;
        }
        Ok(accepted)
    }

    /// Takes the reply to a RCPT; says whether the host took the recipient.
    fn recipient(&mut self, remote: &Remote, at: usize, reply: &ServerReply) -> bool {
        if reply.is_success() {
            return true;
        }
        let mut failure = Failure::refused(TroubleKind::Recipient, reply).by(&remote.host);
        // RFC 5321 §4.5.3.1.10: too many recipients, in the word of older servers.
        if reply.code() == 552 && reply.enhanced().is_none() {
            failure = failure.passing();
        }
        self.decide(at, failure.verdict());
        false
    }

    /// Sends the message and reads the reply to it. From the last piece on nobody knows what the
    /// other side has, unless it says so.
    async fn content(&self, remote: &mut Remote) -> Result<ServerReply, Failure> {
        let content = &self.parcel.content;
        let mut stuffing = DotStuffing::default();
        let mut wire = Vec::with_capacity(PIECE + PIECE / 8);
        let (whole, last) = content.split_at(content.len() - content.len() % PIECE);
        for piece in whole.chunks(PIECE) {
            wire.clear();
            stuffing.push(piece, &mut wire);
            if let Err(failure) = remote.send(&wire).await {
                return Err(self.last_words(remote).await.unwrap_or(failure));
            }
        }
        wire.clear();
        stuffing.push(last, &mut wire);
        stuffing.finish(&mut wire);
        let reply = match remote.send(&wire).await {
            Ok(()) => remote.reply(self.timeouts.dot).await,
            Err(failure) => Err(failure),
        };
        reply.map_err(|failure| {
            self.metrics.lost_replies.count();
            failure.stop()
        })
    }

    /// What a host said before it closed in the middle of a message, such as that it is too big.
    async fn last_words(&self, remote: &mut Remote) -> Option<Failure> {
        let reply = remote.reply(self.timeouts.quit).await.ok()?;
        let failure = Failure::refused(TroubleKind::Refused, &reply).by(&remote.host);
        (!reply.is_success()).then_some(failure.stop())
    }

    /// The reply to the whole message.
    fn conclude(
        &mut self,
        remote: &mut Remote,
        accepted: &[usize],
        reply: &ServerReply,
    ) -> Result<(), Failure> {
        if reply.is_intermediate() {
            return Err(remote.nonsense(reply.summary()).stop());
        }
        if !reply.is_success() {
            let failure = Failure::refused(TroubleKind::Refused, reply).by(&remote.host);
            return Err(failure.stop());
        }
        self.metrics.messages.count();
        let receipt = Receipt {
            host: remote.host.clone(),
            address: remote.address.ip(),
            reply: reply.summary(),
            tls: remote.tls(),
            dsn_passed_on: remote.extensions.dsn,
        };
        for at in accepted {
            self.decide(*at, Verdict::Sent(receipt.clone()));
        }
        Ok(())
    }

    fn undecided(&self) -> Vec<usize> {
        let verdicts = self.verdicts.iter().enumerate();
        verdicts
            .filter_map(|(at, verdict)| verdict.is_none().then_some(at))
            .collect()
    }

    fn decide(&mut self, at: usize, verdict: Verdict) {
        if let Some(place) = self.verdicts.get_mut(at) {
            *place = Some(verdict);
        }
    }

    fn parameters(&self, remote: &Remote) -> MailParameters<'_> {
        use hikyaku_transport::Returned as Wanted;

        let (parcel, offered) = (self.parcel, &remote.extensions);
        let mut parameters = MailParameters::default();
        if offered.has_size {
            parameters.size = Some(parcel.content.len() as u64);
        }
        if offered.eight_bit_mime && (parcel.eight_bit || parcel.utf8) {
            parameters.body = Some(Body::EightBitMime);
        }
        if parcel.utf8 {
            parameters.utf8 = Some(Smtputf8::Yes);
        }
        if offered.dsn {
            parameters.envelope_id = parcel.reporting.envelope_id.as_deref();
            parameters.returned = parcel.reporting.returned.map(|returned| match returned {
                Wanted::Full => Returned::Full,
                Wanted::Headers => Returned::Headers,
            });
        }
        parameters
    }
}

fn rcpt_line(recipient: &ParcelRecipient, remote: &Remote) -> Vec<u8> {
    let mut parameters = RcptParameters::default();
    if remote.extensions.dsn {
        parameters.notify = recipient.notify.map(|notify| Notify {
            success: notify.success,
            failure: notify.failure,
            delay: notify.delay,
        });
        let original = recipient.original.as_ref();
        parameters.original = original.map(|o| (o.address_type.as_str(), o.address.as_str()));
    }
    rcpt(&recipient.address, parameters)
}

/// What a reply to MAIL means when it is no success: for now another host may do better.
fn sender_refused(remote: &mut Remote, reply: &ServerReply) -> Option<Failure> {
    if reply.is_success() {
        return None;
    }
    let failure = Failure::refused(TroubleKind::Refused, reply).by(&remote.host);
    if reply.is_temporary() {
        Some(failure)
    } else {
        Some(failure.stop())
    }
}

/// Whether an error leaves anything to be tried.
pub(super) fn is_final(failure: &Failure) -> bool {
    failure.elsewhere() == Elsewhere::Stop
}
