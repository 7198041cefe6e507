//! A carrier, remotes on loopback, and a resolver that knows them.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use bytes::Bytes;
use hikyaku_dns::testing::FakeResolver;
use hikyaku_smtp::client::{ClientOptions, Loopback, Parts, Shuffle, SmtpCarrier};
use hikyaku_testkit::remote::{FakeRemote, Offer};
use hikyaku_transport::{
    Reporting,
    queue::{Carrier as _, Parcel, ParcelRecipient, Receipt, Trouble, TroubleKind, Verdict},
};

/// The domain that all mail of these tests goes to.
pub(crate) const DOMAIN: &str = "remote.example";
/// A message.
pub(crate) const CONTENT: &str = "Subject: hi\r\n\r\n.dot\r\nbody\r\n";

/// Leaves the order as it is.
#[derive(Debug)]
struct AsItIs;

impl Shuffle for AsItIs {
    fn order(&self, count: usize) -> Vec<usize> {
        (0..count).collect()
    }
}

#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) remote: FakeRemote,
    pub(crate) resolver: Arc<FakeResolver>,
    pub(crate) carrier: SmtpCarrier,
}

impl Scene {
    /// A remote with the usual offer that takes the mail of [`DOMAIN`].
    pub(crate) fn new() -> Result<Self> {
        Self::with(Offer::default(), |_| {})
    }

    /// One with another offer, and a client with other options.
    pub(crate) fn with(offer: Offer, change: impl FnOnce(&mut ClientOptions)) -> Result<Self> {
        let remote = FakeRemote::with(offer)?;
        let resolver = Arc::new(FakeResolver::new());
        resolver.set_mx(DOMAIN, &[(10, "mx1.remote.example")]);
        resolver.set_addresses("mx1.remote.example", &[remote.ip()]);
        let carrier = carrier_to(&remote, &resolver, change)?;
        Ok(Self {
            remote,
            resolver,
            carrier,
        })
    }

    /// Sends [`CONTENT`] to these local parts in [`DOMAIN`].
    pub(crate) async fn send(&self, locals: &[&str]) -> Vec<Verdict> {
        self.carrier.carry(parcel(locals)).await
    }

    /// Sends to one, who gets it.
    pub(crate) async fn send_well(&self) -> Receipt {
        match self.send(&["bob"]).await.as_slice() {
            [Verdict::Sent(receipt)] => receipt.clone(),
            other => panic!("not sent: {other:?}"),
        }
    }

    /// Sends to one, who does not get it.
    pub(crate) async fn send_in_vain(&self) -> Refused {
        let verdicts = self.send(&["bob"]).await;
        assert_eq!(verdicts.len(), 1);
        refused(&verdicts[0])
    }
}

/// A carrier that finds everything at the remote's port.
pub(crate) fn carrier_to(
    remote: &FakeRemote,
    resolver: &Arc<FakeResolver>,
    change: impl FnOnce(&mut ClientOptions),
) -> Result<SmtpCarrier> {
    let mut options = ClientOptions::new("mail.example.test".parse()?);
    options.port = remote.address().port();
    options.loopback = Loopback::Allowed;
    change(&mut options);
    let parts = Parts {
        resolver: Arc::clone(resolver) as _,
        shuffle: Arc::new(AsItIs),
    };
    Ok(SmtpCarrier::new(options, parts)?)
}

/// A parcel with [`CONTENT`] for these local parts in [`DOMAIN`].
pub(crate) fn parcel(locals: &[&str]) -> Parcel {
    let recipients = locals.iter().map(|local| ParcelRecipient {
        address: format!("{local}@{DOMAIN}").parse().expect("a name"),
        notify: None,
        original: None,
    });
    Parcel {
        destination: DOMAIN.parse().expect("a name"),
        sender: Some("taro@example.test".parse().expect("a name")),
        recipients: recipients.collect(),
        content: Bytes::from_static(CONTENT.as_bytes()),
        eight_bit: false,
        utf8: false,
        reporting: Reporting {
            host: "mail.example.test".parse().expect("a name"),
            envelope_id: None,
            returned: None,
        },
        deadline: Duration::from_mins(30),
    }
}

/// A refusal, and whether it is for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) kind: TroubleKind,
    pub(crate) status: String,
    pub(crate) words: String,
    pub(crate) forever: bool,
}

/// What a recipient who did not get the message got.
pub(crate) fn refused(verdict: &Verdict) -> Refused {
    let of = |trouble: &Trouble, forever| Refused {
        kind: trouble.kind,
        status: trouble.status.clone(),
        words: trouble.reply.clone().unwrap_or_default(),
        forever,
    };
    match verdict {
        Verdict::Later(trouble) => of(trouble, false),
        Verdict::Never(trouble) => of(trouble, true),
        Verdict::Sent(receipt) => panic!("sent: {receipt:?}"),
    }
}

/// An offer of other extensions.
pub(crate) fn offering(extensions: &[&str]) -> Offer {
    Offer {
        extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
        ..Offer::default()
    }
}
