#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ovs_fuzz::dump_text(input));
