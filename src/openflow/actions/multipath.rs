//! `multipath`: selects a path by a hash of the packet (ovs-actions(7)).

use super::prelude::*;

fixed_action! {
    /// Hashes the packet: `multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])`.
    ///
    /// JSON: `{"type":"multipath","fields":"eth_src","basis":50,"algorithm":"modulo_n","n_links":1,"arg":0,
    /// "dst":{...}}`; unknown fields and algorithms are numbers.
    Multipath = "multipath" at &[Wire::nicira(10)], {
        /// What is hashed, `NX_HASH_FIELDS_*`.
        "(" fields: u16 as Word<HashFields>,
        /// A constant included in the hash.
        "," basis: u16 as Decimal,
        /// How a link is chosen, `NX_MP_ALG_*`.
        "," algorithm: u16 as Padded<2, Word<Algorithm>>,
        /// The number of links, from 1 to 65536.
        "," n_links: u32 as OneLess,
        /// An argument of the algorithm.
        "," arg: u32 as Decimal,
        /// The destination of the link number.
        "," dst: Bits as Padded<2>,
        ; ")"
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let Multipath { n_links, dst, .. } = *self;
        if dst.n_bits < 16 && n_links.saturating_sub(1) >> dst.n_bits != 0 {
            return Err(Problem::syntax(format!(
                "{} bits have no room for {n_links} links",
                dst.n_bits
            )));
        }
        self.put(parser)
    }
}

struct Algorithm;

impl WordList for Algorithm {
    const WORDS: &'static [&'static str] = &["modulo_n", "hash_threshold", "hrw", "iter_hash"];
    const WHAT: &'static str = "algorithm";
}
