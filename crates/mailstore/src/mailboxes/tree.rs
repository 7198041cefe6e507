//! All mailboxes of an account as a tree: at most as many as the account may have.

use std::collections::{HashMap, HashSet};

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{ByteSize, Id as _, MailboxId, ModSeq, Uid, UidValidity};

use crate::{
    error::MailError,
    mailbox::Mailbox,
    name::{DEPTH_MAX, MailboxPath, SEPARATOR},
    special_use::SpecialUse,
};

/// The parent of the mailboxes at the top.
pub(crate) const TOP: i64 = 0;

/// One mailbox row.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: MailboxId,
    pub(crate) parent: i64,
    pub(crate) name: String,
    pub(crate) role: Option<SpecialUse>,
    pub(crate) uid_validity: UidValidity,
    pub(crate) uid_next: Uid,
    pub(crate) modseq: ModSeq,
    pub(crate) total: u32,
    pub(crate) unseen: u32,
    pub(crate) deleted: u32,
    pub(crate) size: ByteSize,
}

impl Node {
    /// The columns that [`Node::read`] expects, of a table called `b`.
    pub(crate) const COLUMNS: &str = "b.id, b.parent_id, b.name, b.role, b.uid_validity, \
        b.uid_next, b.modseq, b.total, b.unseen, b.deleted, b.size_bytes";

    pub(crate) fn read(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            id: row.get(0)?,
            parent: row.get(1)?,
            name: row.get(2)?,
            role: row.get::<Option<i64>>(3)?.and_then(SpecialUse::from_code),
            uid_validity: row.get(4)?,
            uid_next: uid_next(row.get(5)?),
            modseq: row.get(6)?,
            total: row.get(7)?,
            unseen: row.get(8)?,
            deleted: row.get(9)?,
            size: row.get(10)?,
        })
    }

    /// The mailbox for a path that is known.
    pub(crate) fn into_mailbox(self, path: MailboxPath, has_children: bool) -> Mailbox {
        Mailbox {
            id: self.id,
            path,
            role: self.role,
            uid_validity: self.uid_validity,
            uid_next: self.uid_next,
            modseq: self.modseq,
            total: self.total,
            unseen: self.unseen,
            deleted: self.deleted,
            size: self.size,
            has_children,
        }
    }
}

/// The next UID as a UID: a mailbox that gave its last one out shows that one.
pub(crate) fn uid_next(stored: i64) -> Uid {
    u32::try_from(stored)
        .ok()
        .and_then(Uid::new)
        .unwrap_or(Uid::MAX)
}

/// All mailboxes of an account.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    places: HashMap<i64, usize>,
}

impl Tree {
    /// Loads the account's mailboxes, without those that are being emptied.
    pub(crate) fn load(tx: &Tx<'_>, scope: AccountScope) -> Result<Self, MailError> {
        let sql = format!(
            "SELECT {} FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
             WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.parent_id >= 0",
            Node::COLUMNS
        );
        let nodes = tx.query(&sql, params![scope.account, scope.tenant], Node::read)?;
        if nodes.is_empty() {
            // Every account has at least INBOX.
            return Err(MailError::NoSuchAccount);
        }
        let places = nodes
            .iter()
            .enumerate()
            .map(|(place, node)| (node.id.to_i64(), place));
        Ok(Self {
            places: places.collect(),
            nodes,
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All of them, in no order.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The mailbox of an id.
    pub(crate) fn get(&self, id: MailboxId) -> Option<&Node> {
        self.node(id.to_i64())
    }

    fn node(&self, id: i64) -> Option<&Node> {
        self.places
            .get(&id)
            .and_then(|place| self.nodes.get(*place))
    }

    /// The child of a parent with this name.
    pub(crate) fn child(&self, parent: i64, name: &str) -> Option<&Node> {
        self.nodes
            .iter()
            .find(|node| node.parent == parent && node.name == name)
    }

    /// The mailbox of a path.
    pub(crate) fn find(&self, path: &MailboxPath) -> Option<&Node> {
        let mut found = None;
        let mut parent = TOP;
        for level in path.levels() {
            let node = self.child(parent, level)?;
            parent = node.id.to_i64();
            found = Some(node);
        }
        found
    }

    /// The path of a mailbox. A parent that is missing (which the checker reports) leaves the
    /// mailbox at the top, so that its mail stays within reach.
    pub(crate) fn path(&self, node: &Node) -> MailboxPath {
        let mut levels = vec![node.name.as_str()];
        let mut parent = node.parent;
        // Nothing is nested deeper; a damaged row that is its own ancestor ends here too.
        for _ in 0..2 * DEPTH_MAX {
            let Some(above) = self.node(parent) else {
                break;
            };
            levels.push(above.name.as_str());
            parent = above.parent;
        }
        levels.reverse();
        MailboxPath::from_stored(levels.join(&SEPARATOR.to_string()))
    }

    /// Whether a mailbox has mailboxes below it.
    pub(crate) fn has_children(&self, id: MailboxId) -> bool {
        self.nodes.iter().any(|node| node.parent == id.to_i64())
    }

    /// The mailboxes with their paths, sorted by path with INBOX first.
    pub(crate) fn into_mailboxes(self) -> Vec<Mailbox> {
        let parents: HashSet<i64> = self.nodes.iter().map(|node| node.parent).collect();
        let paths: Vec<MailboxPath> = self.nodes.iter().map(|node| self.path(node)).collect();
        let mut mailboxes: Vec<Mailbox> = self
            .nodes
            .into_iter()
            .zip(paths)
            .map(|(node, path)| {
                let has_children = parents.contains(&node.id.to_i64());
                node.into_mailbox(path, has_children)
            })
            .collect();
        mailboxes.sort_by(|a, b| {
            let key = |mailbox: &Mailbox| !mailbox.path.is_inbox();
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        mailboxes
    }
}
