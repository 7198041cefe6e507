//! How an import goes about it.

/// Whether an import trusts what earlier runs of the same source noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// It goes on where they stood: files that are as they were are not read again.
    #[default]
    Continue,
    /// It reads the source from its beginning. What is in the account still does not come in twice.
    Over,
}

/// What becomes of messages that were imported before and deleted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gone {
    /// They stay deleted.
    #[default]
    LeaveOut,
    /// They come back. The source is read from its beginning.
    BringBack,
}

/// What happens when a message finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// The import ends.
    #[default]
    Stop,
    /// The message is passed over; others may be smaller.
    PassOver,
}

/// What the folders of the source are called in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FolderNames {
    /// Usual names of sent mail, drafts, trash, junk and the archive lead to the account's own
    /// mailbox for it: `送信済みトレイ` to `Sent`.
    #[default]
    Mapped,
    /// What they are called in the source.
    Kept,
}

/// How an import goes about it. The default is what a first run and those after it need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Where it begins.
    pub start: Start,
    /// What becomes of what was deleted since.
    pub gone: Gone,
    /// What happens when there is no room.
    pub when_full: WhenFull,
    /// What folders are called.
    pub names: FolderNames,
}

impl ImportOptions {
    /// Whether what earlier runs noted is passed over.
    pub(super) fn reads_from_the_beginning(self) -> bool {
        self.start == Start::Over || self.gone == Gone::BringBack
    }
}
