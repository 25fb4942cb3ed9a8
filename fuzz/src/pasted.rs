//! Text with bytes in it, as people paste it into `ovs decode`.

use ovs::commands::decode::pasted::read;

use super::assert_harmless;

/// Every fault has a place in the text, and what was read reads the same again as mere hex.
pub fn pasted(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match read(&text) {
        Err(fault) => {
            let line = text.lines().nth(fault.line.saturating_sub(1));
            let length = line.map_or(0, |line| line.chars().count());
            assert!(fault.column <= length + 1, "{fault:?} in {text:?}");
            assert!(fault.line <= text.lines().count(), "{fault:?}");
            assert_harmless(&fault.what, false);
        }
        Ok(blocks) => {
            for block in blocks {
                let hex: Vec<String> = block.bytes.iter().map(|b| format!("{b:02x}")).collect();
                let again = read(&hex.join(" ")).expect("hex");
                assert_eq!(again.len(), 1);
                assert_eq!(again[0].bytes, block.bytes);
            }
        }
    }
}
