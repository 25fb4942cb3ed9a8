//! Sets of fields as ovs-ofctl lists them: `eth_{src,dst} reg0...reg15`.

use super::row_set::RowSet;
use super::table::{Field, Id};

/// The names of the fields in a set, in the order in which ovs-ofctl lists them.
pub(crate) fn names(fields: RowSet) -> Vec<&'static str> {
    let mut rows: Vec<&Field> = fields.iter().map(Id::row).collect();
    rows.sort_by_key(|row| row.listed);
    rows.into_iter().map(|row| row.name).collect()
}

/// Writes names with blanks between them. Neighbours with a common beginning up to an underscore become
/// `eth_{src,dst}`; three or more that are numbered one after the other, `reg0...reg15`.
pub(crate) fn put(out: &mut String, names: &[&str]) {
    put_behind(out, names, 0);
}

/// Omits the first `known` bytes, the common prefix of all names.
fn put_behind(out: &mut String, mut names: &[&str], known: usize) {
    let mut first = true;
    while let Some(name) = names.first() {
        if !first {
            out.push(if known > 0 { ',' } else { ' ' });
        }
        first = false;
        let numbered = numbered_run(names);
        let (alike, common) = alike_run(names, known);
        let run = numbered.max(alike);
        let (these, rest) = names.split_at_checked(run).unwrap_or((names, &[]));
        if numbered >= alike {
            out.push_str(name.get(known..).unwrap_or_default());
            if let (Some(last), true) = (these.last(), run > 1) {
                out.push_str("...");
                out.push_str(last.get(known..).unwrap_or_default());
            }
        } else {
            out.push_str(name.get(known..common).unwrap_or_default());
            out.push('{');
            put_behind(out, these, common);
            out.push('}');
        }
        names = rest;
    }
}

/// How many leading names are numbered consecutively; a run of two does not count.
fn numbered_run(names: &[&str]) -> usize {
    let pairs = names.iter().zip(names.iter().skip(1));
    match 1 + pairs.take_while(|(a, b)| follows(a, b)).count() {
        2 => 1,
        run => run,
    }
}

/// Whether `b` ends in the number after that of `a`, as `reg10` after `reg9`.
fn follows(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let number = |name: &str| name.get(same..).and_then(|n| n.parse::<u32>().ok());
    let next = number(a).and_then(|n| n.checked_add(1));
    next.is_some() && next == number(b)
}

/// How many names at the start have more in common than their first `known` bytes, up to an underscore,
/// and how many bytes that is.
fn alike_run(names: &[&str], known: usize) -> (usize, usize) {
    let [first, second, ..] = names else {
        return (names.len(), known);
    };
    let common = |name: &str| {
        let same = first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b);
        let ends = same.enumerate().filter(|(_, (byte, _))| *byte == b'_');
        ends.map(|(at, _)| at + 1).last().unwrap_or(0)
    };
    let length = common(second);
    if length <= known {
        return (1, known);
    }
    let run = names.iter().take_while(|name| common(name) >= length);
    (run.count(), length)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::openflow::fields::ROWS;

    #[test]
    fn only_numbered_fields_share_a_position() {
        let mut stems = BTreeMap::new();
        for row in ROWS {
            let stem = row.name.trim_end_matches(|c: char| c.is_ascii_digit());
            let first = *stems.entry(row.listed).or_insert(stem);
            assert_eq!(first, stem, "both at {}", row.listed);
        }
    }

    fn listed(names: &str) -> String {
        let mut out = String::new();
        put(&mut out, &names.split(' ').collect::<Vec<_>>());
        out
    }

    /// As `ovs-ofctl dump-table-features` of 3.1 lists what a switch can match.
    #[test]
    fn shortened() {
        for (names, short) in [
            ("metadata", "metadata"),
            ("reg0 reg1", "reg0 reg1"),
            ("reg8 reg9 reg10 reg11 xreg0", "reg8...reg11 xreg0"),
            ("in_port in_port_oxm eth_src", "in_{port,port_oxm} eth_src"),
            (
                "tun_id tun_ipv6_src tun_ipv6_dst tun_flags tun_gbp_id tun_gbp_flags",
                "tun_{id,ipv6_{src,dst},flags,gbp_{id,flags}}",
            ),
            (
                "nsh_flags nsh_c1 nsh_c2 nsh_c3 nsh_c4 nsh_ttl",
                "nsh_{flags,c1...c4,ttl}",
            ),
        ] {
            assert_eq!(listed(names), short);
        }
    }

    /// ovs-ofctl cuts off too much of names that have less in common than those before them.
    #[test]
    fn less_in_common() {
        assert_eq!(
            listed("tun_ipv6_src tun_ipv6_dst tun_flags"),
            "tun_ipv6_{src,dst} tun_flags"
        );
    }
}
