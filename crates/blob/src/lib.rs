//! Message contents: addressed by hash within a tenant.
