//! Every limit of message reading, in one place, with its default and the reason for it.
//!
//! Parsing never fails: what lies beyond a limit is left unparsed and reported as a
//! [`Problem`](crate::Problem). The limits are constants and not configuration, because stored
//! structures must not depend on the settings of the process that wrote them.

/// Deepest nesting of multiparts and embedded messages (64). Real mail stays below ten; a chain
/// of forwards as attachment seldom passes twenty. Bounds recursion, and with it stack use.
pub const MAX_DEPTH: usize = 64;

/// Most parts of one message (2,000). A list digest has some hundreds. The rest of the message
/// becomes one last opaque part, so no byte is out of sight of a scanner.
pub const MAX_PARTS: usize = 2_000;

/// Most header fields indexed in one header (1,000). Mail that passed many relays has about a
/// hundred. Later fields stay in the header's byte range but are not looked at.
pub const MAX_HEADER_FIELDS: usize = 1_000;

/// Most bytes of one header that are indexed (1 MiB). A list of two thousand recipients takes
/// about 100 KB.
pub const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// Most bytes of one structured field that are parsed (256 KiB): about five thousand addresses.
pub const MAX_FIELD_BYTES: usize = 256 * 1024;

/// Most bytes of one text field (subject, description) that are kept (16 KiB). No screen shows
/// more, and the value is stored with every message.
pub const MAX_TEXT_FIELD_BYTES: usize = 16 * 1024;

/// Most addresses, group markers included, kept of one field (4,096).
pub const MAX_ADDRESSES: usize = 4_096;

/// Most addresses kept of one message, its embedded messages included (20,000). An address of one
/// byte takes about a hundred in memory, so this bounds what a message of tiny addresses costs.
pub const MAX_ADDRESSES_OF_MESSAGE: usize = 20_000;

/// Most parameter sections read of one structured field (128); RFC 2231 continuations count one
/// each. Dovecot's CVE-2026-27859 was quadratic work on thousands of them.
pub const MAX_PARAMETERS: usize = 128;

/// Most bytes of one parameter's value after joining its continuations (16 KiB).
pub const MAX_PARAMETER_BYTES: usize = 16 * 1024;

/// Longest boundary compared (256 bytes). RFC 2046 allows 70; mail with longer ones exists.
pub const MAX_BOUNDARY_BYTES: usize = 256;

/// Most message ids taken for threading from In-Reply-To and References (200). RFC 5322 sets no
/// bound; long threads of busy mailers cut the list at about twenty.
pub const MAX_REFERENCES: usize = 200;

/// Longest message id taken for threading (998 bytes, RFC 5322's line limit).
pub const MAX_MESSAGE_ID_BYTES: usize = 998;

/// Most language tags kept of one Content-Language field (16).
pub const MAX_LANGUAGES: usize = 16;

/// Most problems listed for one message (32); a flag tells that there were more.
pub const MAX_PROBLEMS: usize = 32;

/// Largest message that byte ranges can describe (4 GiB less one byte). What follows is not seen.
pub const MAX_MESSAGE_BYTES: usize = u32::MAX as usize;

/// Most characters of a preview (256, RFC 8970 §3).
pub const MAX_PREVIEW_CHARS: usize = 256;

/// Most bytes of a part's encoded text that the preview looks at (64 KiB). HTML mail opens with
/// style sheets of some tens of kilobytes.
pub const MAX_PREVIEW_SOURCE_BYTES: usize = 64 * 1024;

/// Most bytes that charset detection looks at (64 KiB); the guess does not change after that.
pub const MAX_DETECT_BYTES: usize = 64 * 1024;

/// Most distinct unmappable characters listed by an encoder (32); all are counted.
pub const MAX_UNMAPPABLE_LISTED: usize = 32;
