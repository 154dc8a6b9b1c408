//! Randomness from a seed: `SplitMix64`, a few lines that will never change under us.

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `end`; 0 when `end` is 0. The bias of the remainder does not matter here.
    pub const fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = u64::try_from(last.saturating_sub(first)).unwrap_or(0);
        let step = self.below(span.saturating_add(1));
        first.saturating_add(i64::try_from(step).unwrap_or(0))
    }

    /// True in so many of a million cases.
    pub const fn chance_ppm(&mut self, ppm: u64) -> bool {
        ppm > 0 && self.below(1_000_000) < ppm
    }

    /// True in so many of a hundred cases.
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// An index below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        let end = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.below(end)).unwrap_or(0)
    }

    /// One of these; `None` of nothing.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.index(items.len());
        items.get(index)
    }

    /// Fills bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    /// 32 bytes.
    pub fn bytes32(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_stream() {
        let mut first = Random::new(0);
        assert_eq!(first.next(), 0xe220_a839_7b1d_cdaf, "published value of SplitMix64");
        assert_eq!(first.next(), 0x6e78_9e6a_a1b9_65f4);
        let mut bytes = [0; 11];
        Random::new(7).fill(&mut bytes);
        assert_eq!(bytes[..8], Random::new(7).next().to_le_bytes());
    }

    #[test]
    fn ranges_are_kept() {
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            assert!((-5..=5).contains(&random.between(-5, 5)));
            assert!(random.below(3) < 3);
            assert!(!random.chance_ppm(0));
            assert!(random.chance_ppm(1_000_000));
        }
        assert_eq!(random.pick::<u8>(&[]), None);
    }
}
