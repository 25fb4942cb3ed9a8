//! One endpoint or several, such as the members of a cluster.

use std::fmt;

use super::{Endpoint, EndpointError};

/// One endpoint or several, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    first: Endpoint,
    others: Vec<Endpoint>,
}

impl Endpoints {
    /// Parses endpoints separated by commas. A comma in the path of a `unix:` is part of the path unless another
    /// endpoint follows it.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] of the first malformed endpoint.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, EndpointError> {
        let mut words: Vec<String> = Vec::new();
        for word in text.split(',') {
            let begins = ["unix:", "tcp:", "ssl:", "punix:", "ptcp:", "pssl:"]
                .iter()
                .any(|scheme| word.starts_with(scheme));
            match words.last_mut() {
                Some(path) if path.starts_with("unix:") && !begins => {
                    path.push(',');
                    path.push_str(word);
                }
                _ => words.push(word.to_owned()),
            }
        }
        let mut words = words.iter();
        let first = words.next().map_or("", String::as_str);
        Ok(Self {
            first: Endpoint::parse(first, default_port)?,
            others: words
                .map(|word| Endpoint::parse(word, default_port))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The first.
    pub fn first(&self) -> &Endpoint {
        &self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// Whether there is more than one.
    pub fn are_several(&self) -> bool {
        !self.others.is_empty()
    }
}

impl From<Endpoint> for Endpoints {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            first: endpoint,
            others: Vec::new(),
        }
    }
}

impl fmt::Display for Endpoints {
    /// The text that [`Endpoints::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.others
            .iter()
            .try_for_each(|endpoint| write!(f, ",{endpoint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_unless_they_are_of_a_path() {
        for (text, count) in [
            ("tcp:a:6640", 1),
            ("tcp:a:6640,ssl:b:6640,unix:/run/db.sock", 3),
            ("unix:/run/a,b.sock", 1),
            ("unix:/run/a,b.sock,tcp:c:1", 2),
        ] {
            let endpoints = Endpoints::parse(text, None).unwrap();
            assert_eq!(endpoints.iter().count(), count, "{text}");
            assert_eq!(endpoints.to_string(), text);
        }
    }

    #[test]
    fn each_must_be_one() {
        for (text, wrong) in [
            ("tcp:a:6640,b:6640", "\"b:6640\""),
            ("tcp:a:1,", "\"\" is"),
            ("", "\"\""),
        ] {
            let error = Endpoints::parse(text, Some(6640)).unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }
}
