//! RFC 5322 and MIME reading and building, Japanese charsets.
