//! Lists of networks, as `[zones]`, `[metrics]` and `[http]` have them.

use hikyaku_net::{ClosedZone, Network};
use serde::{Deserialize, Deserializer, de::Error as _};

/// Networks in CIDR notation, such as `10.0.0.0/8` or `2001:db8::/32`.
#[derive(Debug, Clone)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// No network at all.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The networks as a zone.
    pub fn zone(&self) -> ClosedZone {
        ClosedZone::new(self.0.clone())
    }
}

/// Loopback.
impl Default for Networks {
    fn default() -> Self {
        Self(ClosedZone::default().networks().to_vec())
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let parse = |text: String| {
            text.parse::<Network>()
                .map_err(|error| D::Error::custom(format!("\"{text}\": {error}")))
        };
        texts
            .into_iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
