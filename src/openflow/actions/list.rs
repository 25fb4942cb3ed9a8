//! The undecoded actions of a flow: a list of actions, or of instructions that hold actions.

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext, TextRole};
use crate::openflow::version::Version;

use super::action::{Action, SwitchReference};
use super::codec::{ActionHeader, Unencodable};

/// Maximum nesting depth of lists; deeper ones print as bytes.
const DEPTH_LIMIT: u8 = 32;

/// What the bytes of an [`ActionList`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// Actions: a flow of OpenFlow 1.0, a bucket, a packet-out.
    Actions,
    /// Instructions: a flow of OpenFlow 1.1 and later.
    Instructions,
}

/// A list of undecoded actions.
#[derive(Debug, Clone, Copy)]
pub struct ActionList<'a> {
    bytes: Cursor<'a>,
    version: Version,
    form: ListForm,
    depth: u8,
}

impl<'a> ActionList<'a> {
    /// The list in `bytes`, whose first byte is at offset `at` of its message.
    pub fn new(bytes: &'a [u8], at: usize, version: Version, form: ListForm) -> ActionList<'a> {
        ActionList {
            bytes: Cursor::new(bytes, at),
            version,
            form,
            depth: 0,
        }
    }

    /// The actions nested in an action at `depth`; an error where their lengths contradict each other.
    pub(super) fn nested(
        body: &mut Cursor<'a>,
        head: ActionHeader,
    ) -> Result<ActionList<'a>, DecodeError> {
        let depth = head.depth;
        if depth >= DEPTH_LIMIT {
            return Err(body.error("nested actions", DecodeErrorKind::BadLength(depth.into())));
        }
        let bytes = body.sub(body.remaining(), "nested actions")?;
        let mut walk = bytes;
        while !walk.is_empty() {
            next_whole(&mut walk, "nested action")?;
        }
        Ok(ActionList {
            bytes,
            version: head.version,
            form: ListForm::Actions,
            depth: depth + 1,
        })
    }

    /// The version of the message.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the bytes are.
    pub fn form(&self) -> ListForm {
        self.form
    }

    /// The bytes of the list.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.rest()
    }

    /// Whether there are no bytes; a list of instructions may have bytes but no action.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first action, if it has this name, and the list without it.
    pub(super) fn split_first(self, name: &str) -> Option<(Action<'a>, ActionList<'a>)> {
        let first = self.iter().next()?.ok()?;
        let mut bytes = self.bytes;
        next_whole(&mut bytes, "action").ok()?;
        (first.name() == name).then_some((first, ActionList { bytes, ..self }))
    }

    /// The actions in the order in which ovs-ofctl shows them: of instructions, meter, the actions to
    /// apply, `clear_actions`, `write_actions`, `write_metadata`, `goto_table`, and what else there is.
    ///
    /// After a contradictory length, the iterator yields that error and ends.
    pub fn iter(&self) -> ActionIter<'a> {
        match self.form {
            ListForm::Actions => ActionIter::over_actions(self.bytes, self.version, self.depth),
            ListForm::Instructions => ActionIter::over_instructions(self.bytes, self.version),
        }
    }

    /// Writes what follows `actions=` in a dump, each action in the words of its version.
    ///
    /// # Errors
    ///
    /// The place of a length that contradicts its surroundings; what comes before it is written.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) -> Result<(), DecodeError> {
        let mut first = true;
        for action in self {
            let action = action?;
            if !first {
                sink.put(",");
            }
            first = false;
            action.text(sink, cx);
        }
        if first {
            sink.put_as(TextRole::Drop, "drop");
        }
        Ok(())
    }

    /// [`ActionList::text`] for actions nested in another, whose lengths were checked when it was read.
    pub(super) fn text_nested<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let _ = self.text(sink, cx);
    }

    /// [`ActionList::json`] for actions nested in another, whose lengths were checked when it was read.
    pub(super) fn json_nested(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        let _ = self.json(json, cx);
    }

    /// Writes a JSON array with one object per action; see each action for its keys.
    ///
    /// # Errors
    ///
    /// The place of a length that contradicts its surroundings; the array holds what comes before it.
    pub fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) -> Result<(), DecodeError> {
        json.begin_array();
        let mut result = Ok(());
        for action in self {
            match action {
                Ok(action) => action.json(json, cx),
                Err(error) => result = Err(error),
            }
        }
        json.end_array();
        result
    }

    /// Whether any action, nested ones included, sends packets to this port by its number: `output`,
    /// `enqueue`, `bundle`; `controller` for `CONTROLLER`. Output to a port held in a field is not considered.
    pub fn sends_to(&self, ofport: u32) -> bool {
        self.iter()
            .any(|action| action.is_ok_and(|action| action.sends_to(ofport)))
    }

    /// Calls `take` for each number in the actions, nested ones included, that names something of the switch.
    pub fn references(&self, take: &mut dyn FnMut(SwitchReference)) {
        self.iter()
            .flatten()
            .for_each(|action| action.references(take));
    }

    /// Appends nested actions, encoded for `version`.
    pub(super) fn encode_nested(
        &self,
        version: Version,
        out: &mut Vec<u8>,
    ) -> Result<(), Unencodable> {
        if version == self.version {
            out.extend_from_slice(self.bytes.rest());
            return Ok(());
        }
        for action in self.iter().flatten() {
            action.encode(version, out)?;
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &ActionList<'a> {
    type Item = Result<Action<'a>, DecodeError>;
    type IntoIter = ActionIter<'a>;

    fn into_iter(self) -> ActionIter<'a> {
        self.iter()
    }
}

/// A cursor over the next action or instruction, header included.
fn next_whole<'a>(cursor: &mut Cursor<'a>, what: &'static str) -> Result<Cursor<'a>, DecodeError> {
    let mut header = *cursor;
    header.skip(2, what)?;
    let length = usize::from(header.u16(what)?);
    if length < 8 || !length.is_multiple_of(8) {
        return Err(cursor.error(what, DecodeErrorKind::BadLength(length)));
    }
    cursor.sub(length, what)
}

/// The rank of an instruction in ovs-ofctl's order; `None` for those it does not know.
fn rank(number: u16) -> Option<u8> {
    match number {
        6 => Some(0),
        APPLY_ACTIONS => Some(1),
        5 => Some(2),
        3 => Some(3),
        2 => Some(4),
        1 => Some(5),
        _ => None,
    }
}

/// `OFPIT_APPLY_ACTIONS`
const APPLY_ACTIONS: u16 = 4;
/// Its rank, as a bit.
const APPLY_BIT: u8 = 1 << 1;

/// The rank of unranked and of repeated instructions.
const OTHERS: u8 = 6;

/// Iterator over the actions of an [`ActionList`].
#[derive(Debug, Clone)]
pub struct ActionIter<'a> {
    /// Actions to read next.
    actions: Cursor<'a>,
    /// The instructions up to the first malformed length.
    instructions: Cursor<'a>,
    /// The ranks that are still to come, one bit each.
    pending: u8,
    /// The ranks seen so far, to detect repeated instructions.
    seen: u8,
    /// The error that ended the instructions.
    error: Option<DecodeError>,
    version: Version,
    depth: u8,
}

impl<'a> ActionIter<'a> {
    fn over_actions(actions: Cursor<'a>, version: Version, depth: u8) -> ActionIter<'a> {
        ActionIter {
            actions,
            instructions: Cursor::new(&[], 0),
            pending: 0,
            seen: 0,
            error: None,
            version,
            depth,
        }
    }

    fn over_instructions(bytes: Cursor<'a>, version: Version) -> ActionIter<'a> {
        // Fast path for nearly every flow: a single apply_actions.
        let mut only = bytes;
        if only.u16("instruction type") == Ok(APPLY_ACTIONS)
            && only.u16("instruction length").map(usize::from) == Ok(bytes.remaining())
            && bytes.remaining().is_multiple_of(8)
            && only.skip(4, "apply_actions").is_ok()
        {
            return ActionIter::over_actions(only, version, 0);
        }
        let mut iter = ActionIter::over_actions(Cursor::new(&[], 0), version, 0);
        let mut rest = bytes;
        while !rest.is_empty() {
            match next_whole(&mut rest, "instruction") {
                Ok(mut whole) => {
                    let bit = rank_bit(&mut whole);
                    let twice = iter.pending & bit != 0;
                    iter.pending |= if twice { 1 << OTHERS } else { bit };
                }
                Err(error) => {
                    iter.error = Some(error);
                    break;
                }
            }
        }
        let sound = bytes.remaining() - rest.remaining();
        iter.instructions = Cursor::new(bytes.rest().get(..sound).unwrap_or_default(), bytes.at());
        iter
    }

    /// The first instruction of this rank.
    fn instruction(&self, bit: u8) -> Option<Cursor<'a>> {
        let mut rest = self.instructions;
        while let Ok(whole) = next_whole(&mut rest, "instruction") {
            if rank_bit(&mut whole.clone()) == bit {
                return Some(whole);
            }
        }
        None
    }

    /// The next instruction that has no rank, or whose rank came before.
    fn other(&mut self) -> Option<Cursor<'a>> {
        while let Ok(whole) = next_whole(&mut self.instructions, "instruction") {
            let bit = rank_bit(&mut whole.clone());
            if bit == 1 << OTHERS || self.seen & bit != 0 {
                return Some(whole);
            }
            self.seen |= bit;
        }
        None
    }
}

/// The rank of an instruction as a bit of `pending`.
fn rank_bit(whole: &mut Cursor<'_>) -> u8 {
    let number = whole.u16("instruction type").unwrap_or(u16::MAX);
    1 << rank(number).unwrap_or(OTHERS)
}

impl<'a> Iterator for ActionIter<'a> {
    type Item = Result<Action<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.actions.is_empty() {
                return Some(match next_whole(&mut self.actions, "action") {
                    Ok(whole) => Ok(Action::decode(whole, self.version, false, self.depth)),
                    Err(error) => {
                        *self = ActionIter::over_actions(Cursor::new(&[], 0), self.version, 0);
                        Err(error)
                    }
                });
            }
            if self.pending == 0 {
                return self.error.take().map(Err);
            }
            let bit = self.pending & self.pending.wrapping_neg();
            let whole = if bit == 1 << OTHERS {
                self.other()
            } else {
                self.pending &= !bit;
                self.instruction(bit)
            };
            match whole {
                None => self.pending &= !bit,
                Some(mut whole) if bit == APPLY_BIT => {
                    // Skips header and padding; the length was checked to be at least 8.
                    let _ = whole.skip(8, "apply_actions");
                    self.actions = whole;
                }
                Some(whole) => {
                    return Some(Ok(Action::decode(whole, self.version, true, self.depth)));
                }
            }
        }
    }
}
