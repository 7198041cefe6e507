//! Metrics in OpenMetrics text, collected from the rooms at the moment of asking.

use std::fmt;

use prometheus_client::{collector::Collector, encoding::text::encode, registry::Registry};

/// A room's counters as they are now.
pub type MetricsSource = Box<dyn Collector>;

/// All metrics of the process.
pub struct Exposition {
    registry: Registry,
}

impl Exposition {
    /// The content type of the text.
    pub const CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// The metrics of these sources; every name begins with `hikyaku_`.
    pub fn new(sources: Vec<MetricsSource>) -> Self {
        let mut registry = Registry::with_prefix("hikyaku");
        for source in sources {
            registry.register_collector(source);
        }
        Self { registry }
    }

    /// The text.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}
