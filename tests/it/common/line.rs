//! Command lines as they are typed: `ovs!(sandbox, "port add br0 {port} --tag 5").ok()`.
//!
//! A line is split as a shell splits it, after `{...}` of it was filled in as `format!` does. What `ovs!` makes
//! is not run before something is expected of it; see [`Ovs`]. The lines of the real tools are run at once:
//! `vsctl!(sandbox, "get Port p1 tag")` is what ovs-vsctl prints, and the test fails unless it exits with 0.
//!
//! [`Ovs`]: super::Ovs

/// `ovs LINE` on a sandbox, or without one: an [`Ovs`](super::Ovs).
macro_rules! ovs {
    ($line:literal $(, $argument:expr)* $(,)?) => {
        $crate::common::ovs(&$crate::common::line::words(&format!($line $(, $argument)*)))
    };
    ($sandbox:expr, $line:literal $(, $argument:expr)* $(,)?) => {
        $sandbox.ovs(&$crate::common::line::words(&format!($line $(, $argument)*)))
    };
}

/// What the real `ovs-vsctl LINE` prints. Waits for ovs-vswitchd.
macro_rules! vsctl {
    ($sandbox:expr, $line:literal $(, $argument:expr)* $(,)?) => {
        $sandbox.vsctl(&$crate::common::line::words(&format!($line $(, $argument)*)))
    };
}

/// What the real `ovs-ofctl LINE` prints.
macro_rules! ofctl {
    ($sandbox:expr, $line:literal $(, $argument:expr)* $(,)?) => {
        $sandbox.ofctl(&$crate::common::line::words(&format!($line $(, $argument)*)))
    };
}

/// What the real `ovs-appctl LINE` prints.
macro_rules! appctl {
    ($sandbox:expr, $line:literal $(, $argument:expr)* $(,)?) => {
        $sandbox.appctl(&$crate::common::line::words(&format!($line $(, $argument)*)))
    };
}

/// Two texts must be the same; the lines that differ are printed, after a message as of `assert!`.
macro_rules! assert_same {
    ($before:expr, $after:expr $(, $($message:tt)+)?) => {{
        let (before, after): (&str, &str) = (&$before, &$after);
        if before != after {
            let message = String::new() $(+ &format!($($message)+))?;
            let diff = $crate::common::diff(before, after);
            let changed: Vec<&str> = diff.lines().filter(|line| !line.starts_with(' ')).collect();
            panic!("{message}: differs (- before, + after):\n{}", changed.join("\n"));
        }
    }};
}

/// The words of a line, by the rules of a shell.
#[track_caller]
pub fn words(line: &str) -> Vec<String> {
    shell_words::split(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}
