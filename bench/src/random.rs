//! Random numbers for contents: fast, and the same again for the same seed. Never for secrets.

/// The splitmix64 generator: passes over 64 bits of state, each giving one number.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator; different seeds give unrelated sequences.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The high half times `end`: no division, and even enough for choosing words.
        let product = u128::from(self.number()) * end as u128;
        (product >> 64) as usize
    }

    /// Fills a buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.number().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_stay_below_the_end_and_reach_all_values() {
        let mut random = Random::new(7);
        let mut seen = [0; 10];
        for _ in 0..1_000 {
            seen[random.below(10)] += 1;
        }
        assert!(
            seen.iter().all(|count| (50..200).contains(count)),
            "{seen:?}"
        );
    }

    #[test]
    fn seeds_give_sequences_of_their_own() {
        let (mut one, mut two) = ([0; 20], [0; 20]);
        Random::new(1).fill(&mut one);
        Random::new(2).fill(&mut two);
        assert_ne!(one, two);
        let mut again = [0; 20];
        Random::new(1).fill(&mut again);
        assert_eq!(one, again);
    }
}
