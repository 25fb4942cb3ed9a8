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
        "," basis: u16,
        /// How a link is chosen, `NX_MP_ALG_*`.
        "," algorithm: u16 as Padded<2, Word<Algorithm>>,
        /// The number of links, from 1 to 65536.
        "," n_links: u32 as OneLess,
        /// An argument of the algorithm.
        "," arg: u32,
        /// The destination of the link number.
        "," dst: Bits as Padded<2>,
        ; ")"
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let items = list(argument)?;
        let [fields, basis, algorithm, n_links, arg, dst] = items.as_slice() else {
            return Err(Problem::syntax(
                "multipath is multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST)",
            ));
        };
        let fields = HashFields::number(fields)?;
        let n_links: u32 = decimal(n_links, "the number of links")?;
        if !(1..=0x1_0000).contains(&n_links) {
            return Err(Problem::syntax("there are 1 to 65536 links"));
        }
        let dst = Bits::parse_short_target(dst, parser)?;
        if dst.n_bits < 16 && (n_links - 1) >> dst.n_bits != 0 {
            return Err(Problem::syntax(format!(
                "{} bits have no room for {n_links} links",
                dst.n_bits
            )));
        }
        let multipath = Multipath {
            fields,
            basis: decimal(basis, "the basis")?,
            algorithm: Algorithm::number(algorithm)?,
            n_links,
            arg: decimal(arg, "the argument")?,
            dst,
        };
        multipath.put(parser)
    }
}

struct Algorithm;

impl WordList for Algorithm {
    const WORDS: &'static [&'static str] = &["modulo_n", "hash_threshold", "hrw", "iter_hash"];
    const WHAT: &'static str = "algorithm";
}
