//! A running server: its listeners, its own work, and its orderly end.

mod outgoing;
mod services;
mod sign_in_history;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use hikyaku_http_api::{ALPN, HttpService, PublicState, public_router};
use hikyaku_jobs::Runner;
use hikyaku_net::{
    Bind, BindError, CertificateFiles, DrainReport, Gate, GateLimits, GateOptions, Listener,
    ListenerOptions, TlsError, TlsMode, TlsServer,
};
use hikyaku_notices::{Sender, SenderOptions};
use hikyaku_transport::queue::Scheduler;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    Store,
    config::{Config, Service},
    maintenance::Maintenance,
    metrics, usage,
};
pub use outgoing::OutgoingError;
pub(crate) use outgoing::fresh_resolver;
pub(crate) use services::Protocols;

/// A server that accepts on all its listeners.
#[derive(Debug)]
pub struct Server {
    store: Store,
    gate: Gate,
    tls: TlsServer,
    addresses: Vec<(Service, SocketAddr)>,
    stop: CancellationToken,
    maintenance: JoinHandle<()>,
    usage: JoinHandle<()>,
    sign_in_history: JoinHandle<()>,
    /// None where no mail leaves.
    scheduler: Option<Scheduler>,
    notices: Sender,
    jobs: Runner,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Certificate or key cannot be used.
    #[error("cannot use the certificate")]
    Tls(#[from] TlsError),
    /// A port cannot be listened at.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Mail cannot leave as it is configured.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
}

impl Server {
    /// Binds every listener of the configuration, then serves. When this returns, all accept.
    ///
    /// Must be called within a Tokio runtime. Nothing is served before everything is bound: a host
    /// that lacks one port says so and does not half work.
    pub fn start(store: Store) -> Result<Self, StartError> {
        let tls = load_tls(&store)?;
        let carrier = outgoing::carrier(&store.config)?;
        let bound = bind_all(&store.config, &tls)?;
        let control = bind_control(store.config.control_socket())?;
        let gate = Gate::new(gate_options(&store.config));
        let protocols = Protocols::new(&store);
        let public = public_router(PublicState {
            db: store.db.clone(),
            contents: store.contents.clone(),
            exposition: Arc::new(metrics::exposition(
                &store,
                &gate,
                protocols.metrics(),
                carrier.clone(),
            )),
            metrics_allow: store.config.metrics.allow.zone(),
        });
        let http = Arc::new(HttpService::network(public.merge(store.network_api())));
        let mut addresses = Vec::new();
        for (service, listener) in bound {
            addresses.extend(listener.local_addr().map(|address| (service, address)));
            protocols.serve(&gate, service, listener, &http);
        }
        let own_uid = rustix::process::geteuid().as_raw();
        gate.serve(
            control,
            Arc::new(HttpService::local(store.control_api(), own_uid)),
        );
        let stop = CancellationToken::new();
        let maintenance = Maintenance {
            db: store.db.clone(),
            mailstore: store.mailstore.clone(),
            limits: store.config.limits.clone(),
            object_grace: store.config.objects.grace(),
        };
        let maintenance = tokio::spawn(maintenance.run(stop.clone()));
        let usage = tokio::spawn(usage::run(store.db.clone(), stop.clone()));
        let history = store.sign_in.history().clone();
        let sign_in_history = tokio::spawn(sign_in_history::write(history, stop.clone()));
        let scheduler = carrier.map(|carrier| outgoing::start(&store, &carrier));
        let jobs = store.start_jobs();
        let notices = Sender::start(
            store.db.clone(),
            store.transport.clone(),
            SenderOptions {
                host: store.config.hostname.clone(),
                metrics: Arc::clone(&store.notice_metrics),
            },
        );
        Ok(Self {
            store,
            gate,
            tls,
            addresses,
            stop,
            maintenance,
            usage,
            sign_in_history,
            scheduler,
            notices,
            jobs,
        })
    }

    /// Where the services listen; with port 0 in the configuration this is how to find them.
    pub fn addresses(&self) -> &[(Service, SocketAddr)] {
        &self.addresses
    }

    /// The first address of a service.
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.addresses
            .iter()
            .find(|(listening, _)| *listening == service)
            .map(|(_, at)| *at)
    }

    /// The store that is served.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Reads the certificate files again. On an error the old certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.tls.reload()?;
        warn_of_certificates(&self.tls, &self.store);
        Ok(())
    }

    /// Stops accepting and sending, lets sessions and attempts end within the configured time,
    /// closes the store.
    pub async fn stop(self) -> DrainReport {
        let grace = self.store.config.limits.drain_grace();
        self.notices.stop().await;
        let sending = async {
            if let Some(scheduler) = self.scheduler {
                scheduler.drain(grace).await;
            }
        };
        let jobs = self.jobs.drain(grace);
        let (report, (), ()) = tokio::join!(self.gate.drain(grace), sending, jobs);
        self.stop.cancel();
        // It ends at its next turn; a panic in it was logged by the runtime.
        let _ = self.maintenance.await;
        let _ = self.usage.await;
        let _ = self.sign_in_history.await;
        self.store.close().await;
        report
    }
}

fn load_tls(store: &Store) -> Result<TlsServer, TlsError> {
    let files = CertificateFiles {
        certificate: store.config.tls.certificate.clone(),
        key: store.config.tls.key.clone(),
    };
    let tls = TlsServer::load(vec![files])?;
    warn_of_certificates(&tls, store);
    Ok(tls)
}

fn warn_of_certificates(tls: &TlsServer, store: &Store) {
    for warning in tls.warnings(store.db.clock().now()) {
        warn!(%warning, "certificate");
    }
}

fn gate_options(config: &Config) -> GateOptions {
    GateOptions {
        zone: config.zones.closed.zone(),
        limits: GateLimits {
            total: config.limits.max_connections,
            per_client: config.limits.max_connections_per_address,
            ..GateLimits::default()
        },
        ..GateOptions::default()
    }
}

fn bind_all(config: &Config, tls: &TlsServer) -> Result<Vec<(Service, Listener)>, BindError> {
    let mut bound = Vec::new();
    for service in Service::ALL {
        for address in config.listen.addresses(service) {
            let options = ListenerOptions::tcp(service.name(), *address, tls_mode(service, tls));
            match Listener::bind(options) {
                Ok(listener) => bound.push((service, listener)),
                // A kernel without IPv6 cannot have the second of the two default addresses.
                Err(error) if is_unsupported(&error, *address) => {
                    warn!(%address, service = service.name(), "no IPv6 here, not listening");
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(bound)
}

fn is_unsupported(error: &BindError, address: SocketAddr) -> bool {
    let code = error.source.raw_os_error();
    let unsupported = [
        rustix::io::Errno::AFNOSUPPORT,
        rustix::io::Errno::ADDRNOTAVAIL,
    ];
    address.is_ipv6()
        && address.ip().is_unspecified()
        && unsupported
            .iter()
            .any(|errno| code == Some(errno.raw_os_error()))
}

fn tls_mode(service: Service, tls: &TlsServer) -> TlsMode {
    match service {
        Service::Smtp | Service::Submission | Service::Imap | Service::Pop3 => {
            TlsMode::Upgrade(tls.clone())
        }
        Service::Submissions | Service::Imaps | Service::Pop3s => TlsMode::Implicit(tls.clone()),
        Service::Https => TlsMode::Implicit(tls.with_alpn(&ALPN)),
        Service::Lmtp | Service::Http => TlsMode::None,
    }
}

fn bind_control(path: PathBuf) -> Result<Listener, BindError> {
    Listener::bind(ListenerOptions {
        name: "control",
        bind: Bind::Unix { path, mode: 0o600 },
        tls: TlsMode::None,
        max_connections: 0,
    })
}

/// Runs a server until SIGTERM or SIGINT; SIGHUP reads the certificates again.
pub(crate) async fn until_signalled(server: Server) {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (|| {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hangup = signal(SignalKind::hangup())?;
        Ok::<_, std::io::Error>((terminate, interrupt, hangup))
    })();
    let (mut terminate, mut interrupt, mut hangup) = match signals {
        Ok(signals) => signals,
        Err(error) => {
            error!(%error, "signals cannot be received; stopping");
            server.stop().await;
            return;
        }
    };
    info!(addresses = ?server.addresses(), "ready");
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => match server.reload() {
                Ok(()) => info!("the certificates were read again"),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    error!(error, "the old certificate stays in use");
                }
            },
        }
    }
    info!("stopping: no new connections; sessions may end");
    let report = server.stop().await;
    info!(
        sessions = report.sessions,
        aborted = report.aborted,
        "stopped"
    );
}
