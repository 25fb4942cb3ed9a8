//! Random numbers that are the same for the same seed (`SplitMix64`: Steele, Lea, Flood 2014).

/// A stream of random numbers.
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 128 random bits.
    pub(crate) fn wide(&mut self) -> u128 {
        u128::from(self.bits()) << 64 | u128::from(self.bits())
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// The same, for an index.
    pub(crate) fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    /// A number from `first` to `last`.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// A number of at most `n` bits: often one at the edges, often a small one.
    pub(crate) fn number(&mut self, n: u32) -> u128 {
        let ones = ones(n);
        let number = match self.below(8) {
            0 => 0,
            1 => ones,
            2 => 1,
            3 => u128::from(self.below(10)),
            4 => 1 << self.below(n.into()),
            5 => u128::from(self.below(0x1_0000)),
            _ => self.wide(),
        };
        number & ones
    }

    /// A mask of at most `n` bits, some bit of which is set.
    pub(crate) fn mask(&mut self, n: u32) -> u128 {
        let ones = ones(n);
        let mask = match self.below(6) {
            0 => ones,
            1 => 1 << self.below(n.into()),
            2 => ones << self.below(n.into()),
            3 => ones >> self.below(n.into()),
            4 => (ones >> self.below(n.into())) & (ones << self.below(n.into())),
            _ => self.wide(),
        };
        match mask & ones {
            0 => ones,
            mask => mask,
        }
    }
}

/// The lowest `n` bits.
pub(crate) fn ones(n: u32) -> u128 {
    1_u128.checked_shl(n).map_or(u128::MAX, |bit| bit - 1)
}
