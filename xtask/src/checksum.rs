//! A checksum against accidents: 64-bit FNV-1a. It tells that a file was edited; it is not meant to
//! resist somebody who wants two files with the same sum.

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The checksum of some bytes, as sixteen hexadecimal digits.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    let mut sum = OFFSET_BASIS;
    for byte in bytes {
        sum ^= u64::from(*byte);
        sum = sum.wrapping_mul(PRIME);
    }
    format!("{sum:016x}")
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn agrees_with_the_published_vectors() {
        assert_eq!(checksum(b""), "cbf29ce484222325");
        assert_eq!(checksum(b"a"), "af63dc4c8601ec8c");
        assert_eq!(checksum(b"foobar"), "85944171f73967e8");
    }
}
