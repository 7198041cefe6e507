//! Tenants, domains, accounts, addresses, credentials, sign-in.
