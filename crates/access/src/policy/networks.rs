//! From where each protocol may be used.

use std::{collections::BTreeMap, net::IpAddr};

use hikyaku_types::Network;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::PolicyError;
use crate::sign_in::Protocol;

/// Networks of one protocol at most: 64, the lines of a large company.
pub const MAX_POLICY_NETWORKS: usize = 64;

/// For each protocol the networks from which it may be used; without any, from anywhere. As JSON an
/// object: `{"imap": ["192.0.2.0/24"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProtocolNetworks(BTreeMap<Protocol, Vec<Network>>);

impl ProtocolNetworks {
    /// With these networks for a protocol; none opens it to all.
    #[must_use]
    pub fn with(mut self, protocol: Protocol, networks: Vec<Network>) -> Self {
        if networks.is_empty() {
            self.0.remove(&protocol);
        } else {
            self.0.insert(protocol, networks);
        }
        self
    }

    /// Whether a client at this address may use the protocol.
    pub fn allow(&self, protocol: Protocol, ip: IpAddr) -> bool {
        let listed = self.0.get(&protocol);
        listed.is_none_or(|list| list.iter().any(|network| network.contains(ip)))
    }

    pub(super) fn validate(&self) -> Result<(), PolicyError> {
        if self.0.values().any(|list| list.len() > MAX_POLICY_NETWORKS) {
            let detail = format!("has more than {MAX_POLICY_NETWORKS} networks for one protocol");
            return Err(PolicyError::new("networks", detail));
        }
        Ok(())
    }
}

impl Serialize for ProtocolNetworks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(protocol, list)| {
            let list: Vec<String> = list.iter().map(Network::to_string).collect();
            (protocol.word(), list)
        }))
    }
}

impl<'de> Deserialize<'de> for ProtocolNetworks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, Vec<String>>::deserialize(deserializer)?;
        let mut networks = Self::default();
        for (word, list) in texts {
            let protocol = Protocol::from_word(&word).ok_or_else(|| {
                D::Error::custom("a protocol is one of \"smtp\", \"imap\", \"pop3\", \"web\"")
            })?;
            let list = list
                .iter()
                .map(|text| text.parse().map_err(D::Error::custom));
            networks = networks.with(protocol, list.collect::<Result<_, _>>()?);
        }
        Ok(networks)
    }
}
