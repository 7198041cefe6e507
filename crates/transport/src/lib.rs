//! The way of a message: accept, route, deliver; the trace.
