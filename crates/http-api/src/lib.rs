//! The control API, health and metrics over HTTP.
