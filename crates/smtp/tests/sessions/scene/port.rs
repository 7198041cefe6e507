//! A port as `@open` describes it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hikyaku_net::{
    ClosedZone, Connection, ConnectionOptions, Network, Peer, PeerAddress, Service as _, Zone,
};
use hikyaku_smtp::{AuthorCheck, EarlyTalkers, Kind, Options, SmtpService};
use hikyaku_smtp_proto::LineLimit;
use hikyaku_types::ByteSize;
use tokio_util::sync::CancellationToken;

use super::tls::Certificate;
use hikyaku_testkit::transcript::Pipe;

/// Octets that fit into each direction of a pipe.
const ROOM: usize = 64 * 1024;

pub(crate) struct Port {
    pub(crate) options: Options,
    connection: ConnectionOptions,
}

impl Port {
    pub(crate) fn parse(
        words: &[String],
        certificate: &Certificate,
        drain: &CancellationToken,
    ) -> Result<Self, String> {
        let [kind, zone, settings @ ..] = words else {
            return Err("@open PORT ZONE".to_owned());
        };
        let kind = match kind.as_str() {
            "smtp" => Kind::Mx,
            "submission" => Kind::Submission,
            "submissions" => Kind::Submissions,
            "lmtp" => Kind::Lmtp,
            _ => return Err(format!("no port {kind}")),
        };
        let (zone, ip) = match zone.as_str() {
            "closed" => (Zone::Closed, [192, 0, 2, 10]),
            "internet" => (Zone::Internet, [203, 0, 113, 7]),
            _ => return Err(format!("no zone {zone}")),
        };
        let peer = Peer {
            address: PeerAddress::Ip(SocketAddr::from((ip, 40_000))),
            zone,
        };
        let mut connection = ConnectionOptions::new(peer);
        connection.local = Some(SocketAddr::from(([198, 51, 100, 25], 25)));
        connection.upgrade = (kind != Kind::Lmtp).then(|| certificate.server().clone());
        connection.drain = drain.clone();
        let mut options = Options::new(kind, "mx.example.test".parse().expect("a domain"));
        for setting in settings {
            let (name, value) = setting.split_once('=').ok_or("settings are NAME=VALUE")?;
            set(&mut options, &mut connection, name, value)?;
        }
        Ok(Self {
            options,
            connection,
        })
    }

    /// Runs the session on one end of a pipe and returns the other.
    pub(crate) async fn open(
        self,
        service: Arc<SmtpService>,
        certificate: &Certificate,
    ) -> Result<Box<dyn Pipe>, String> {
        let (ours, theirs) = tokio::io::duplex(ROOM);
        if self.options.kind != Kind::Submissions {
            let connection = Connection::new(ours, self.connection);
            tokio::spawn(async move { service.serve(connection).await });
            return Ok(Box::new(theirs));
        }
        let server = certificate.server().clone();
        tokio::spawn(async move {
            let time = Duration::from_secs(20);
            let (transport, info) = server.accept(Box::new(ours), time).await.expect("TLS");
            let connection = Connection::secured(transport, info, self.connection);
            service.serve(connection).await;
        });
        certificate.connect(Box::new(theirs)).await
    }
}

fn set(
    options: &mut Options,
    connection: &mut ConnectionOptions,
    name: &str,
    value: &str,
) -> Result<(), String> {
    let number = || {
        value
            .parse::<u32>()
            .map_err(|_| format!("{value} is not a number"))
    };
    let millis = || number().map(|number| Duration::from_millis(number.into()));
    let limits = &mut options.limits;
    match name {
        "command_ms" => limits.command_time = millis()?,
        "data_ms" => limits.data_time = millis()?,
        "message_ms" => limits.message_time = millis()?,
        "bad_commands" => limits.max_bad_commands = number()?,
        "idle_commands" => limits.max_idle_commands = number()?,
        "refused_recipients" => limits.max_refused_recipients = number()?,
        "failed_sign_ins" => limits.max_failed_sign_ins = number()?,
        "handshake_ms" => limits.handshake_time = millis()?,
        "discarded" => limits.max_discarded = ByteSize(number()?.into()),
        "line" => limits.line = LineLimit::Octets(number()?),
        "early_ms" => options.early_talkers = EarlyTalkers::Refused(millis()?),
        "author" if value == "off" => options.author_check = AuthorCheck::Off,
        "postmaster" => options.postmaster = Some(value.parse().map_err(|_| "not an address")?),
        "host" => options.hostname = value.parse().map_err(|_| "not a host name")?,
        "tls" if value == "off" => connection.upgrade = None,
        "ip" => {
            let ip = value.parse().map_err(|_| "not an address")?;
            let network: Network = "192.0.2.0/24".parse().expect("a network");
            connection.peer = ClosedZone::new(vec![network]).peer(SocketAddr::new(ip, 40_000));
        }
        _ => return Err(format!("no setting {name}={value}")),
    }
    Ok(())
}
