//! The two SQL engines behind one interface.
