//! Logs: to standard error, for people or as JSON.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
#[error("log.level \"{level}\" cannot be used: {reason}")]
pub struct LogError {
    level: String,
    reason: String,
}

/// Starts logging for the process. A second call changes nothing.
pub(crate) fn start(log: &Log) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| LogError {
        level: log.level.clone(),
        reason: error.to_string(),
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Fails only when the process has a subscriber already, as in tests.
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_told() {
        let log = Log {
            level: "hikyaku=loud".to_owned(),
            ..Log::default()
        };
        assert!(start(&log).unwrap_err().to_string().contains("loud"));
    }
}
