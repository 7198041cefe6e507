//! From where an account may sign in, for each way (AD-03).

use std::{collections::BTreeMap, net::IpAddr};

use hikyaku_db::{Tx, params};
use hikyaku_types::Network;

use super::unknown;
use crate::{AccountScope, DirectoryError, stored::Stored};

/// Networks of one way of one account at most: offices and their lines; more are a zone of the
/// platform.
pub const MAX_NETWORKS: usize = 32;

/// A way to sign in, as networks are listed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Webmail, consoles and account pages.
    Web,
    /// IMAP.
    Imap,
    /// POP3.
    Pop,
    /// Submission.
    Smtp,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Web, Self::Imap, Self::Pop, Self::Smtp];

    /// The word in requests, answers and the database.
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// The way of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::from_word(word)
    }
}

impl Stored for Way {
    const NAME: &'static str = "a way to sign in";

    fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Imap => "imap",
            Self::Pop => "pop",
            Self::Smtp => "smtp",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}

/// For each way the networks from which the account may sign in; a way that is not listed is open
/// to all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedNetworks(BTreeMap<Way, Vec<Network>>);

impl AllowedNetworks {
    /// Everywhere.
    pub fn everywhere() -> Self {
        Self::default()
    }

    /// With these networks for a way; none opens the way to all.
    ///
    /// # Errors
    /// [`DirectoryError::FieldInvalid`] with more than [`MAX_NETWORKS`].
    pub fn with(mut self, way: Way, networks: Vec<Network>) -> Result<Self, DirectoryError> {
        if networks.len() > MAX_NETWORKS {
            return Err(DirectoryError::FieldInvalid {
                field: "networks",
                detail: format!("has more than {MAX_NETWORKS} networks for one protocol"),
            });
        }
        if networks.is_empty() {
            self.0.remove(&way);
        } else {
            self.0.insert(way, networks);
        }
        Ok(self)
    }

    /// Each way that is not open to all, with its networks.
    pub fn iter(&self) -> impl Iterator<Item = (Way, &[Network])> {
        self.0.iter().map(|(way, list)| (*way, list.as_slice()))
    }

    /// Whether a client at this address may sign in this way.
    pub fn allow(&self, way: Way, ip: IpAddr) -> bool {
        self.0
            .get(&way)
            .is_none_or(|list| list.iter().any(|network| network.contains(ip)))
    }

    /// The text in the column `account.networks`: `imap 192.0.2.0/24 2001:db8::/32;web …`.
    pub(crate) fn to_storage(&self) -> String {
        let ways: Vec<String> = self
            .iter()
            .map(|(way, list)| {
                let networks = list.iter().map(|network| format!(" {network}"));
                format!("{}{}", way.word(), networks.collect::<String>())
            })
            .collect();
        ways.join(";")
    }

    /// The networks of a text that [`Self::to_storage`] wrote; nothing for another text. Whoever
    /// decides on a sign-in and gets nothing refuses it.
    pub fn from_storage(text: &str) -> Option<Self> {
        let mut networks = Self::default();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let mut words = part.split(' ');
            let way = Way::from_word(words.next()?)?;
            let list = words.map(|word| word.parse().ok());
            networks.0.insert(way, list.collect::<Option<_>>()?);
        }
        Some(networks)
    }
}

/// From where an account may sign in.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn allowed_networks(
    tx: &Tx<'_>,
    scope: AccountScope,
) -> Result<AllowedNetworks, DirectoryError> {
    let stored = tx.query_opt(
        "SELECT networks FROM account WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL",
        params![scope.tenant, scope.account],
        |row| read(row, 0),
    )?;
    stored.ok_or_else(|| unknown(scope))
}

/// The networks in a column.
pub(crate) fn read(
    row: &hikyaku_db::Row<'_>,
    index: usize,
) -> Result<AllowedNetworks, hikyaku_db::DbError> {
    AllowedNetworks::from_storage(row.text(index)?)
        .ok_or_else(|| crate::stored::unreadable(index, "networks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_way_without_networks_is_open() {
        let office = vec![
            "192.0.2.0/24".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ];
        let networks = AllowedNetworks::everywhere()
            .with(Way::Imap, office)
            .unwrap();
        assert!(networks.allow(Way::Imap, ip("192.0.2.7")));
        assert!(networks.allow(Way::Imap, ip("::ffff:192.0.2.7")));
        assert!(networks.allow(Way::Imap, ip("2001:db8::1")));
        assert!(!networks.allow(Way::Imap, ip("198.51.100.1")));
        assert!(networks.allow(Way::Web, ip("198.51.100.1")));
        let stored = networks.to_storage();
        assert_eq!(stored, "imap 192.0.2.0/24 2001:db8::/32");
        assert_eq!(
            AllowedNetworks::from_storage(&stored),
            Some(networks.clone())
        );
        let open = networks.with(Way::Imap, Vec::new()).unwrap();
        assert_eq!(open, AllowedNetworks::everywhere());
        assert_eq!(AllowedNetworks::from_storage(""), Some(open));
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for text in ["imap 192.0.2.0/33", "ftp 192.0.2.0/24", "imap x", "imap  "] {
            assert_eq!(AllowedNetworks::from_storage(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_way_has_so_many_networks() {
        let network: Network = "192.0.2.1".parse().unwrap();
        let list = |count| AllowedNetworks::everywhere().with(Way::Web, vec![network; count]);
        assert!(list(MAX_NETWORKS).is_ok());
        assert!(list(MAX_NETWORKS + 1).is_err());
    }
}
