//! `multipath`: a hash of the packet, as a number of a path (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::{decimal, list, word_in};
use super::bits::{Bits, short_header};
use super::codec::hash_fields_number;
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::{ActionCodec, Head, Unencodable, Wire, hash_fields, place, put_action, put_zeros};
use crate::openflow::fields::Problem;

/// Hashes the packet: `multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])`.
///
/// JSON: `{"type":"multipath","fields":"eth_src","basis":50,"algorithm":"modulo_n","n_links":1,"arg":0,
/// "dst":{...}}`; unknown fields and algorithms are numbers.
#[derive(Debug, Clone, Copy)]
pub struct Multipath {
    /// What is hashed, `NX_HASH_FIELDS_*`.
    pub fields: u16,
    /// A constant that goes into the hash.
    pub basis: u16,
    /// How a link is chosen, `NX_MP_ALG_*`.
    pub algorithm: u16,
    /// The number of links less one.
    pub max_link: u16,
    /// An argument of the algorithm.
    pub arg: u32,
    /// Where the link's number goes.
    pub dst: Bits,
}

const ALGORITHMS: [&str; 4] = ["modulo_n", "hash_threshold", "hrw", "iter_hash"];

impl<'a> ActionCodec<'a> for Multipath {
    const NAME: &'static str = "multipath";
    const WIRE: &'static [Wire] = &[Wire::nicira(10)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        let start = *body;
        let fields = body.u16("fields")?;
        let basis = body.u16("basis")?;
        body.skip(2, "padding")?;
        let algorithm = body.u16("algorithm")?;
        let max_link = body.u16("max_link")?;
        let arg = body.u32("arg")?;
        body.skip(2, "padding")?;
        let ofs_nbits = body.u16("ofs_nbits")?;
        let header = short_header(body)?;
        Ok(Multipath {
            fields,
            basis,
            algorithm,
            max_link,
            arg,
            dst: Bits::packed(header, ofs_nbits, &start)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(self.fields.to_be_bytes());
            out.extend(self.basis.to_be_bytes());
            put_zeros(out, 2);
            out.extend(self.algorithm.to_be_bytes());
            out.extend(self.max_link.to_be_bytes());
            out.extend(self.arg.to_be_bytes());
            put_zeros(out, 2);
            out.extend(self.dst.pack().to_be_bytes());
            self.dst.header.encode(out);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "multipath");
        sink.put("(");
        sink.put(hash_fields(self.fields).unwrap_or("<unknown>"));
        sink.put(",");
        put_dec(sink, self.basis);
        sink.put(",");
        let algorithm = ALGORITHMS.get(usize::from(self.algorithm));
        sink.put(algorithm.unwrap_or(&"<unknown>"));
        sink.put(",");
        put_dec(sink, u32::from(self.max_link) + 1);
        sink.put(",");
        put_dec(sink, self.arg);
        sink.put(",");
        self.dst.text(sink);
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("fields");
        match hash_fields(self.fields) {
            Some(name) => json.string(name),
            None => json.number(self.fields),
        }
        json.key("basis");
        json.number(self.basis);
        json.key("algorithm");
        match ALGORITHMS.get(usize::from(self.algorithm)) {
            Some(name) => json.string(name),
            None => json.number(self.algorithm),
        }
        json.key("n_links");
        json.number(u32::from(self.max_link) + 1);
        json.key("arg");
        json.number(self.arg);
        json.key("dst");
        self.dst.json(json);
    }
}

impl ActionParse for Multipath {
    const WORDS: &'static [&'static str] = &["multipath"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let items = list(argument)?;
        let [fields, basis, algorithm, n_links, arg, dst] = items.as_slice() else {
            return Err(Problem::syntax(
                "multipath is multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST)",
            ));
        };
        let fields = hash_fields_number(fields)?;
        let n_links: u32 = decimal(n_links, "the number of links")?;
        let max_link = n_links
            .checked_sub(1)
            .and_then(|max| u16::try_from(max).ok());
        let Some(max_link) = max_link else {
            return Err(Problem::syntax("there are 1 to 65536 links"));
        };
        let dst = Bits::parse_short_target(dst, parser)?;
        if dst.n_bits < 16 && max_link >> dst.n_bits != 0 {
            return Err(Problem::syntax(format!(
                "{} bits have no room for {n_links} links",
                dst.n_bits
            )));
        }
        let action = Multipath {
            fields,
            basis: decimal(basis, "the basis")?,
            algorithm: word_in(&ALGORITHMS, algorithm, "algorithm")?,
            max_link,
            arg: decimal(arg, "the argument")?,
            dst,
        };
        parser.put(&action, out)
    }
}
