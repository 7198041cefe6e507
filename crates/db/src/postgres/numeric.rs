//! Whole numbers in the binary format of NUMERIC, the type of PostgreSQL's SUM over BIGINT.
//!
//! Layout (big endian): number of digits, weight of the first digit, sign, scale (u16 each), then
//! the digits to base 10,000.

const BASE: i128 = 10_000;
const NEGATIVE: u16 = 0x4000;
const HEADER_LENGTH: usize = 8;

/// The number, if it is whole and fits.
pub(super) fn decode(raw: &[u8]) -> Option<i64> {
    let (header, digits) = raw.split_at_checked(HEADER_LENGTH)?;
    let word = |at: usize| Some(u16::from_be_bytes(header.get(at..at + 2)?.try_into().ok()?));
    let weight = word(2)? as i16;
    let negative = match word(4)? {
        0 => false,
        NEGATIVE => true,
        // NaN and the infinities.
        _ => return None,
    };
    let mut magnitude: i128 = 0;
    let mut power = i32::from(weight);
    for digit in digits.chunks_exact(2) {
        let digit = i128::from(u16::from_be_bytes(digit.try_into().ok()?));
        if power < 0 {
            if digit != 0 {
                return None;
            }
        } else {
            let scale = BASE.checked_pow(u32::try_from(power).ok()?)?;
            magnitude = magnitude.checked_add(digit.checked_mul(scale)?)?;
        }
        power -= 1;
    }
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// The binary form of a whole number.
pub(super) fn encode(int: i64) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut rest = i128::from(int).abs();
    while rest > 0 {
        digits.push((rest % BASE) as u16);
        rest /= BASE;
    }
    let count = digits.len() as u16;
    let sign = if int < 0 { NEGATIVE } else { 0 };
    let header = [count, count.saturating_sub(1), sign, 0];
    header
        .into_iter()
        .chain(digits.into_iter().rev())
        .flat_map(u16::to_be_bytes)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_survive_the_way_there_and_back() {
        for int in [
            0,
            1,
            -1,
            9_999,
            10_000,
            -10_001,
            123_456_789,
            i64::MAX,
            i64::MIN,
        ] {
            assert_eq!(decode(&encode(int)), Some(int));
        }
    }

    #[test]
    fn trailing_zero_digits_are_implied_and_fractions_are_refused() {
        // 10,000 = one digit of weight 1; 0.5 = one digit of weight -1; 1.0 with scale.
        assert_eq!(decode(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 1]), Some(10_000));
        assert_eq!(decode(&[0, 1, 0xff, 0xff, 0, 0, 0, 1, 0x13, 0x88]), None);
        assert_eq!(decode(&[0, 1, 0, 0, 0, 0, 0, 1, 0, 1]), Some(1));
        // Not a number, and cut short.
        assert_eq!(decode(&[0, 0, 0, 0, 0xc0, 0, 0, 0]), None);
        assert_eq!(decode(&[0, 1, 0]), None);
        assert_eq!(decode(&[0, 1, 0x7f, 0xff, 0, 0, 0, 0, 0, 1]), None);
    }
}
