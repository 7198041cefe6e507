//! Chance that can be had again: tests that try many possibilities print their seed.

/// The variable that sets the seed of a run.
const VARIABLE: &str = "HIKYAKU_TEST_SEED";
/// The seed where nobody sets one: a suite should not fail now and then.
const USUAL: u64 = 2026;

/// A stream of numbers that follows from its seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Seed(u64);

impl Seed {
    /// The seed of this run: the variable `HIKYAKU_TEST_SEED`, or always the same. It is printed,
    /// so that a run with another seed can be had again.
    pub fn of_run(test: &str) -> Self {
        let chosen = std::env::var(VARIABLE)
            .ok()
            .and_then(|text| text.parse().ok());
        let seed = chosen.unwrap_or(USUAL);
        eprintln!("{test}: {VARIABLE}={seed}");
        Self::new(seed)
    }

    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own, for a thread.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. The lack of evenness does not matter to tests.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Yes in so many of 100 cases.
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; `None` when there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(from.len()).ok().filter(|bound| *bound > 0)?;
        from.get(usize::try_from(self.below(bound)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let (mut one, mut other) = (Seed::new(7), Seed::new(7));
        let choices: Vec<u64> = (0..10).map(|_| one.below(1000)).collect();
        assert!(
            (0..10)
                .map(|_| other.below(1000))
                .eq(choices.iter().copied())
        );
        assert!(choices.iter().any(|choice| *choice != choices[0]));
        assert!(one.pick::<u8>(&[]).is_none());
    }
}
