//! `[outgoing]`: how mail leaves for other hosts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use hikyaku_directory::Language;
use hikyaku_smtp::client::{Families, Loopback, SmartHostName, Sources};
use hikyaku_types::Domain;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outgoing {
    /// Whether mail for other hosts is taken at all. Default yes.
    pub enabled: bool,
    /// The one host that takes all our mail. Default: none, each domain's own exchangers.
    pub smart_host: Option<SmartHostAddress>,
    /// How the connection to it is protected.
    pub smart_host_tls: SmartHostTlsMode,
    /// PEM file of the authorities that vouch for it. Default: those of the operating system.
    pub smart_host_ca_file: Option<PathBuf>,
    /// Our name there.
    pub smart_host_user: Option<String>,
    /// The file with our password there, on one line.
    pub smart_host_password_file: Option<PathBuf>,
    /// How we sign in there.
    pub smart_host_auth: SmartHostAuth,
    /// Name servers. Default: those of `/etc/resolv.conf`.
    pub dns: Vec<SocketAddr>,
    /// Whether this server checks DNSSEC signatures itself.
    pub dnssec: bool,
    /// The port of exchangers.
    pub port: u16,
    /// Whether exchangers may be on this machine's loopback addresses.
    pub allow_loopback: bool,
    /// When IPv6 addresses are tried.
    pub ipv6: Ipv6,
    /// The addresses to connect from, one per family at most. Default: the system chooses.
    pub bind: Vec<IpAddr>,
    /// The name given in EHLO. Default: `hostname`.
    pub helo: Option<Domain>,
    /// Days after which a message is given up.
    pub expire_days: u32,
    /// Hours after which its sender hears that it is late; 0: never.
    pub delay_notice_hours: u32,
    /// The languages of reports to senders.
    pub report_language: ReportLanguage,
    /// Attempts at the same time.
    pub concurrency: usize,
    /// Attempts at one destination at the same time.
    pub concurrency_per_destination: usize,
    /// How long a connection is kept for the next message; 0: not at all.
    pub connections_idle_seconds: u64,
    /// How long another host may take to accept a connection.
    pub connect_seconds: u64,
    /// How long it may take to answer a command, where RFC 5321 does not ask for less.
    pub reply_seconds: u64,
    /// How long it may take to answer the final dot.
    pub final_reply_seconds: u64,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            enabled: true,
            smart_host: None,
            smart_host_tls: SmartHostTlsMode::default(),
            smart_host_ca_file: None,
            smart_host_user: None,
            smart_host_password_file: None,
            smart_host_auth: SmartHostAuth::default(),
            dns: Vec::new(),
            dnssec: false,
            port: 25,
            allow_loopback: false,
            ipv6: Ipv6::default(),
            bind: Vec::new(),
            helo: None,
            expire_days: 5,
            delay_notice_hours: 4,
            report_language: ReportLanguage::default(),
            concurrency: 50,
            concurrency_per_destination: 5,
            connections_idle_seconds: 30,
            connect_seconds: 30,
            reply_seconds: 300,
            final_reply_seconds: 600,
        }
    }
}

/// `HOST:PORT`, `192.0.2.1:PORT` or `[2001:db8::1]:PORT`.
#[derive(Clone, PartialEq, Eq)]
pub struct SmartHostAddress {
    /// The host.
    pub host: SmartHostName,
    /// The port.
    pub port: u16,
}

impl fmt::Debug for SmartHostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for SmartHostAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self {
                host: SmartHostName::Address(address.ip()),
                port: address.port(),
            });
        }
        let wrong = || {
            format!("\"{text}\" is not HOST:PORT, such as smtp.example.com:587 or [2001:db8::1]:25")
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let host = host.parse().map_err(|_| wrong())?;
        Ok(Self {
            host: SmartHostName::Name(host),
            port,
        })
    }
}

impl<'de> Deserialize<'de> for SmartHostAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// How the connection to the smart host is protected; there is no falling back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmartHostTlsMode {
    /// STARTTLS, with a certificate that proves its name.
    #[default]
    Starttls,
    /// TLS from the start, with a certificate that proves its name.
    Implicit,
    /// Not at all; then there is no signing in either.
    None,
}

/// How we sign in at the smart host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmartHostAuth {
    /// PLAIN or LOGIN, whichever it offers.
    #[default]
    Auto,
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// A bearer token in the password file.
    Xoauth2,
}

/// The languages of reports to senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportLanguage {
    /// The sender's own, then the other one.
    #[default]
    Both,
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl ReportLanguage {
    /// As the transport knows it.
    pub const fn policy(self) -> hikyaku_transport::ReportLanguage {
        use hikyaku_transport::ReportLanguage as Policy;
        match self {
            Self::Both => Policy::Both,
            Self::Ja => Policy::Only(Language::Ja),
            Self::En => Policy::Only(Language::En),
        }
    }
}

/// When IPv6 addresses are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipv6 {
    /// After those of IPv4.
    #[default]
    Last,
    /// Before them.
    First,
    /// They alone.
    Only,
    /// Never.
    Off,
}

impl Outgoing {
    /// Says what cannot be, with what to do about it.
    pub(super) fn check(&self) -> Result<(), String> {
        self.check_smart_host()?;
        self.check_numbers()?;
        let families = |is_v6| self.bind.iter().filter(|ip| ip.is_ipv6() == is_v6).count();
        if families(true) > 1 || families(false) > 1 {
            return Err("outgoing.bind can have one IPv4 and one IPv6 address at most".to_owned());
        }
        Ok(())
    }

    fn check_smart_host(&self) -> Result<(), String> {
        let said = [
            (self.smart_host_user.is_some(), "smart_host_user"),
            (
                self.smart_host_password_file.is_some(),
                "smart_host_password_file",
            ),
            (self.smart_host_ca_file.is_some(), "smart_host_ca_file"),
        ];
        let lone = said.into_iter().find(|(is_said, _)| *is_said);
        if let (None, Some((_, key))) = (&self.smart_host, lone) {
            return Err(format!(
                "outgoing.{key} means nothing without outgoing.smart_host"
            ));
        }
        if self.smart_host_user.is_some() != self.smart_host_password_file.is_some() {
            let both = "outgoing.smart_host_user and outgoing.smart_host_password_file go together";
            return Err(both.to_owned());
        }
        if self.smart_host_user.is_some() && self.smart_host_tls == SmartHostTlsMode::None {
            return Err(
                "outgoing.smart_host_user with smart_host_tls = \"none\" would send the password \
                 in plain text; use \"starttls\" or \"implicit\""
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), String> {
        let within = |key: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err(format!(
                    "outgoing.{key} must lie between {least} and {most}"
                ))
            }
        };
        within("port", self.port.into(), 1, u16::MAX.into())?;
        within("expire_days", self.expire_days.into(), 1, 30)?;
        let most = u64::from(self.expire_days) * 24 - 1;
        within(
            "delay_notice_hours",
            self.delay_notice_hours.into(),
            0,
            most,
        )?;
        within("concurrency", self.concurrency as u64, 1, 1_000)?;
        let (each, all) = (self.concurrency_per_destination, self.concurrency);
        within("concurrency_per_destination", each as u64, 1, all as u64)?;
        within(
            "connections_idle_seconds",
            self.connections_idle_seconds,
            0,
            300,
        )?;
        within("connect_seconds", self.connect_seconds, 1, 300)?;
        within("reply_seconds", self.reply_seconds, 1, 300)?;
        within("final_reply_seconds", self.final_reply_seconds, 1, 1_200)
    }

    /// The order of addresses.
    pub const fn families(&self) -> Families {
        match self.ipv6 {
            Ipv6::Last => Families::V4First,
            Ipv6::First => Families::V6First,
            Ipv6::Only => Families::V6Only,
            Ipv6::Off => Families::V4Only,
        }
    }

    /// Whether exchangers may be on this machine.
    pub const fn loopback(&self) -> Loopback {
        if self.allow_loopback {
            Loopback::Allowed
        } else {
            Loopback::Barred
        }
    }

    /// Where connections come from.
    pub fn sources(&self) -> Sources {
        let v4 = self.bind.iter().find_map(|ip| match ip {
            IpAddr::V4(ip) => Some::<Ipv4Addr>(*ip),
            IpAddr::V6(_) => None,
        });
        let v6 = self.bind.iter().find_map(|ip| match ip {
            IpAddr::V6(ip) => Some::<Ipv6Addr>(*ip),
            IpAddr::V4(_) => None,
        });
        Sources { v4, v6 }
    }

    /// How long mail is kept, for the queue; nothing when none is taken.
    pub fn kept(&self) -> Option<hikyaku_transport::Outgoing> {
        let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 3600);
        self.enabled.then(|| hikyaku_transport::Outgoing {
            expire_after: hours(self.expire_days * 24),
            delay_notice_after: (self.delay_notice_hours > 0)
                .then(|| hours(self.delay_notice_hours)),
        })
    }

    /// The files, to be made absolute.
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let files = [
            &mut self.smart_host_ca_file,
            &mut self.smart_host_password_file,
        ];
        files.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, Template, render};

    use super::*;

    fn parse(section: &str) -> Result<Outgoing, String> {
        let text = render(&Template {
            hostname: "mail.example.test",
            database_url: "sqlite:hikyaku.db",
            port_base: None,
        });
        let text = text.replace("[outgoing]\n", &format!("[outgoing]\n{section}\n"));
        Config::parse(&text, Path::new("/srv/mail")).map(|config| config.outgoing)
    }

    #[test]
    fn smart_hosts_are_names_or_addresses_with_a_port() {
        for (text, shown) in [
            ("smtp.example.com:587", "smtp.example.com:587"),
            ("192.0.2.1:25", "192.0.2.1:25"),
            ("[2001:db8::1]:465", "2001:db8::1:465"),
        ] {
            let outgoing = parse(&format!("smart_host = \"{text}\"")).unwrap();
            assert_eq!(format!("{:?}", outgoing.smart_host.unwrap()), shown);
        }
        for text in [
            "smtp.example.com",
            "smtp:x",
            "a b:25",
            "2001:db8::1",
            ":25",
            "a:65536",
        ] {
            let error = parse(&format!("smart_host = \"{text}\"")).unwrap_err();
            assert!(error.contains("HOST:PORT"), "{error}");
        }
    }

    #[test]
    fn files_are_beside_the_configuration() {
        let lines = "smart_host = \"a.example:587\"\nsmart_host_user = \"u\"\n\
                     smart_host_password_file = \"secret\"";
        let file = parse(lines).unwrap().smart_host_password_file;
        assert_eq!(file.as_deref(), Some(Path::new("/srv/mail/secret")));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let host = "smart_host = \"a.example:587\"\n";
        let login = "smart_host_user = \"u\"\nsmart_host_password_file = \"f\"\n";
        for (lines, word) in [
            (login.to_owned(), "without outgoing.smart_host"),
            (
                "smart_host_ca_file = \"f\"".to_owned(),
                "without outgoing.smart_host",
            ),
            (format!("{host}smart_host_user = \"u\""), "go together"),
            (
                format!("{host}smart_host_password_file = \"f\""),
                "go together",
            ),
            (
                format!("{host}{login}smart_host_tls = \"none\""),
                "plain text",
            ),
            (
                "bind = [\"192.0.2.1\", \"192.0.2.2\"]".to_owned(),
                "one IPv4",
            ),
            ("port = 0".to_owned(), "outgoing.port"),
            ("expire_days = 0".to_owned(), "outgoing.expire_days"),
            ("expire_days = 31".to_owned(), "outgoing.expire_days"),
            (
                "expire_days = 1\ndelay_notice_hours = 24".to_owned(),
                "delay_notice_hours",
            ),
            ("concurrency = 0".to_owned(), "outgoing.concurrency"),
            ("concurrency = 1001".to_owned(), "outgoing.concurrency"),
            (
                "concurrency = 2\nconcurrency_per_destination = 3".to_owned(),
                "per_destination",
            ),
            (
                "connections_idle_seconds = 301".to_owned(),
                "connections_idle_seconds",
            ),
            ("connect_seconds = 0".to_owned(), "connect_seconds"),
            ("reply_seconds = 301".to_owned(), "reply_seconds"),
            (
                "final_reply_seconds = 1201".to_owned(),
                "final_reply_seconds",
            ),
            ("ipv6 = \"yes\"".to_owned(), "ipv6"),
            ("report_language = \"fr\"".to_owned(), "report_language"),
            ("smarthost = \"a\"".to_owned(), "smarthost"),
        ] {
            let error = parse(&lines).unwrap_err();
            assert!(error.contains(word), "{lines}: {error}");
        }
    }

    #[test]
    fn settings_reach_those_who_use_them() {
        let outgoing = parse(
            "ipv6 = \"only\"\nbind = [\"::1\", \"127.0.0.9\"]\nallow_loopback = true\n\
             expire_days = 2\ndelay_notice_hours = 0\nreport_language = \"ja\"",
        );
        let outgoing = outgoing.unwrap();
        let japanese = hikyaku_transport::ReportLanguage::Only(Language::Ja);
        assert_eq!(outgoing.report_language.policy(), japanese);
        assert_eq!(outgoing.families(), Families::V6Only);
        assert_eq!(outgoing.loopback(), Loopback::Allowed);
        let sources = outgoing.sources();
        assert_eq!(sources.v4, Some(Ipv4Addr::new(127, 0, 0, 9)));
        assert_eq!(sources.v6, Some(Ipv6Addr::LOCALHOST));
        let kept = outgoing.kept().unwrap();
        assert_eq!(kept.expire_after, Duration::from_hours(48));
        assert_eq!(kept.delay_notice_after, None);
        assert_eq!(parse("enabled = false").unwrap().kept(), None);
    }
}
