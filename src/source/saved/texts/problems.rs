//! Lines of a text that could not be read.

/// Lines of a text that could not be read: how many, and the first of them.
#[derive(Debug, Default)]
pub(super) struct LineProblems {
    first: Vec<(usize, String)>,
    count: usize,
}

/// Maximum number of lines that are named with their reason.
const TOLD: usize = 3;

impl LineProblems {
    /// Adds a line by its number, from 1.
    pub(super) fn add(&mut self, line: usize, reason: &str) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push((line, reason.to_owned()));
        }
    }

    /// Adds those of a later part of the text.
    pub(super) fn append(&mut self, other: LineProblems) {
        self.count += other.count;
        let room = TOLD - self.first.len();
        self.first.extend(other.first.into_iter().take(room));
    }

    /// Remarks on the text of this name; `what` is incomplete without the lines.
    pub(super) fn tell(self, name: &str, what: &str, remarks: &mut Vec<String>) {
        let told = self.first.len();
        for (line, reason) in self.first {
            remarks.push(format!(
                "{name}, line {line}: {reason}; left out: {what} are incomplete"
            ));
        }
        if self.count > told {
            let more = self.count - told;
            remarks.push(format!(
                "{name}: {more} more lines could not be read and are left out"
            ));
        }
    }
}
