//! SASL mechanisms, server side (RFC 4422).
