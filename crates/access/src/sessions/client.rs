//! The browser at the other end, as far as it tells.

use std::net::IpAddr;

/// Characters of a browser's name for itself that are kept (300): the rest says nothing new.
pub const AGENT_CHARS_MAX: usize = 300;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its `User-Agent`, cut to [`AGENT_CHARS_MAX`] and without control characters.
    agent: String,
}

impl Client {
    /// A client by its address and its `User-Agent`, if it sent one.
    pub fn new(address: IpAddr, agent: &str) -> Self {
        let shown = agent.chars().filter(|c| !c.is_control());
        Self {
            address,
            agent: shown.take(AGENT_CHARS_MAX).collect(),
        }
    }

    /// Its `User-Agent` as it is stored.
    pub fn agent(&self) -> &str {
        &self.agent
    }
}

/// Programs by a mark in their `User-Agent`. The order matters: most of them also bear the marks
/// of those below.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// Systems, likewise.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// What to call a client in a list: `Firefox, Windows`. Empty when it says nothing that we know.
pub fn device(agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        let found = table.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(PROGRAMS), find(SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn browsers_are_called_by_their_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537",
                "Chrome, Android",
            ),
            ("curl/8.14.1", "curl"),
            ("", ""),
            ("something else", ""),
        ] {
            assert_eq!(device(agent), name, "{agent}");
        }
    }

    #[test]
    fn a_name_is_cut_and_cleaned() {
        let client = Client::new(Ipv4Addr::LOCALHOST.into(), &"あ\r\n".repeat(400));
        assert_eq!(client.agent().chars().count(), AGENT_CHARS_MAX);
        assert!(!client.agent().contains('\n'));
    }
}
