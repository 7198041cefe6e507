//! Lists of parameters in statements, in few different lengths.
//!
//! Each different text takes a place in the caches of prepared statements, so lists are padded by
//! repeating their last item, and rows are inserted in batches of a few sizes.

use hikyaku_db::{
    DbError, Value, WriteTx,
    sql::{in_list, values_list},
};

/// Lengths that lists of parameters have.
const LENGTHS: [usize; 4] = [1, 8, 64, 256];

/// The longest list: longer ones are cut by the caller.
pub(crate) const LONGEST: usize = 256;

/// Rows that one INSERT has, largest first.
const ROWS: [usize; 3] = [32, 8, 1];

/// Adds the items to the parameters and gives the text for `IN (…)`. There is at least one item and
/// at most [`LONGEST`].
pub(crate) fn push_list<'a, T>(parameters: &mut Vec<Value<'a>>, items: &'a [T]) -> String
where
    &'a T: IntoValue<'a>,
{
    debug_assert!(
        !items.is_empty() && items.len() <= LONGEST,
        "{} items",
        items.len()
    );
    let length = padded_length(items.len());
    let first = parameters.len() + 1;
    parameters.extend(items.iter().map(IntoValue::into_value));
    if let Some(last) = parameters.last().cloned() {
        parameters.resize(first - 1 + length, last);
    }
    in_list(first, length)
}

/// The length that a list of this many items is filled up to.
pub(crate) fn padded_length(items: usize) -> usize {
    let fitting = LENGTHS.iter().find(|length| items <= **length);
    fitting.copied().unwrap_or(items)
}

/// What can stand in a list.
pub(crate) trait IntoValue<'a> {
    /// The parameter.
    fn into_value(self) -> Value<'a>;
}

impl<'a, T: Copy + Into<Value<'a>>> IntoValue<'a> for &'a T {
    fn into_value(self) -> Value<'a> {
        (*self).into()
    }
}

/// Inserts rows of `N` values, several at a time. Returns how many went in.
pub(crate) fn insert_rows<const N: usize>(
    tx: &WriteTx<'_>,
    head: &str,
    rows: Vec<[Value<'_>; N]>,
    tail: &str,
) -> Result<u64, DbError> {
    let mut inserted = 0;
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let fitting = ROWS.iter().find(|count| **count <= rows.len());
        let count = fitting.copied().unwrap_or(1);
        let parameters: Vec<Value<'_>> = rows.by_ref().take(count).flatten().collect();
        let sql = format!("{head} VALUES {}{tail}", values_list(1, count, N));
        inserted += tx.execute(&sql, &parameters)?;
    }
    Ok(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_to_few_lengths() {
        let mut parameters = vec![Value::Int(1)];
        assert_eq!(
            push_list(&mut parameters, &[7_i64, 8]),
            "?2,?3,?4,?5,?6,?7,?8,?9"
        );
        assert_eq!(parameters.len(), 9);
        assert_eq!(parameters[2..], vec![Value::Int(8); 7]);
        let mut single = Vec::new();
        assert_eq!(push_list(&mut single, &[7_i64]), "?1");
    }
}
