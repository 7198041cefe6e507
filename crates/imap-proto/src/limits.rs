//! The limits of the grammar: what a client may send before it is refused.

/// How mailbox names travel, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameEncoding {
    /// In modified UTF-7 (RFC 3501 §5.1.3). Raw UTF-8 is understood as well.
    #[default]
    Utf7,
    /// In UTF-8, after `ENABLE UTF8=ACCEPT` (RFC 9755 §3): `&` is a character like any other.
    Utf8,
}

/// Every limit the reader and the parser keep. Crossing one is answered, never silently cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one line of a command without its line end. Clients name hundreds of UIDs in one
    /// line (RFC 7162 §4 asks for 8,192 at least).
    pub line: usize,
    /// Bytes of one literal that is not a message: mailbox names, passwords, search texts.
    pub literal: usize,
    /// Bytes of one message given to APPEND: the message size limit of the server.
    pub message: u64,
    /// How many messages one APPEND brings (RFC 3502): they are stored in one transaction.
    pub append_messages: usize,
    /// Bytes of one whole command, all lines and literals together, messages not counted.
    pub command: usize,
    /// Bytes of a refused command that are read and thrown away so that the connection can go
    /// on. More than that ends the connection.
    pub discard: u64,
    /// How deep SEARCH keys nest (parentheses, NOT and OR).
    pub search_depth: usize,
    /// How many SEARCH keys one command holds.
    pub search_keys: usize,
    /// How many numbers and ranges one sequence set holds.
    pub set_items: usize,
    /// How many data items one FETCH names.
    pub fetch_items: usize,
    /// How many header fields one FETCH section names.
    pub header_fields: usize,
    /// How many part numbers one FETCH section goes down.
    pub section_depth: usize,
    /// How many flags one STORE or APPEND names.
    pub flags: usize,
    /// How many options, patterns or STATUS items one command lists.
    pub list_items: usize,
    /// Bytes of all patterns of one LIST, each with its reference: matching takes time in
    /// proportion to them.
    pub list_pattern: usize,
    /// How many field-value pairs an ID command holds (RFC 2971 §3.3: 30).
    pub id_pairs: usize,
    /// Bytes of one value in an ID command (RFC 2971 §3.3: 1,024).
    pub id_value: usize,
    /// No limit, but of the same life: how mailbox names are to be read.
    pub names: NameEncoding,
}

impl Limits {
    /// For a client that has signed in; `message` is the server's message size limit in bytes.
    pub const fn new(message: u64) -> Self {
        Self {
            line: 64 * 1024,
            literal: 16 * 1024,
            message,
            append_messages: 500,
            command: 128 * 1024,
            discard: 1024 * 1024,
            search_depth: 32,
            search_keys: 1000,
            set_items: 10_000,
            fetch_items: 100,
            header_fields: 100,
            section_depth: 64,
            flags: 100,
            list_items: 100,
            list_pattern: 1024,
            id_pairs: 30,
            id_value: 1024,
            names: NameEncoding::Utf7,
        }
    }

    /// For a client that has not signed in: enough for every command of that state, and little
    /// to hold for a stranger.
    pub const fn before_sign_in() -> Self {
        Self {
            line: 8 * 1024,
            literal: 4 * 1024,
            message: 0,
            command: 16 * 1024,
            discard: 64 * 1024,
            ..Self::new(0)
        }
    }
}

impl Default for Limits {
    /// Limits for messages of at most 50 MiB.
    fn default() -> Self {
        Self::new(50 * 1024 * 1024)
    }
}
