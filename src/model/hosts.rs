//! Lists of hosts, as the command line and files name them.
//!
//! ```text
//! compute[01-40],root@rack[1-3]n[01,05-16],192.0.2.7
//! ```

use std::collections::BTreeSet;

/// Maximum number of hosts in a list.
pub const MAX_HOSTS: usize = 10_000;

/// Maximum length of a name, with its ranges, in bytes: that of a host's name is 255 (RFC 1123, section 2.1), and a user
/// may precede it.
const MAX_NAME: usize = 512;

/// A malformed list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostListError {
    /// There is nothing, or nothing between two commas.
    #[error("the name of a host is missing")]
    Missing,
    /// `compute[01`, `compute01]`, `compute[[1]]`
    #[error("{0:?}: the brackets do not match")]
    Brackets(String),
    /// What is in brackets is no list of numbers.
    #[error("{0:?} in brackets is not a list of numbers such as 01-16 or 1,3,5-7")]
    Numbers(String),
    /// A blank, a control character, or a dash at the beginning.
    #[error("{0:?} is not the name of a host")]
    Name(String),
    /// More than 512 bytes.
    #[error("{0:?}... is too long for the name of a host")]
    TooLong(String),
    /// More than [`MAX_HOSTS`].
    #[error("more than {MAX_HOSTS} hosts")]
    TooMany,
    /// Two lines of a file name one host.
    #[error("{0} is named twice")]
    Twice(String),
    /// A quote without an end.
    #[error("a quote is not closed")]
    Quote,
    /// A word behind a host is not `NAME=VALUE`.
    #[error("{0:?} is not NAME=VALUE")]
    Word(String),
}

/// A host of a file, with the words behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHost {
    /// Its name, with the user if one is given: `root@compute01`.
    pub name: String,
    /// Names and values: `db=unix:/run/x/db.sock`. `{host}` in a value was replaced by the name, without the user.
    pub words: Vec<(String, String)>,
}

/// The hosts of a list with commas and ranges, in order, each once.
///
/// # Errors
///
/// The list is malformed, or has more than [`MAX_HOSTS`] hosts.
pub fn hosts(list: &str) -> Result<Vec<String>, HostListError> {
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    for word in words(list)? {
        for name in expanded(word)? {
            if seen.insert(name.clone()) {
                names.push(name);
            }
            if names.len() > MAX_HOSTS {
                return Err(HostListError::TooMany);
            }
        }
    }
    Ok(names)
}

/// The hosts of a file: a line for each, or for each list of hosts; words `NAME=VALUE` behind it, with the quotes of a
/// shell; comments begin with `#`.
///
/// # Errors
///
/// Returns the number of the malformed line, from 1, and what is wrong with it.
pub fn hosts_of_file(text: &str) -> Result<Vec<ListedHost>, (usize, HostListError)> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        for host in hosts_of_line(line).map_err(|error| (number, error))? {
            if !seen.insert(host.name.clone()) {
                return Err((number, HostListError::Twice(host.name)));
            }
            all.push(host);
        }
        if all.len() > MAX_HOSTS {
            return Err((number, HostListError::TooMany));
        }
    }
    Ok(all)
}

fn hosts_of_line(line: &str) -> Result<Vec<ListedHost>, HostListError> {
    let words = shell_words::split(line).map_err(|_| HostListError::Quote)?;
    let Some((list, words)) = words.split_first() else {
        return Ok(Vec::new());
    };
    let mut pairs = Vec::new();
    for word in words {
        let pair = word.split_once('=').filter(|(name, _)| !name.is_empty());
        pairs.push(pair.ok_or_else(|| HostListError::Word(word.clone()))?);
    }
    let of_name = |name: String| {
        let bare = name.rsplit('@').next().unwrap_or_default();
        let words = pairs.iter();
        let words = words.map(|(key, value)| ((*key).to_owned(), value.replace("{host}", bare)));
        ListedHost {
            words: words.collect(),
            name,
        }
    };
    Ok(hosts(list)?.into_iter().map(of_name).collect())
}

/// The parts of a list between commas that are not in brackets.
fn words(list: &str) -> Result<Vec<&str>, HostListError> {
    let mut is_open = false;
    let mut unmatched = false;
    let words = list.split(|c| {
        match c {
            '[' => unmatched |= std::mem::replace(&mut is_open, true),
            ']' => unmatched |= !std::mem::replace(&mut is_open, false),
            _ => {}
        }
        c == ',' && !is_open
    });
    let words: Vec<&str> = words.collect();
    if unmatched || is_open {
        return Err(HostListError::Brackets(list.to_owned()));
    }
    Ok(words)
}

/// The hosts that a name with ranges stands for; its brackets match.
fn expanded(word: &str) -> Result<Vec<String>, HostListError> {
    if word.len() > MAX_NAME {
        let beginning = word.chars().take(40).collect();
        return Err(HostListError::TooLong(beginning));
    }
    let mut names = vec![String::new()];
    let mut rest = word;
    while let Some((before, (inside, after))) = rest
        .split_once('[')
        .and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    {
        let ends = if inside.contains(':') {
            // An IPv6 address.
            vec![format!("[{inside}]")]
        } else {
            numbers(inside)?
        };
        if names.len().saturating_mul(ends.len()) > MAX_HOSTS {
            return Err(HostListError::TooMany);
        }
        let each = |name: &String| {
            let each = ends.iter().map(|end| format!("{name}{before}{end}"));
            each.collect::<Vec<_>>()
        };
        names = names.iter().flat_map(each).collect();
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
        if name.is_empty() {
            return Err(HostListError::Missing);
        }
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        // A name that begins with a dash would be an option of ssh.
        if name.starts_with('-') || name.contains("@-") || name.contains(is_odd) {
            return Err(HostListError::Name(name.clone()));
        }
    }
    Ok(names)
}

/// `01-16` or `1,3,5-7`; a number has at least as many digits as the first of its range.
fn numbers(text: &str) -> Result<Vec<String>, HostListError> {
    let wrong = || HostListError::Numbers(text.to_owned());
    let number = |digits: &str| -> Option<u64> {
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_plain)
    };
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let low = number(first).ok_or_else(wrong)?;
        let high = number(last).ok_or_else(wrong)?;
        if high < low {
            return Err(wrong());
        }
        let count = (high - low).saturating_add(all.len() as u64);
        if count >= MAX_HOSTS as u64 {
            return Err(HostListError::TooMany);
        }
        let width = first.len();
        all.extend((low..=high).map(|number| format!("{number:0width$}")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        for (list, expected) in [
            ("compute01", "compute01"),
            ("a,root@b,a", "a root@b"),
            ("compute[08-11]", "compute08 compute09 compute10 compute11"),
            ("c[9-10]", "c9 c10"),
            ("r[1-2]n[01,03-04]", "r1n01 r1n03 r1n04 r2n01 r2n03 r2n04"),
            ("a[1,3],b,u@c[2].example", "a1 a3 b u@c2.example"),
            (
                "192.0.2.7,root@[2001:db8::1]",
                "192.0.2.7 root@[2001:db8::1]",
            ),
        ] {
            assert_eq!(hosts(list).unwrap().join(" "), expected, "{list}");
        }
        assert_eq!(hosts("n[0001-9999]").unwrap().len(), 9999);
    }

    #[test]
    fn malformed_lists() {
        for (list, expected) in [
            ("", "the name of a host is missing"),
            ("a,,b", "the name of a host is missing"),
            ("a[1", "\"a[1\": the brackets do not match"),
            ("a1]", "\"a1]\": the brackets do not match"),
            (
                &format!("a[{}1-2]", "0".repeat(70_000)),
                "\"a[00000000000000000000000000000000000000\"... is too long for the name of a host",
            ),
            ("a[[1]]", "\"a[[1]]\": the brackets do not match"),
            (
                "a[]",
                "\"\" in brackets is not a list of numbers such as 01-16 or 1,3,5-7",
            ),
            (
                "a[3-1]",
                "\"3-1\" in brackets is not a list of numbers such as 01-16 or 1,3,5-7",
            ),
            (
                "a[+1]",
                "\"+1\" in brackets is not a list of numbers such as 01-16 or 1,3,5-7",
            ),
            (
                "-oProxyCommand=x",
                "\"-oProxyCommand=x\" is not the name of a host",
            ),
            ("root@-x", "\"root@-x\" is not the name of a host"),
            ("a b", "\"a b\" is not the name of a host"),
            ("a\u{1b}", "\"a\\u{1b}\" is not the name of a host"),
            ("n[1-99999]", "more than 10000 hosts"),
            ("n[0-18446744073709551615]", "more than 10000 hosts"),
            ("n[1-999][1-999][1-999]", "more than 10000 hosts"),
            ("n[1-9999],m[1-9999]", "more than 10000 hosts"),
        ] {
            assert_eq!(hosts(list).unwrap_err().to_string(), expected, "{list}");
        }
    }

    #[test]
    fn files() {
        let text = "\
# the first rack
root@rack[1-2] db=unix:/run/{host}/db.sock  via='nc -U {}' # by tunnels

plain#1
";
        let names: Vec<ListedHost> = hosts_of_file(text).unwrap();
        let shown: Vec<String> = names
            .iter()
            .map(|host| format!("{} {:?}", host.name, host.words))
            .collect();
        assert_eq!(
            shown,
            [
                r#"root@rack1 [("db", "unix:/run/rack1/db.sock"), ("via", "nc -U {}")]"#,
                r#"root@rack2 [("db", "unix:/run/rack2/db.sock"), ("via", "nc -U {}")]"#,
                "plain#1 []",
            ]
        );
        let twice = HostListError::Twice("b".to_owned());
        assert_eq!(hosts_of_file("a\nb\n\nb"), Err((4, twice)));
        let word = HostListError::Word("=x".to_owned());
        assert_eq!(hosts_of_file("a =x"), Err((1, word)));
        assert_eq!(hosts_of_file("\na x='"), Err((2, HostListError::Quote)));
    }
}
