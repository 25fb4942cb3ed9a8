//! The procedure of every command that changes the database: plan, one transaction, wait, report.
//!
//! | file | contents |
//! |---|---|
//! | `applied` | waiting for ovs-vswitchd, and its results for the interfaces |
//! | `undo` | removal of ports that the switch refuses |
//! | `interrupt` | the report of the state of a change when a signal ends the process |
//! | `print` | the report of changes |
//! | `of_switch` | changes by OpenFlow, reported in the same way |

mod applied;
mod interrupt;
pub(super) mod of_switch;
mod print;
mod undo;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use futures_util::future::LocalBoxFuture;

use applied::{Applied, State, applied};
use interrupt::{ChangeStage, SignalGuard};
use of_switch::SwitchChange;
use print::{ChangedObject, columns, lines, print_changes, print_plan};
use undo::take_out_again;

use super::progress::Progress;
use super::{Context, Exit, Failure, quoted};
use crate::base::secret::without_secret;
use crate::output::{Heading, headings};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Error, Mutator, Operation, Outcome, Select, Uuid};
use crate::plan::RowId;
use crate::plan::{Edit, Refusal};
use crate::source::Database;

/// Maximum number of plans made because of conflicting transactions.
const ATTEMPTS: usize = 20;

/// With more steps than this, reading the tables of ports once is cheaper than a request for each row.
const WORTH_READING_WHOLE: usize = 40;

/// The hint if it is unknown whether the change is written.
const SHOW_HINT: &str = "`ovs show` shows what is there; the command can be given again with \
                          --may-exist or --if-exists";

/// The columns of the report of a change.
pub(crate) fn changed_columns() -> Vec<Heading> {
    headings(&columns())
}

/// A command that changes the database.
pub(super) trait DatabaseChange {
    /// Applies the change to the draft, or refuses it.
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>>;

    /// Whether ports that the switch refuses are removed again.
    fn is_atomic(&self) -> bool {
        false
    }
}

/// What is done after the database is written and ovs-vswitchd has applied it.
pub(super) trait Afterwards {
    /// What it changes, for `--dry-run`.
    fn planned(&self) -> Vec<SwitchChange>;

    /// Does it. Returns what was changed, and the failure that ended it. `is_written`: the database was changed.
    fn run<'a>(
        &'a self,
        cx: &'a Context,
        is_written: bool,
    ) -> LocalBoxFuture<'a, (Vec<SwitchChange>, Option<Failure>)>;
}

/// A change, with its line number in a batch.
pub(super) struct ChangeStep<'a> {
    pub(super) line: Option<usize>,
    pub(super) change: &'a dyn DatabaseChange,
}

/// Makes one change.
pub(super) async fn make(cx: &Context, change: &dyn DatabaseChange) -> Result<(), Failure> {
    make_all(cx, &[ChangeStep { line: None, change }], None).await
}

/// Makes all changes, in this order, in one transaction, then what comes after; prints a report.
pub(super) async fn make_all(
    cx: &Context,
    steps: &[ChangeStep<'_>],
    then: Option<&dyn Afterwards>,
) -> Result<(), Failure> {
    let is_atomic = steps.iter().any(|step| step.change.is_atomic());
    if is_atomic && cx.writing.no_wait {
        let message =
            "--atomic waits for the result of the switch: it cannot be combined with --no-wait";
        return Err(Failure::new(Exit::Usage, message));
    }
    if is_atomic && steps.len() > 1 {
        let message = "--atomic removes what one command added: it cannot be used in a batch";
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut database = cx.database.for_writing().await?;
    let guard = OnceCell::new();
    for _ in 0..database.servers() {
        match make_at(cx, &database, steps, then, is_atomic, &guard).await {
            Err(Stop::NothingSent(failure)) if failure.exit == Exit::Unreachable => {
                database = database.elsewhere().await.ok_or(failure)?;
            }
            Err(Stop::NothingSent(failure) | Stop::Final(failure)) => return Err(failure),
            Ok(()) => return Ok(()),
        }
    }
    Err(Failure::new(
        Exit::Unreachable,
        "every database server closed the connection before the change was sent",
    ))
}

/// The reason why a change was not made, and whether another server may be tried.
enum Stop {
    /// No transaction was sent.
    NothingSent(Failure),
    /// A retry is not possible.
    Final(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Final(error.into())
    }
}

/// Makes all changes at one server.
async fn make_at(
    cx: &Context,
    database: &Database,
    steps: &[ChangeStep<'_>],
    then: Option<&dyn Afterwards>,
    is_atomic: bool,
    guard: &OnceCell<SignalGuard>,
) -> Result<(), Stop> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let Some(Written { mut edit, next_cfg }) = commit(cx, database, steps, then, guard).await?
    else {
        return Ok(());
    };
    say_warnings(cx, &edit)?;
    let wrote = !edit.draft.is_empty();
    let verdict = if cx.writing.no_wait {
        Ok((Applied::default(), Vec::new()))
    } else {
        let watched = watched(&edit);
        let written = match next_cfg {
            Some(_) => edit.written_columns(),
            None => Vec::new(),
        };
        let applied = applied(cx, database, next_cfg, &watched, &written);
        let applied = during(guard, Box::pin(applied)).await;
        applied.map(|applied| (applied, written))
    };
    let (states, put_back, late) = match verdict {
        Ok((applied, written)) => {
            let mut put_back = Vec::new();
            for (written, found) in written.iter().zip(&applied.written) {
                if let Some(found) = found {
                    put_back.extend(edit.observe(written, found));
                }
            }
            (applied.states, put_back, None)
        }
        Err(failure) => (Vec::new(), Vec::new(), Some(failure)),
    };
    let mut lines = lines(cx, &edit);
    for line in &mut lines {
        line.uuid = line.object.row.and_then(|row| edit.uuid(row));
        line.learn(&states);
    }
    let failed = not_applied(&edit, &states);
    // If nothing was written, there is nothing to report.
    let reached = |stage| {
        if let Some(guard) = guard.get().filter(|_| wrote) {
            guard.reached(stage);
        }
    };
    if late.is_some() || failed.is_some() || !put_back.is_empty() {
        reached(ChangeStage::NotApplied);
    } else if !cx.writing.no_wait {
        reached(ChangeStage::Applied);
    }
    let added: Vec<(&str, Uuid)> = lines.iter().filter_map(ChangedObject::added_port).collect();
    if let Some(failed) = &failed
        && is_atomic
        && !added.is_empty()
        && lines.iter().all(ChangedObject::goes_with_port)
    {
        reached(ChangeStage::TakingOut);
        let taken_out = Box::pin(take_out_again(database, &added, failed));
        let failure = during(guard, taken_out).await;
        reached(ChangeStage::Nothing);
        return Err(failure.into());
    }
    let nothing_added = added.is_empty();
    let is_applied = late.is_none() && failed.is_none() && put_back.is_empty();
    let mut unfinished = None;
    if let Some(then) = then.filter(|_| is_applied) {
        let (more, failure) = during(guard, then.run(cx, wrote)).await;
        let more = more.into_iter().map(|change| change.object(cx));
        lines.extend(more);
        unfinished = failure;
    }
    let not_sent = if then.is_some() && !is_applied {
        "; the flows were not sent"
    } else {
        ""
    };
    let changes = view.list(&lines);
    if let Some(guard) = guard.get() {
        guard.reports(changes.len());
    }
    let printed = print_changes(cx, &changes, lines.is_empty());
    if let Some(mut failure) = late {
        if is_atomic && !nothing_added {
            failure.message.push_str("; it was not taken out again");
        }
        failure.message.push_str(not_sent);
        return Err(failure.into());
    }
    if let Some(failed) = failed {
        let mut failure = partly_applied(&failed, lines.is_empty(), nothing_added);
        failure.message.push_str(not_sent);
        return Err(failure.into());
    }
    if !put_back.is_empty() {
        let mut failure = was_put_back(&put_back);
        failure.message.push_str(not_sent);
        return Err(failure.into());
    }
    if let Some(failure) = unfinished {
        return Err(failure.into());
    }
    let reported = reported(cx, printed);
    reached(ChangeStage::Reported);
    Ok(reported?)
}

/// A plan that is in the database.
struct Written<'c> {
    edit: Edit<'c>,
    /// The value of `next_cfg` that ovs-vswitchd confirms; `None` if nothing was written because the database
    /// already was as requested.
    next_cfg: Option<i64>,
}

/// Plans, again after a conflict, until the plan is written; `None` after a dry run, which is printed.
async fn commit<'c>(
    cx: &Context,
    database: &'c Database,
    steps: &[ChangeStep<'_>],
    then: Option<&dyn Afterwards>,
    guard: &OnceCell<SignalGuard>,
) -> Result<Option<Written<'c>>, Stop> {
    let lost = |error: Error| Stop::NothingSent(error.into());
    let progress = cx.progress("reading the database");
    let mut refused_at_commit = false;
    let mut attempt = 0;
    loop {
        attempt += 1;
        // Done while the database searches, so that it does not delay the change later.
        let prepare = async {
            tokio::task::yield_now().await;
            guard.get_or_init(|| SignalGuard::of(cx));
        };
        let (planned, ()) = tokio::join!(plan(database, steps, &progress), prepare);
        let (mut edit, refused) = planned.map_err(Stop::NothingSent)?;
        if let Some(failure) = refused {
            // The refusal may come from an inconsistent read.
            if attempt < ATTEMPTS
                && !matches!(failure.exit, Exit::Usage | Exit::Unreachable)
                && !edit.draft.holds().await.map_err(lost)?
            {
                continue;
            }
            return Err(Stop::NothingSent(failure));
        }
        let operations = edit.draft.operations(refused_at_commit);
        if cx.writing.dry_run || operations.is_empty() {
            edit.look_around().await.map_err(lost)?;
        }
        let operations = with_frame(operations, edit.around());
        if cx.writing.dry_run {
            let operations = database.fit(&operations).await.map_err(lost)?;
            say_warnings(cx, &edit)?;
            print_plan(cx, &edit, then.map(Afterwards::planned), &operations)?;
            return Ok(None);
        }
        if edit.draft.is_empty() {
            let next_cfg = None;
            return Ok(Some(Written { edit, next_cfg }));
        }
        refuse_undocumented(cx, &edit)?;
        progress.say(|| "writing to the database".to_owned());
        match send(cx, database, &edit, &operations, guard).await {
            Ok(outcomes) => return Ok(Some(Written::of(edit, &operations, &outcomes))),
            Err(Error::Operation(error)) if error.index.is_none() && refused_at_commit => {
                return Err(Error::Operation(error).into());
            }
            Err(error) if attempt < ATTEMPTS && is_lost_race(&error, &operations) => {
                cx.tell("another client changed rows that the plan depends on; planning again");
                refused_at_commit |= matches!(&error, Error::Operation(e) if e.index.is_none());
            }
            Err(error) => return Err(not_written(error, &operations).into()),
        }
    }
}

/// Sends the transaction. From then on an interrupt reports the state of the change.
async fn send(
    cx: &Context,
    database: &Database,
    edit: &Edit<'_>,
    operations: &[Operation],
    guard: &OnceCell<SignalGuard>,
) -> Result<Vec<Outcome>, Error> {
    let guard = guard.get_or_init(|| SignalGuard::of(cx));
    guard.hold_signals();
    guard.reached(ChangeStage::Sent);
    cx.sends_change();
    let sent = database.transact(operations);
    let answer = guard.during(sent).await;
    guard.reached(match answer {
        Ok(_) => ChangeStage::Written,
        Err(_) => ChangeStage::Nothing,
    });
    guard.reports(warnings_len(edit));
    answer
}

impl<'c> Written<'c> {
    /// The plan with the results of the transaction: the inserted rows, and the rows that were read in it.
    fn of(mut edit: Edit<'c>, operations: &[Operation], outcomes: &[Outcome]) -> Self {
        let (mut made, mut read) = (Vec::new(), Vec::new());
        for pair in operations.iter().zip(outcomes) {
            match pair {
                (Operation::Insert { .. }, Outcome::Uuid(uuid)) => made.push(*uuid),
                (Operation::Select(_), Outcome::Rows(rows)) => read.push(rows.clone()),
                _ => {}
            }
        }
        let last = read.pop().unwrap_or_default();
        let next_cfg = last.first().and_then(|row| row.integer("next_cfg").ok());
        // The transaction is committed. These rows are for the report only, so a malformed one is no failure.
        let _ = edit.learn(read);
        edit.made = edit.draft.inserted().into_iter().zip(made).collect();
        Self { edit, next_cfg }
    }
}

/// The interfaces of the changed and of the named ports.
fn watched(edit: &Edit<'_>) -> Vec<(RowId, Uuid)> {
    let report = edit.report();
    let changed = report.iter().flat_map(|object| &object.interfaces);
    let named = edit.touched.iter().filter(|row| !edit.draft.is_gone(**row));
    let rows: BTreeSet<RowId> = changed.chain(named).copied().collect();
    rows.into_iter()
        .filter_map(|row| Some((row, edit.uuid(row)?)))
        .collect()
}

/// The error of the switch, in its own words; `None` if there is none.
fn not_applied(edit: &Edit<'_>, states: &[State]) -> Option<String> {
    let failed = states.iter().filter_map(|state| {
        let has_none = match state.ofport {
            Some(number) => number < 0,
            // ovs-vswitchd has not tried to add it: its bridge could not be created.
            None => edit.draft.is_new(state.row),
        };
        let none = has_none.then_some("the switch gave it no OpenFlow port");
        let words = state.error.as_deref().or(none)?;
        Some(format!(
            "port {}: {words}",
            quoted(&edit.name_of(state.row))
        ))
    });
    let failed: Vec<String> = failed.collect();
    (!failed.is_empty()).then(|| failed.join("; "))
}

/// The failure for a change that was written and then undone by another program.
fn was_put_back(columns: &[String]) -> Failure {
    let message = format!(
        "written, but what was there before is there again: {}",
        columns.join("; ")
    );
    Failure::new(Exit::NotApplied, message)
        .hint("another program sets it: make the change there; `ovs db list` shows what is there")
}

/// The failure for a change that is in the database, but that the switch could not apply.
fn partly_applied(failed: &str, nothing_changed: bool, nothing_added: bool) -> Failure {
    let done = if nothing_changed {
        "nothing to change, but the switch reports"
    } else {
        "written, but the switch could not apply it"
    };
    let hint = match (nothing_changed, nothing_added) {
        (true, _) => "`ovs port show` shows the port's settings; ovs-vswitchd's log says more",
        (false, true) => {
            "the list of changes has the previous values; ovs-vswitchd's log has details"
        }
        (false, false) => {
            "`ovs port del` removes it; --atomic does so immediately; ovs-vswitchd's log has details"
        }
    };
    Failure::new(Exit::NotApplied, format!("{done}: {failed}")).hint(hint)
}

/// Makes a failure final: the change is committed, so it must not be retried because its report failed.
fn reported(cx: &Context, printed: Result<(), Failure>) -> Result<(), Failure> {
    match printed {
        Err(failure) if failure.exit == Exit::Failed && !cx.writing.dry_run => {
            failure.say(cx.quiet);
            cx.remark("the change is made; only its report is lost");
            Ok(())
        }
        other => other,
    }
}

/// The plan of all steps, and the reason if one of them is refused.
async fn plan<'c>(
    database: &'c Database,
    steps: &[ChangeStep<'_>],
    progress: &Progress,
) -> Result<(Edit<'c>, Option<Failure>), Failure> {
    let mut edit = Edit::new(database);
    if steps.len() > WORTH_READING_WHOLE {
        edit.read_whole().await?;
    }
    let last = steps.iter().filter_map(|step| step.line).next_back();
    let refused = |refusal: Refusal, line: Option<usize>| {
        let mut failure = Failure::from(refusal);
        if let Some(line) = line {
            failure.message = format!("line {line}: {}", failure.message);
        }
        Some(failure)
    };
    for step in steps {
        if let (Some(line), Some(last)) = (step.line, last) {
            progress.say(|| format!("line {line} of {last}"));
        }
        edit.draft.line = step.line;
        if let Err(refusal) = step.change.plan(&mut edit).await {
            return Ok((edit, refused(refusal, step.line)));
        }
    }
    if let Err((row, refusal)) = edit.refuse_unreferenced() {
        let line = edit.draft.line_of(row, "_uuid");
        return Ok((edit, refused(refusal, line)));
    }
    for row in edit.targeted_controllers() {
        if let Err(refusal) = edit.check_controller(row).await {
            let line = edit.draft.line_of(row, "target");
            return Ok((edit, refused(refusal, line)));
        }
    }
    edit.warn_of_dangling_patches().await?;
    edit.check_keys().await?;
    Ok((edit, None))
}

/// The operations of every transaction: a comment for the database's log, and the increment of `next_cfg`,
/// which ovs-vswitchd confirms (ovs-vswitchd.conf.db(5)). `along` is read in the same transaction.
fn with_frame(mut operations: Vec<Operation>, along: Vec<Select>) -> Vec<Operation> {
    if operations.is_empty() {
        return operations;
    }
    operations.extend(along.into_iter().map(Operation::Select));
    // The comment stays in the database's log.
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| without_secret(&word.to_string_lossy()))
        .collect();
    operations.push(Operation::Comment {
        comment: format!("ovs: {}", words.join(" ")),
    });
    operations.push(Operation::Mutate {
        table: OPEN_VSWITCH.to_owned(),
        when: Vec::new(),
        mutations: vec![("next_cfg".to_owned(), Mutator::Add, 1.into())],
    });
    operations.push(Select::columns(OPEN_VSWITCH, &["next_cfg"]).into());
    operations
}

/// Whether the transaction failed because another client wrote after the plan was made.
fn is_lost_race(error: &Error, operations: &[Operation]) -> bool {
    let Error::Operation(error) = error else {
        return false;
    };
    match error.index.and_then(|index| operations.get(index)) {
        Some(Operation::Wait { .. }) => error.error == "timed out",
        Some(_) => false,
        // A name that was free is taken; a row that existed is deleted.
        None => ["constraint violation", "referential integrity violation"]
            .contains(&error.error.as_str()),
    }
}

/// The failure for a transaction that was not committed, or whose result is unknown.
fn not_written(error: Error, operations: &[Operation]) -> Failure {
    match error {
        Error::Operation(ref refused) if is_lost_race(&error, operations) => Failure::new(
            Exit::Failed,
            format!(
                "others keep changing what this builds on ({}); nothing changed",
                refused.error
            ),
        )
        .hint("try again"),
        Error::Operation(_)
        | Error::Rpc(_)
        | Error::Value(_)
        | Error::Connect(_)
        | Error::NoDatabase(_)
        | Error::NotInSchema { .. }
        | Error::NotSaved(_)
        | Error::NotConnected
        | Error::Several(_) => error.into(),
        Error::TimedOut(_) | Error::Closed { .. } | Error::Io(_) | Error::Protocol(_) => {
            Failure::new(
                Exit::Unknown,
                format!("the change was sent, but {error}: whether it is written is not known"),
            )
            .hint(SHOW_HINT)
        }
    }
}

fn refuse_undocumented(cx: &Context, edit: &Edit<'_>) -> Result<(), Failure> {
    let warning = edit.warnings.iter().find(|warning| warning.is_about_keys);
    match warning {
        Some(warning) if cx.writing.strict => Err(Failure::new(Exit::Failed, warning.text.clone())
            .hint("without --strict this is a warning")),
        _ => Ok(()),
    }
}

/// Runs `work`, during which a signal is reported; if nothing was sent, the signal has its default effect.
async fn during<T>(guard: &OnceCell<SignalGuard>, work: impl Future<Output = T>) -> T {
    match guard.get() {
        Some(guard) => guard.during(work).await,
        None => work.await,
    }
}

/// The approximate length of the warnings and notes, in bytes.
fn warnings_len(edit: &Edit<'_>) -> usize {
    let warnings = edit.warnings.iter().map(|warning| warning.text.len());
    warnings.chain(edit.notes.iter().map(String::len)).sum()
}

fn say_warnings(cx: &Context, edit: &Edit<'_>) -> Result<(), Failure> {
    refuse_undocumented(cx, edit)?;
    for warning in &edit.warnings {
        cx.remark(&format!("ovs: warning: {}", warning.text));
    }
    for note in &edit.notes {
        cx.remark(note);
    }
    Ok(())
}
