//! Mail on its way out: the queue's scheduler and the client that it sends with.

use std::{sync::Arc, time::Duration};

use hikyaku_dns::{Servers, SystemResolver, Validation};
use hikyaku_net::{Authorities, TlsClient, TlsClientError};
use hikyaku_sasl::ClientMechanism;
use hikyaku_smtp::client::{
    ClientOptions, KeepLimits, Login, Parts, Route, SecretFileError, Shuffle, SmartHost,
    SmartHostTls, SmtpCarrier, Timeouts, read_secret,
};
use hikyaku_transport::queue::{Scheduler, SchedulerOptions};
use rand::seq::SliceRandom as _;
use tracing::warn;

use crate::{
    Store,
    config::{Config, Outgoing, Service, SmartHostAddress, SmartHostAuth, SmartHostTlsMode},
};

/// Why mail cannot leave as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// The authorities of the smart host cannot be used.
    #[error("cannot set up TLS for outgoing mail")]
    Tls(#[from] TlsClientError),
    /// The password for the smart host cannot be used.
    #[error("cannot use outgoing.smart_host_password_file")]
    Password(#[from] SecretFileError),
}

/// The client, as configured; none when mail for other hosts is not taken. Reads files.
pub(crate) fn carrier(config: &Config) -> Result<Option<Arc<SmtpCarrier>>, OutgoingError> {
    let outgoing = &config.outgoing;
    if !outgoing.enabled {
        return Ok(None);
    }
    let mut options = ClientOptions::new(config.hostname.clone());
    if let Some(name) = &outgoing.helo {
        options.hello.clone_from(name);
    }
    if let Some(smart_host) = &outgoing.smart_host {
        options.route = Route::SmartHost(smart_host_of(smart_host, outgoing)?);
    }
    options.port = outgoing.port;
    options.families = outgoing.families();
    options.loopback = outgoing.loopback();
    options.sources = outgoing.sources();
    options.own_addresses = config.listen.addresses(Service::Smtp).to_vec();
    options.timeouts = timeouts(outgoing);
    options.keep = KeepLimits {
        idle: Duration::from_secs(outgoing.connections_idle_seconds),
        ..KeepLimits::default()
    };
    let parts = Parts {
        resolver: Arc::new(resolver(outgoing)),
        shuffle: Arc::new(Dice),
    };
    Ok(Some(Arc::new(SmtpCarrier::new(options, parts)?)))
}

/// Begins to send what waits. Must be called within a Tokio runtime.
pub(super) fn start(store: &Store, carrier: &Arc<SmtpCarrier>) -> Scheduler {
    let outgoing = &store.config.outgoing;
    let options = SchedulerOptions {
        concurrency: outgoing.concurrency,
        per_destination: outgoing.concurrency_per_destination,
    };
    let carrier = Arc::clone(carrier);
    Scheduler::start(store.transport.clone(), carrier, options)
}

fn smart_host_of(
    address: &SmartHostAddress,
    outgoing: &Outgoing,
) -> Result<SmartHost, OutgoingError> {
    let authorities = match &outgoing.smart_host_ca_file {
        Some(file) => Authorities::File(file.clone()),
        None => Authorities::System,
    };
    let verified = || TlsClient::verified(&authorities);
    let tls = match outgoing.smart_host_tls {
        SmartHostTlsMode::Starttls => SmartHostTls::StartTls(verified()?),
        SmartHostTlsMode::Implicit => SmartHostTls::Implicit(verified()?),
        SmartHostTlsMode::None => SmartHostTls::Off,
    };
    let user = outgoing.smart_host_user.as_ref();
    let login = match user.zip(outgoing.smart_host_password_file.as_ref()) {
        Some((name, file)) => {
            // What is wrong with it is better said now than with the first message.
            read_secret(file)?;
            Some(Login {
                name: name.clone(),
                secret_file: file.clone(),
                mechanism: mechanism(outgoing.smart_host_auth),
            })
        }
        None => None,
    };
    Ok(SmartHost {
        host: address.host.clone(),
        port: address.port,
        tls,
        login,
    })
}

fn mechanism(auth: SmartHostAuth) -> Option<ClientMechanism> {
    match auth {
        SmartHostAuth::Auto => None,
        SmartHostAuth::Plain => Some(ClientMechanism::Plain),
        SmartHostAuth::Login => Some(ClientMechanism::Login),
        SmartHostAuth::Xoauth2 => Some(ClientMechanism::Xoauth2),
    }
}

fn timeouts(outgoing: &Outgoing) -> Timeouts {
    let replies = Duration::from_secs(outgoing.reply_seconds);
    let mut timeouts = Timeouts::default().with_replies_within(replies);
    timeouts.connect = Duration::from_secs(outgoing.connect_seconds);
    timeouts.dot = Duration::from_secs(outgoing.final_reply_seconds);
    timeouts
}

/// A machine without name servers serves its mailboxes all the same, and mail for others waits.
fn resolver(outgoing: &Outgoing) -> SystemResolver {
    let (servers, validation) = name_service(outgoing);
    SystemResolver::new(&servers, validation).unwrap_or_else(|error| {
        warn!(%error, "mail for other hosts waits; set outgoing.dns");
        SystemResolver::without_servers()
    })
}

/// The name service for administrators who have just changed a record: nothing is remembered. On a
/// machine without name servers their looks fail.
pub(crate) fn fresh_resolver(outgoing: &Outgoing) -> SystemResolver {
    let (servers, validation) = name_service(outgoing);
    SystemResolver::without_memory(&servers, validation)
        .unwrap_or_else(|_| SystemResolver::without_servers())
}

fn name_service(outgoing: &Outgoing) -> (Servers, Validation) {
    let servers = match outgoing.dns.as_slice() {
        [] => Servers::System,
        servers => Servers::These(servers.to_vec()),
    };
    let validation = if outgoing.dnssec {
        Validation::On
    } else {
        Validation::Off
    };
    (servers, validation)
}

/// Decides between exchangers of equal preference.
#[derive(Debug)]
struct Dice;

impl Shuffle for Dice {
    fn order(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut rand::rng());
        order
    }
}
