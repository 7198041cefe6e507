//! A resolver in memory: the tests of other rooms say what it answers.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use hikyaku_types::Domain;

use crate::{Answer, DnsError, Exchange, Family, Resolver, Security};

/// Names and what is said about them. Whatever was not told does not exist.
#[derive(Debug, Default)]
pub struct FakeResolver {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    mx: HashMap<String, Result<Vec<Exchange>, DnsError>>,
    addresses: HashMap<(String, Family), Result<Vec<IpAddr>, DnsError>>,
    txt: HashMap<String, Result<Vec<String>, DnsError>>,
    asked: Vec<String>,
}

impl FakeResolver {
    /// A resolver that knows no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The exchangers of a domain: preference and host; `.` for the root.
    ///
    /// # Panics
    /// When a host is no host name.
    pub fn set_mx(&self, domain: &str, exchanges: &[(u16, &str)]) {
        let exchanges = exchanges.iter().map(|(preference, host)| Exchange {
            preference: *preference,
            host: (*host != ".").then(|| host.parse().expect("a host name")),
        });
        let exchanges = Ok(exchanges.collect());
        self.with(|state| state.mx.insert(domain.to_owned(), exchanges));
    }

    /// The addresses of a host, of both families.
    pub fn set_addresses(&self, host: &str, addresses: &[IpAddr]) {
        for family in [Family::V4, Family::V6] {
            let of_family = addresses
                .iter()
                .copied()
                .filter(|ip| ip.is_ipv6() == (family == Family::V6));
            let of_family = Ok(of_family.collect());
            let key = (host.to_owned(), family);
            self.with(|state| state.addresses.insert(key, of_family));
        }
    }

    /// The texts of a name.
    pub fn set_txt(&self, name: &str, texts: &[&str]) {
        let texts = Ok(texts.iter().map(|text| (*text).to_owned()).collect());
        self.with(|state| state.txt.insert(name.to_owned(), texts));
    }

    /// Every question about a name fails in this way.
    pub fn fail(&self, name: &str, error: &DnsError) {
        self.with(|state| {
            state.txt.insert(name.to_owned(), Err(error.clone()));
            state.mx.insert(name.to_owned(), Err(error.clone()));
            for family in [Family::V4, Family::V6] {
                let key = (name.to_owned(), family);
                state.addresses.insert(key, Err(error.clone()));
            }
        });
    }

    /// The questions so far, such as `MX example.test`.
    pub fn asked(&self) -> Vec<String> {
        self.with(|state| state.asked.clone())
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Resolver for FakeResolver {
    fn mx<'a>(&'a self, domain: &'a Domain) -> BoxFuture<'a, Result<Answer<Exchange>, DnsError>> {
        let found = self.with(|state| {
            state.asked.push(format!("MX {domain}"));
            let is_host = state
                .addresses
                .contains_key(&(domain.as_str().to_owned(), Family::V4));
            let absent = if is_host {
                DnsError::NoData
            } else {
                DnsError::NoSuchName
            };
            state
                .mx
                .get(domain.as_str())
                .cloned()
                .unwrap_or(Err(absent))
        });
        ready(found.and_then(answer)).boxed()
    }

    fn addresses<'a>(
        &'a self,
        host: &'a Domain,
        family: Family,
    ) -> BoxFuture<'a, Result<Answer<IpAddr>, DnsError>> {
        let found = self.with(|state| {
            let kind = match family {
                Family::V4 => "A",
                Family::V6 => "AAAA",
            };
            state.asked.push(format!("{kind} {host}"));
            let known = state.addresses.get(&(host.as_str().to_owned(), family));
            let absent = if state.mx.contains_key(host.as_str()) {
                DnsError::NoData
            } else {
                DnsError::NoSuchName
            };
            known.cloned().unwrap_or(Err(absent))
        });
        ready(found.and_then(answer)).boxed()
    }

    fn txt<'a>(&'a self, name: &'a Domain) -> BoxFuture<'a, Result<Answer<String>, DnsError>> {
        let found = self.with(|state| {
            state.asked.push(format!("TXT {name}"));
            let known = state.txt.get(name.as_str());
            known.cloned().unwrap_or(Err(DnsError::NoSuchName))
        });
        ready(found.and_then(answer)).boxed()
    }
}

fn answer<T>(records: Vec<T>) -> Result<Answer<T>, DnsError> {
    if records.is_empty() {
        return Err(DnsError::NoData);
    }
    Ok(Answer {
        records,
        security: Security::Indeterminate,
        ttl: Duration::from_mins(5),
    })
}
