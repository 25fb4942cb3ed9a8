//! What the fuzz targets ask, asked here of every seed, of every input that once went wrong
//! (`fuzz/regressions`), and of some thousand changed ones: the same on every machine, on a stable compiler.
//!
//! `FUZZ_SEEDS=DIRECTORY` writes the seeds there, a directory per target, for `make fuzz`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[allow(clippy::missing_panics_doc, reason = "to panic is how they answer")]
#[allow(unreachable_pub, reason = "it is a crate of its own")]
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use fuzz::mutation::{Chance, changed};
use fuzz::{TARGETS, Target, seeds};
use ovs::openflow::messages::Decoded;

/// How many changed inputs each target sees.
const CHANGED: usize = 1000;

/// What failed, at most so much of it.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    /// Runs a target.
    fn ask(&mut self, name: &str, target: Target, input: &[u8]) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) else {
            return;
        };
        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
        self.0
            .push(format!("{name}: \"{}\"\n  {said}", input.escape_ascii()));
        assert!(self.0.len() < 40, "{}", self.0.join("\n"));
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{}", self.0.join("\n"));
        }
    }
}

#[test]
fn seeds_and_regressions() {
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    let mut failures = Failures::default();
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(seeds.len() > 5, "{name}");
        for seed in seeds {
            failures.ask(name, target, &seed);
        }
        for entry in fs::read_dir(regressions.join(name)).into_iter().flatten() {
            failures.ask(name, target, &fs::read(entry.unwrap().path()).unwrap());
        }
    }
}

/// Every prefix of every message is refused, or decoded as far as it goes; the error lies within it.
#[test]
fn prefixes_of_messages() {
    for message in seeds::of("openflow") {
        for end in 0..message.len() {
            let error = match Decoded::decode(&message[..end]) {
                Err(error) => Some(error),
                Ok(decoded) => decoded.error().cloned(),
            };
            let cut = message[..end].escape_ascii();
            let error = error.unwrap_or_else(|| panic!("{cut} is not cut"));
            assert!(error.at <= end, "{error} is behind the end of {cut}");
            assert!(!error.what.is_empty(), "{cut}");
        }
    }
}

/// Each seed cut at a place, and changed at one: which places differ from seed to seed.
#[test]
fn cut_and_flipped_seeds() {
    let mut failures = Failures::default();
    for (name, target) in TARGETS.into_iter().filter(|(name, _)| *name != "batch") {
        let mut chance = Chance::new(11);
        for mut seed in seeds::of(name) {
            let at = chance.below(seed.len());
            failures.ask(name, target, &seed[..at]);
            let at = chance.below(seed.len());
            if let Some(byte) = seed.get_mut(at) {
                *byte ^= [0x01, 0x80, 0xff][chance.below(3)];
            }
            failures.ask(name, target, &seed);
        }
    }
}

#[test]
fn changed_seeds() {
    let mut failures = Failures::default();
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        // Made from its definition each time, a command line takes long to read.
        let count = if name == "batch" {
            CHANGED / 20
        } else {
            CHANGED
        };
        let mut chance = Chance::new(7);
        for _ in 0..count {
            let seed = &seeds[chance.below(seeds.len())];
            let other = &seeds[chance.below(seeds.len())];
            failures.ask(name, target, &changed(seed, other, &mut chance));
        }
    }
}

#[test]
fn seeds_for_the_fuzzer() {
    let Some(directory) = std::env::var_os("FUZZ_SEEDS") else {
        return;
    };
    for (name, _) in TARGETS {
        let directory = Path::new(&directory).join(name);
        fs::create_dir_all(&directory).unwrap();
        for (number, seed) in seeds::of(name).iter().enumerate() {
            fs::write(directory.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}
