//! Lines, literals and deadlines over an in-memory pipe.
