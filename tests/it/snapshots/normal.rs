//! What differs from run to run, made the same: by rules that each have a name, and leave as many cells as
//! there were, so that tables stay as they are.

use std::path::Path;

/// The snapshot without what varies.
pub(crate) fn form(text: &str, run_dir: &Path) -> String {
    let text = text.replace(&run_dir.display().to_string(), "RUN_DIR");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let at_word = !out.ends_with(|c: char| c.is_alphanumeric());
        let found = RULES
            .iter()
            .filter(|_| at_word)
            .find_map(|rule| rule(rest).filter(|(taken, _)| *taken > 0));
        if let Some((taken, instead)) = found {
            out.push_str(&instead);
            rest = &rest[taken..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// What stands at the beginning of a text: its length, and what to write instead.
type Rule = fn(&str) -> Option<(usize, String)>;

const RULES: [Rule; 8] = [
    uuid,
    mac,
    datapath_id,
    row_name,
    seconds,
    age,
    version,
    interface_types,
];

fn uuid(text: &str) -> Option<(usize, String)> {
    const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    like(text, UUID).then(|| (UUID.len(), UUID.to_owned()))
}

/// Devices without one of their own have a random one.
fn mac(text: &str) -> Option<(usize, String)> {
    const MAC: &str = "xx:xx:xx:xx:xx:xx";
    like(text, MAC).then(|| (MAC.len(), MAC.to_owned()))
}

/// Made of the address of the bridge.
fn datapath_id(text: &str) -> Option<(usize, String)> {
    const ID: &str = "0000xxxxxxxxxxxx";
    (text.starts_with("0000") && like(text, "xxxxxxxxxxxxxxxx")).then(|| (ID.len(), ID.to_owned()))
}

/// The name that a new row has inside of a transaction.
fn row_name(text: &str) -> Option<(usize, String)> {
    const NAME: &str = "rowxxxxxxxx_xxxx_xxxx_xxxx_xxxxxxxxxxxx";
    let is_it = text.starts_with("row") && like(&text[3..], &NAME[3..]);
    is_it.then(|| (NAME.len(), NAME.to_owned()))
}

/// `duration=3.2s`, `duration:3.2s`, `"duration":3.2`
fn seconds(text: &str) -> Option<(usize, String)> {
    number_behind(text, &["duration=", "duration:", "duration\":"])
}

/// `idle_age=3`, `"idle_age":3`
fn age(text: &str) -> Option<(usize, String)> {
    number_behind(
        text,
        &["idle_age=", "idle_age\":", "hard_age=", "hard_age\":"],
    )
}

/// The version of Open vSwitch that is run: `Open vSwitch 3.1.0`, `"ovs_version":"3.1.0"`
fn version(text: &str) -> Option<(usize, String)> {
    number_behind(text, &["Open vSwitch ", "ovs_version\":\""])
        .filter(|(taken, _)| text[..*taken].ends_with(|c: char| c.is_ascii_digit()))
}

/// The types of interface that it knows, in a transaction.
fn interface_types(text: &str) -> Option<(usize, String)> {
    const BEFORE: &str = "iface_types\":[\"set\",[";
    let types = text.strip_prefix(BEFORE)?;
    let length = types.find(']')?;
    Some((BEFORE.len() + length, format!("{BEFORE}\"...\"")))
}

fn number_behind(text: &str, keys: &[&str]) -> Option<(usize, String)> {
    let key = keys.iter().find(|key| text.starts_with(**key))?;
    let digits = text[key.len()..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .count();
    Some((key.len() + digits, format!("{key}N")))
}

/// Whether a text begins with hexadecimal digits wherever the pattern has an `x`, and ends as a word there.
fn like(text: &str, pattern: &str) -> bool {
    let mut chars = text.chars();
    let is_like = pattern.chars().all(|wanted| {
        let c = chars.next();
        match wanted {
            'x' => c.is_some_and(|c| matches!(c, '0'..='9' | 'a'..='f')),
            other => c == Some(other),
        }
    });
    is_like && !chars.next().is_some_and(char::is_alphanumeric)
}
