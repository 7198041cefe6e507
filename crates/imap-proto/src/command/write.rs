//! Commands written out again: what the fuzz targets and tests compare a command with.

use super::{
    Append, Authenticate, Command, Compression, CondStore, Copy, Create, Enable, Fetch, FetchItem,
    Id, List, ListReturn, ListSelect, Login, Numbering, Peek, Request, Search, SearchKey,
    SearchReturn, Select, Silent, Status, Store, StoreMode,
};
use crate::{
    MailboxName,
    date::{write_date, write_date_time},
    response::{write_astring, write_string},
    sequence::write_number,
    utf7,
};

impl Request {
    /// Writes the command so that reading it gives the same again. Literals stand where they
    /// would, without the waiting.
    #[doc(hidden)]
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.tag.as_str().as_bytes());
        out.push(b' ');
        self.command.write(out);
        out.extend_from_slice(b"\r\n");
    }
}

impl Command {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Capability => word("CAPABILITY", out),
            Self::Check => word("CHECK", out),
            Self::Compress(Compression::Deflate) => word("COMPRESS DEFLATE", out),
            Self::GetQuota(root) => {
                word("GETQUOTA ", out);
                root.write(out);
            }
            Self::SetQuota(set) => {
                word("SETQUOTA ", out);
                set.write(out);
            }
            Self::Close => word("CLOSE", out),
            Self::Idle => word("IDLE", out),
            Self::Logout => word("LOGOUT", out),
            Self::Namespace => word("NAMESPACE", out),
            Self::Noop => word("NOOP", out),
            Self::StartTls => word("STARTTLS", out),
            Self::Unselect => word("UNSELECT", out),
            Self::Expunge(None) => word("EXPUNGE", out),
            Self::Expunge(Some(set)) => {
                word("UID EXPUNGE ", out);
                set.write(out);
            }
            Self::GetQuotaRoot(name) => one_mailbox("GETQUOTAROOT ", name, out),
            Self::Delete(name) => one_mailbox("DELETE ", name, out),
            Self::Examine(select) => select.write("EXAMINE ", out),
            Self::Select(select) => select.write("SELECT ", out),
            Self::Subscribe(name) => one_mailbox("SUBSCRIBE ", name, out),
            Self::Unsubscribe(name) => one_mailbox("UNSUBSCRIBE ", name, out),
            Self::Rename(rename) => {
                one_mailbox("RENAME ", &rename.from, out);
                one_mailbox(" ", &rename.to, out);
            }
            Self::Append(append) => append.write(out),
            Self::Authenticate(authenticate) => authenticate.write(out),
            Self::Copy(copy) => copy.write("COPY ", out),
            Self::Move(copy) => copy.write("MOVE ", out),
            Self::Create(create) => create.write(out),
            Self::Enable(enable) => enable.write(out),
            Self::Fetch(fetch) => fetch.write(out),
            Self::Id(id) => id.write(out),
            Self::List(list) => list.write("LIST", out),
            Self::Lsub(list) => list.write("LSUB", out),
            Self::Login(login) => login.write(out),
            Self::Search(search) => search.write(out),
            Self::Status(status) => status.write(out),
            Self::Store(store) => store.write(out),
        }
    }
}

fn word(word: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
}

fn one_mailbox(before: &str, name: &MailboxName, out: &mut Vec<u8>) {
    word(before, out);
    utf7_astring(name.as_str(), out);
}

fn utf7_astring(text: &str, out: &mut Vec<u8>) {
    let mut wire = Vec::new();
    utf7::encode(text, &mut wire);
    write_astring(&wire, out);
}

fn uid_prefix(numbering: Numbering, out: &mut Vec<u8>) {
    if numbering == Numbering::Uid {
        word("UID ", out);
    }
}

/// Items in parentheses.
fn list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write(item, out);
    }
    out.push(b')');
}

impl Append {
    fn write(&self, out: &mut Vec<u8>) {
        one_mailbox("APPEND ", &self.mailbox, out);
        for message in &self.messages {
            word(" ", out);
            list(&message.flags, out, crate::Flag::write);
            if let Some(date) = message.date {
                out.push(b' ');
                write_date_time(date, out);
            }
            word(" {", out);
            let content = message.content.as_deref().unwrap_or_default();
            write_number(content.len() as u64, out);
            word("}\r\n", out);
            out.extend_from_slice(content);
        }
    }
}

impl Authenticate {
    fn write(&self, out: &mut Vec<u8>) {
        word("AUTHENTICATE ", out);
        word(&self.mechanism, out);
        if let Some(initial) = &self.initial {
            out.push(b' ');
            out.extend_from_slice(initial);
        }
    }
}

impl Copy {
    fn write(&self, name: &str, out: &mut Vec<u8>) {
        uid_prefix(self.numbering, out);
        word(name, out);
        self.set.write(out);
        one_mailbox(" ", &self.mailbox, out);
    }
}

impl Create {
    fn write(&self, out: &mut Vec<u8>) {
        one_mailbox("CREATE ", &self.mailbox, out);
        if !self.special_uses.is_empty() {
            word(" (USE ", out);
            list(&self.special_uses, out, |special_use, out| {
                word(special_use.as_str(), out);
            });
            out.push(b')');
        }
    }
}

impl Enable {
    fn write(&self, out: &mut Vec<u8>) {
        word("ENABLE", out);
        for name in &self.names {
            out.push(b' ');
            word(name, out);
        }
    }
}

impl Fetch {
    fn write(&self, out: &mut Vec<u8>) {
        uid_prefix(self.numbering, out);
        word("FETCH ", out);
        self.set.write(out);
        out.push(b' ');
        list(&self.items, out, FetchItem::write);
        if let Some(modseq) = self.changed_since {
            word(&format!(" (CHANGEDSINCE {modseq})"), out);
        }
    }
}

impl FetchItem {
    fn write(&self, out: &mut Vec<u8>) {
        if let Some((name, _)) = Self::NAMES.iter().find(|(_, item)| item == self) {
            word(name, out);
        }
        if let Self::Section {
            section,
            partial,
            peek,
        } = self
        {
            word(
                if *peek == Peek::Yes {
                    "BODY.PEEK"
                } else {
                    "BODY"
                },
                out,
            );
            section.write(out);
            if let Some(partial) = partial {
                out.push(b'<');
                write_number(partial.offset, out);
                out.push(b'.');
                write_number(partial.length.get(), out);
                out.push(b'>');
            }
        }
    }
}

impl Id {
    fn write(&self, out: &mut Vec<u8>) {
        word("ID ", out);
        list(&self.pairs, out, |(field, value), out| {
            write_string(field.as_bytes(), out);
            out.push(b' ');
            match value {
                Some(value) => write_string(value.as_bytes(), out),
                None => word("NIL", out),
            }
        });
    }
}

impl List {
    fn write(&self, name: &str, out: &mut Vec<u8>) {
        word(name, out);
        if self.extended {
            out.push(b' ');
            list(&self.select, out, |option, out| {
                named(&ListSelect::NAMES, option, out);
            });
        }
        out.push(b' ');
        utf7_astring(&self.reference, out);
        out.push(b' ');
        if self.extended {
            list(&self.patterns, out, |pattern, out| {
                utf7_astring(pattern, out);
            });
            word(" RETURN ", out);
            list(&self.returns, out, |option, out| {
                named(&ListReturn::NAMES, option, out);
                if *option == ListReturn::Status {
                    out.push(b' ');
                    list(&self.status, out, |item, out| word(item.as_str(), out));
                }
            });
        } else if let [pattern] = self.patterns.as_slice() {
            utf7_astring(pattern, out);
        }
    }
}

fn named<T: PartialEq>(names: &[(&str, T)], option: &T, out: &mut Vec<u8>) {
    if let Some((name, _)) = names.iter().find(|(_, known)| known == option) {
        word(name, out);
    }
}

impl Login {
    fn write(&self, out: &mut Vec<u8>) {
        word("LOGIN ", out);
        write_astring(&self.user, out);
        out.push(b' ');
        write_astring(self.password.expose(), out);
    }
}

impl Select {
    fn write(&self, name: &str, out: &mut Vec<u8>) {
        one_mailbox(name, &self.mailbox, out);
        if self.condstore == CondStore::Wanted {
            word(" (CONDSTORE)", out);
        }
    }
}

impl Status {
    fn write(&self, out: &mut Vec<u8>) {
        one_mailbox("STATUS ", &self.mailbox, out);
        out.push(b' ');
        list(&self.items, out, |item, out| word(item.as_str(), out));
    }
}

impl Store {
    fn write(&self, out: &mut Vec<u8>) {
        uid_prefix(self.numbering, out);
        word("STORE ", out);
        self.set.write(out);
        if let Some(modseq) = self.unchanged_since {
            word(&format!(" (UNCHANGEDSINCE {modseq})"), out);
        }
        word(
            match self.mode {
                StoreMode::Add => " +FLAGS",
                StoreMode::Remove => " -FLAGS",
                StoreMode::Replace => " FLAGS",
            },
            out,
        );
        word(
            if self.silent == Silent::Yes {
                ".SILENT "
            } else {
                " "
            },
            out,
        );
        list(&self.flags, out, crate::Flag::write);
    }
}

impl Search {
    fn write(&self, out: &mut Vec<u8>) {
        uid_prefix(self.numbering, out);
        word("SEARCH ", out);
        if let Some(returns) = &self.returns {
            word("RETURN ", out);
            list(returns, out, |option, out| {
                named(&SearchReturn::NAMES, option, out);
            });
            out.push(b' ');
        }
        if let Some(charset) = &self.charset {
            word("CHARSET ", out);
            write_astring(charset.as_bytes(), out);
            out.push(b' ');
        }
        self.key.write(out);
    }
}

impl SearchKey {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::All => word("ALL", out),
            Self::ModSeq(modseq) => word(&format!("MODSEQ {modseq}"), out),
            Self::New => word("NEW", out),
            Self::Old => word("OLD", out),
            Self::And(keys) => list(keys, out, Self::write),
            Self::Flag(flag) => flag_key("", flag, out),
            Self::Unflag(flag) => flag_key("UN", flag, out),
            Self::Bcc(text) => text_key("BCC ", text, out),
            Self::Body(text) => text_key("BODY ", text, out),
            Self::Cc(text) => text_key("CC ", text, out),
            Self::From(text) => text_key("FROM ", text, out),
            Self::Subject(text) => text_key("SUBJECT ", text, out),
            Self::Text(text) => text_key("TEXT ", text, out),
            Self::To(text) => text_key("TO ", text, out),
            Self::EmailId(id) => word(&format!("EMAILID {}", id.as_str()), out),
            Self::ThreadId(id) => word(&format!("THREADID {}", id.as_str()), out),
            Self::Keyword(keyword) => word(&format!("KEYWORD {keyword}"), out),
            Self::Unkeyword(keyword) => word(&format!("UNKEYWORD {keyword}"), out),
            Self::Larger(bytes) => word(&format!("LARGER {bytes}"), out),
            Self::Smaller(bytes) => word(&format!("SMALLER {bytes}"), out),
            Self::Header(name, text) => {
                text_key("HEADER ", name, out);
                text_key(" ", text, out);
            }
            Self::Not(key) => {
                word("NOT ", out);
                key.write(out);
            }
            Self::Or(one, other) => {
                word("OR ", out);
                one.write(out);
                out.push(b' ');
                other.write(out);
            }
            Self::Sequence(set) => set.write(out),
            Self::Uid(set) => {
                word("UID ", out);
                set.write(out);
            }
            Self::Before(date) => date_key("BEFORE ", *date, out),
            Self::On(date) => date_key("ON ", *date, out),
            Self::SentBefore(date) => date_key("SENTBEFORE ", *date, out),
            Self::SentOn(date) => date_key("SENTON ", *date, out),
            Self::SentSince(date) => date_key("SENTSINCE ", *date, out),
            Self::Since(date) => date_key("SINCE ", *date, out),
        }
    }
}

/// The name of a flag's key is the flag's without its backslash.
fn flag_key(before: &str, flag: &crate::Flag, out: &mut Vec<u8>) {
    let mut name = Vec::new();
    flag.write(&mut name);
    word(before, out);
    out.extend(name.iter().skip(1).map(u8::to_ascii_uppercase));
}

fn text_key(before: &str, text: &[u8], out: &mut Vec<u8>) {
    word(before, out);
    write_astring(text, out);
}

fn date_key(before: &str, date: crate::Date, out: &mut Vec<u8>) {
    word(before, out);
    write_date(date, out);
}
