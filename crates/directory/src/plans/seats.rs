//! How accounts are sold: in units, with a least and a most (O-003).

use serde::{Deserialize, Serialize};

use super::TermsError;

/// How many accounts there may be, and in which steps they are ordered.
///
/// In a plan, `max` is the most that can be ordered. In the terms in force for a tenant, it is what
/// the tenant has ordered, with its packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeatTerms {
    /// The fewest that can be ordered.
    pub min: u32,
    /// They are ordered in multiples of this.
    pub unit: u32,
    /// From so many on …
    pub large_from: u32,
    /// … in multiples of this.
    pub large_unit: u32,
    /// The most.
    pub max: Option<u32>,
}

impl Default for SeatTerms {
    /// 10 at least, by tens; from 10,000 on by hundreds (O-003).
    fn default() -> Self {
        Self {
            min: 10,
            unit: 10,
            large_from: 10_000,
            large_unit: 100,
            max: None,
        }
    }
}

impl SeatTerms {
    /// Refuses a number of seats that is not sold.
    ///
    /// # Errors
    /// What is wrong with the number and which one would do.
    pub fn check_order(&self, seats: u32) -> Result<(), String> {
        if seats < self.min {
            return Err(format!("at least {} seats are sold", self.min));
        }
        if let Some(max) = self.max
            && seats > max
        {
            return Err(format!("the plan has at most {max} seats"));
        }
        let unit = if seats >= self.large_from {
            self.large_unit
        } else {
            self.unit
        };
        if seats.is_multiple_of(unit) {
            return Ok(());
        }
        let next = seats.div_ceil(unit).saturating_mul(unit);
        Err(format!(
            "seats are sold in units of {unit}: order {next} instead of {seats}"
        ))
    }

    pub(super) fn check(&self) -> Result<(), TermsError> {
        let wrong = |detail: &str| {
            Err(TermsError {
                field: "seats",
                detail: detail.to_owned(),
            })
        };
        if self.unit == 0 || self.large_unit == 0 || self.min == 0 {
            return wrong("min, unit and large_unit must be 1 or more");
        }
        if self.max.is_some_and(|max| max < self.min) {
            return wrong("max must not be below min");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_sold_by_tens_and_in_large_numbers_by_hundreds() {
        let seats = SeatTerms::default();
        for good in [10, 20, 9_990, 10_000, 10_100, 100_000] {
            assert_eq!(seats.check_order(good), Ok(()), "{good}");
        }
        for (bad, told) in [
            (0, "at least 10 seats are sold"),
            (9, "at least 10 seats are sold"),
            (11, "order 20 instead of 11"),
            (9_999, "order 10000 instead of 9999"),
            (10_010, "units of 100: order 10100 instead of 10010"),
        ] {
            let error = seats.check_order(bad).unwrap_err();
            assert!(error.contains(told), "{bad}: {error}");
        }
        let small = SeatTerms {
            max: Some(50),
            ..seats
        };
        assert_eq!(small.check_order(50), Ok(()));
        assert!(small.check_order(60).unwrap_err().contains("at most 50"));
    }

    #[test]
    fn what_cannot_be_sold_is_no_term() {
        for wrong in [
            SeatTerms {
                unit: 0,
                ..SeatTerms::default()
            },
            SeatTerms {
                max: Some(9),
                ..SeatTerms::default()
            },
        ] {
            assert_eq!(wrong.check().unwrap_err().field, "seats");
        }
    }
}
