//! The file that `hikyaku init` writes, with a comment at each choice.

use std::fmt::Write as _;

use super::Service;

/// What `init` was told.
#[derive(Debug, Clone)]
pub struct Template<'a> {
    /// The host's name.
    pub hostname: &'a str,
    /// `sqlite:…` or `postgres://…`.
    pub database_url: &'a str,
    /// With it every listener is on 127.0.0.1 at base + standard port.
    pub port_base: Option<u16>,
}

/// The text of the file.
pub fn render(template: &Template<'_>) -> String {
    let mut listen = String::new();
    for service in Service::ALL {
        let addresses: Vec<String> = service
            .default_addresses(template.port_base)
            .iter()
            .map(|address| format!("\"{address}\""))
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            listen,
            "{:<11} = [{}]",
            service.name(),
            addresses.join(", ")
        );
    }
    format!(
        r#"# Hikyaku: what the server needs to start. Everything else is in its database.
# After a change: restart; for new certificate files `kill -HUP` is enough.

# The name in banners and Received lines; it should resolve to this host.
hostname = {hostname}
# Who answers for this host when its name is in no domain that it hosts.
# postmaster = "you@example.com"

[database]
# sqlite:FILE beside this file, or postgres://USER:PASSWORD@HOST/NAME
url = {database_url}

[tls]
# `init` made a self-signed pair: put your own files here, or their paths.
certificate = "tls/certificate.pem"
key = "tls/key.pem"

[outgoing]
# Mail for other hosts goes to the exchangers of each domain; or all of it to one host:
# smart_host = "smtp.example.com:587"
# smart_host_user = "user"
# smart_host_password_file = "smart-host-password"   # chmod 600

[zones]
# From here passwords are accepted without TLS, and LMTP; from elsewhere TLS comes first.
closed = ["127.0.0.0/8", "::1/128"]

[metrics]
# Who may read /metrics.
allow = ["127.0.0.0/8", "::1/128"]

[log]
format = "text"   # or "json"
level = "info"

[listen]
# Remove a line to switch a service off.
{listen}
[limits]
max_message = "25MB"
max_recipients = 1000
"#,
        hostname = toml::Value::from(template.hostname),
        database_url = toml::Value::from(template.database_url),
    )
}
