//! MAC addresses as text.

/// A MAC address in any spelling (`aa:bb:cc:dd:ee:ff`, `AA-BB-CC-DD-EE-FF`, `aabb.ccdd.eeff`, `aabbccddeeff`, `a:b:c:d:e:f`),
/// converted to the first, which is that of the database and of the daemons; `None` if it is none.
pub fn mac(text: &str) -> Option<String> {
    const DIGITS: usize = 12;
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let separator = text.chars().find(|c| matches!(c, ':' | '-' | '.'));
    let digits = match separator {
        None => text.to_owned(),
        Some(separator) => {
            let (groups, width) = if separator == '.' { (3, 4) } else { (6, 2) };
            let parts: Vec<&str> = text.split(separator).collect();
            if parts.len() != groups
                || !parts.iter().all(|part| is_hex(part) && part.len() <= width)
            {
                return None;
            }
            parts
                .iter()
                .fold(String::new(), |all, part| format!("{all}{part:0>width$}"))
        }
    };
    if digits.len() != DIGITS || !is_hex(&digits) {
        return None;
    }
    let digits: Vec<char> = digits.to_ascii_lowercase().chars().collect();
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_all_spellings() {
        for text in [
            "fa:16:3E:75:d5:04",
            "FA-16-3E-75-D5-04",
            "fa16.3e75.d504",
            "FA163e75d504",
            "fa:16:3e:75:d5:4",
        ] {
            assert_eq!(mac(text).as_deref(), Some("fa:16:3e:75:d5:04"), "{text}");
        }
        for text in [
            "fa:16:3e:75:d5",
            "fa:16:3e:75:d5:a4:00",
            "fa:16:3e:75:d5:",
            "fa:16:3e:75:d5:0a4",
            "fa:16-3e:75:d5:a4",
            "beeb2c54-aa",
            "fa163e75d50",
            "",
            "a.b",
            "é:é",
            "éééééé",
        ] {
            assert_eq!(mac(text), None, "{text}");
        }
    }
}
