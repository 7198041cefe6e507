//! What is measured, one file per thing.

pub mod append;
pub mod delivery;
pub mod fetch;
pub mod fill;
pub mod idle;
pub mod large;
pub mod load;
pub mod mixed;
pub mod pop3;
pub mod reading;
pub mod sign_in;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};

use anyhow::{Context as _, Result, ensure};

use crate::client::line::Trust;
use crate::options::{Kind, Options, Part};
use crate::plan::Plan;
use crate::report::Report;
use crate::system::{Debian, Hikyaku, System};

/// The systems, and what all parts need.
#[derive(Debug)]
pub struct Bench {
    systems: Vec<Box<dyn System>>,
    plan: Plan,
    sizes: Vec<usize>,
    connections: Vec<usize>,
    trust: Trust,
    /// Another one for each sender: no two make the same message.
    seed: u64,
}

impl Bench {
    /// Prepares all systems; none runs yet.
    pub fn new(options: &Options, plan: Plan) -> Result<Self> {
        let folder = &options.folder;
        fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        // All systems use one certificate, made by `init`.
        let mut maker = Hikyaku::new(&options.binary, folder.join("maker"), None)?;
        maker.init()?;
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs::copy(maker.certificate(), &certificate)?;
        fs::copy(maker.key(), &key)?;
        maker.stop()?;
        let mut systems: Vec<Box<dyn System>> = Vec::new();
        for kind in options.kinds() {
            systems.push(match kind {
                Kind::Sqlite => {
                    let host = Hikyaku::new(&options.binary, folder.join("sqlite"), None)?;
                    Box::new(host.with_certificate(&certificate, &key))
                }
                Kind::Postgres => {
                    let url = options.postgres.clone();
                    let host = Hikyaku::new(&options.binary, folder.join("postgres"), url)?;
                    Box::new(host.with_certificate(&certificate, &key))
                }
                Kind::Postfix => {
                    let script = options
                        .postfix
                        .as_deref()
                        .context("no script for Postfix")?;
                    Box::new(Debian::new(
                        script,
                        folder.join("debian"),
                        &certificate,
                        &key,
                    )?)
                }
            });
        }
        ensure!(!systems.is_empty(), "there is no system left to measure");
        Ok(Self {
            systems,
            plan,
            sizes: options.sizes.clone(),
            connections: options.connections.clone(),
            trust: Trust::in_file(&certificate)?,
            seed: RandomState::new().build_hasher().finish(),
        })
    }

    /// The systems, in the order in which they take turns.
    pub fn systems(&self) -> impl Iterator<Item = &dyn System> {
        self.systems.iter().map(AsRef::as_ref)
    }

    /// Measures what the plan says.
    pub fn measure(&mut self, report: &mut Report) -> Result<()> {
        let parts = self.plan.parts.clone();
        if parts.contains(&Part::Delivery) {
            self.deliver(report).context("deliveries")?;
        }
        if parts
            .iter()
            .any(|part| [Part::Imap, Part::Pop3, Part::Memory].contains(part))
        {
            reading::measure(self, &parts, report)?;
        }
        if parts.contains(&Part::Large) {
            large::measure(self, report).context("the large mailbox")?;
        }
        Ok(())
    }

    fn deliver(&mut self, report: &mut Report) -> Result<()> {
        for size in self.sizes.clone() {
            for connections in self.connections.clone() {
                for _ in 0..self.plan.runs {
                    for index in 0..self.systems.len() {
                        let seed = self.next_seed();
                        let task = delivery::Task {
                            size_bytes: size,
                            connections,
                            duration: self.plan.delivery(connections),
                            seed,
                        };
                        delivery::measure(self.systems[index].as_mut(), &task, report)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A seed that was not given before.
    fn next_seed(&mut self) -> u64 {
        // Senders of one run add their number to it.
        self.seed = self.seed.wrapping_add(1 << 16);
        self.seed
    }
}
