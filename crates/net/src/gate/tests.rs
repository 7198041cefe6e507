//! Real sockets: limits, refusals, panics, drains.
