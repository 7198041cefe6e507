//! Lists that come in pages.

use serde::Serialize;

/// Items of one page.
pub(crate) const PAGE: u32 = 500;

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of up to [`PAGE`] items. A full one has a next, whose cursor `key` makes of the last.
    pub(crate) fn new(items: Vec<T>, key: impl Fn(&T) -> String) -> Self {
        let full = items.len() >= PAGE as usize;
        let next = items.last().filter(|_| full).map(key);
        Self { items, next }
    }
}
