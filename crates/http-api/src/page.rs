//! Lists that come in pages: where a page begins ([`Cursor`]), how long it is ([`Limit`]), in which
//! order ([`Sort`]).
//!
//! ```ignore
//! #[derive(Debug, Deserialize, IntoParams)]
//! #[serde(deny_unknown_fields)]
//! #[into_params(parameter_in = Query)]
//! struct AccountQuery {
//!     /// Where the page begins: `next` of the page before.
//!     #[param(value_type = Option<String>)]
//!     cursor: Option<Cursor>,
//!     #[serde(default)]
//!     #[param(value_type = Option<u32>, maximum = 500)]
//!     limit: Limit,
//!     #[serde(default)]
//!     #[param(value_type = Option<String>)]
//!     sort: Sort<AccountSort>,
//!     q: Option<String>,
//! }
//! let list = ListName::of("accounts", &(&query.sort, &query.q));
//! let after: Option<(String, AccountId)> = list.open(query.cursor.as_ref())?;
//! // … read `query.limit.and_one()` rows behind `after` …
//! Page::cut(items, query.limit, |last| list.seal(&(&last.name, last.id)))
//! ```

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, IntoDeserializer, value::Error as ValueError},
};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Items of a page when nothing is said.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// Items of a page at most: a page of the largest rows stays under a megabyte.
pub(crate) const MAX_LIMIT: u32 = 500;
/// Bytes of a cursor at most; ours hold two or three sort keys.
const MAX_CURSOR: usize = 4096;
/// What cursors of this form begin with. Another form gets another letter.
const FORM: &str = "a";

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// The page of up to [`Limit::and_one`] items that were found. The one too many shows that
    /// there is a next page, which begins behind the last item that is shown.
    pub(crate) fn cut(mut items: Vec<T>, limit: Limit, seal: impl FnOnce(&T) -> String) -> Self {
        let more = items.len() > limit.0 as usize;
        items.truncate(limit.0 as usize);
        let next = if more { items.last().map(seal) } else { None };
        Self { items, next }
    }

    /// The same page with its items shown as something else.
    pub(crate) fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(show).collect(),
            next: self.next,
        }
    }
}

/// How many items a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(u32);

impl Limit {
    /// What to ask the store for: one more than is shown.
    pub(crate) const fn and_one(self) -> u32 {
        self.0 + 1
    }
}

impl Limit {
    /// What is shown.
    pub(crate) const fn items(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            limit @ 1..=MAX_LIMIT => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("from 1 to {MAX_LIMIT}"))),
        }
    }
}

/// By what a list is sorted, and whether backwards: `name`, `-name`. `K` is an enum whose variants
/// are the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sort<K> {
    pub(crate) by: K,
    pub(crate) direction: Direction,
}

/// Upwards or downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Direction {
    #[default]
    Up,
    Down,
}

impl<K: Serialize> Serialize for Sort<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.by, self.direction == Direction::Down).serialize(serializer)
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Sort<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (word, direction) = match text.strip_prefix('-') {
            Some(word) => (word, Direction::Down),
            None => (text.as_str(), Direction::Up),
        };
        let by = K::deserialize(IntoDeserializer::<ValueError>::into_deserializer(word));
        let by = by.map_err(D::Error::custom)?;
        Ok(Self { by, direction })
    }
}

/// Where a page begins, as the client got it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cursor(String);

/// Which list, in which order, through which filters: a cursor of one is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListName([u8; 6]);

impl ListName {
    /// The list `name` with its order and filters.
    pub(crate) fn of(name: &str, order_and_filters: &impl Serialize) -> Self {
        let json = serde_json::to_vec(&(name, order_and_filters)).unwrap_or_default();
        let hash = blake3::hash(&json);
        let mut mark = [0; 6];
        mark.copy_from_slice(hash.as_bytes().split_at(6).0);
        Self(mark)
    }

    /// The cursor of the page behind `key`.
    pub(crate) fn seal(self, key: &impl Serialize) -> String {
        let mut bytes = self.0.to_vec();
        bytes.extend(serde_json::to_vec(key).unwrap_or_default());
        format!("{FORM}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The key that a cursor of this list names; nothing for the first page.
    ///
    /// # Errors
    /// `bad_cursor` for everything that this list did not give.
    pub(crate) fn open<K: DeserializeOwned>(
        self,
        cursor: Option<&Cursor>,
    ) -> Result<Option<K>, Problem> {
        let Some(Cursor(text)) = cursor else {
            return Ok(None);
        };
        let read = || {
            let text = text
                .strip_prefix(FORM)
                .filter(|text| text.len() <= MAX_CURSOR)?;
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let key = bytes.strip_prefix(self.0.as_slice())?;
            serde_json::from_slice(key).ok()
        };
        read().map(Some).ok_or_else(|| {
            let detail = "the cursor is not of this list with this order and these filters: \
                          begin without one";
            Problem::new(StatusCode::BAD_REQUEST, "bad_cursor", detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_list_and_filters() {
        let list = ListName::of("accounts", &("name", None::<&str>));
        let sealed = list.seal(&("山田", 7));
        let opened: Option<(String, u32)> = list.open(Some(&Cursor(sealed.clone()))).unwrap();
        assert_eq!(opened, Some(("山田".to_owned(), 7)));
        assert_eq!(list.open::<u32>(None).unwrap(), None);
        for other in [
            ListName::of("domains", &("name", None::<&str>)),
            ListName::of("accounts", &("address", None::<&str>)),
            ListName::of("accounts", &("name", Some("x"))),
        ] {
            let refused = other.open::<(String, u32)>(Some(&Cursor(sealed.clone())));
            assert_eq!(refused.unwrap_err().code, "bad_cursor");
        }
        for junk in ["", "a", "zzz", "a!!", &"a".repeat(5000)] {
            let refused = list.open::<(String, u32)>(Some(&Cursor(junk.to_owned())));
            assert_eq!(refused.unwrap_err().code, "bad_cursor", "{junk}");
        }
        assert!(
            list.open::<u32>(Some(&Cursor(sealed))).is_err(),
            "another key"
        );
    }

    #[test]
    fn one_too_many_shows_that_there_is_more() {
        let limit = Limit(2);
        let page = Page::cut(vec![1, 2, 3], limit, ToString::to_string);
        assert_eq!((page.items, page.next.as_deref()), (vec![1, 2], Some("2")));
        let page = Page::cut(vec![1, 2], limit, ToString::to_string);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }

    #[test]
    fn sort_and_limit_are_read() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum By {
            Name,
            CreatedAt,
        }
        #[derive(Debug, Deserialize)]
        struct Query {
            #[serde(default)]
            limit: Limit,
            sort: Option<Sort<By>>,
        }
        let read = |query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            axum::extract::Query::<Query>::try_from_uri(&uri).map(|query| query.0)
        };
        let query = read("sort=-created_at&limit=500").unwrap();
        let sort = query.sort.unwrap();
        assert_eq!((sort.by, sort.direction), (By::CreatedAt, Direction::Down));
        assert_eq!(query.limit.0, MAX_LIMIT);
        assert_eq!(read("sort=name").unwrap().sort.unwrap().by, By::Name);
        assert_eq!(read("").unwrap().limit.0, DEFAULT_LIMIT);
        for wrong in [
            "limit=0",
            "limit=501",
            "limit=x",
            "sort=size",
            "sort=--name",
            "limit=-1",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
