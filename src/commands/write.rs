//! How every command that changes the database does it: plan, one transaction, wait, tell the truth.
//!
//! | room | what is in it |
//! |---|---|
//! | `applied` | waiting for ovs-vswitchd, and what it says of the interfaces |
//! | `undo` | taking out again what the switch refuses |
//! | `interrupt` | what a signal that ends it says first |
//! | `print` | what changed, as the user sees it |

mod applied;
mod interrupt;
mod print;
mod undo;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use futures_util::future::LocalBoxFuture;

use applied::{Applied, State, applied};
use interrupt::{Course, Stage};
use print::{Line, columns, lines, print_changes, print_plan};
use undo::take_out_again;

use super::progress::Progress;
use super::{Context, Exit, Failure, quoted};
use crate::output::{Heading, headings};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Error, Mutator, Operation, Outcome, Select, Uuid};
use crate::plan::RowId;
use crate::plan::{Edit, Refusal};
use crate::source::Database;

/// How often a plan is made anew because somebody else was faster.
const ATTEMPTS: usize = 20;

/// With more steps than this, reading the tables of ports once is cheaper than asking for each row.
const WORTH_READING_WHOLE: usize = 40;

/// What helps where nobody knows whether it is written.
const LOOK_THERE: &str = "`ovs show` shows what is there; the command can be given again with \
                          --may-exist or --if-exists";

/// The columns of what is printed of a change.
pub(crate) fn changed_columns() -> Vec<Heading> {
    headings(&columns())
}

/// A command that changes the database.
pub(super) trait Change {
    /// Lays the change over the draft, or says why it is not made.
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>>;

    /// Whether ports that the switch refuses are to be taken out again.
    fn is_atomic(&self) -> bool {
        false
    }
}

/// A change, and the line it stands on in a batch.
pub(super) struct Step<'a> {
    pub(super) line: Option<usize>,
    pub(super) change: &'a dyn Change,
}

/// Makes one change.
pub(super) async fn make(cx: &Context, change: &dyn Change) -> Result<(), Failure> {
    make_all(cx, &[Step { line: None, change }]).await
}

/// Makes all changes, in this order, in one transaction; prints what changed.
pub(super) async fn make_all(cx: &Context, steps: &[Step<'_>]) -> Result<(), Failure> {
    let is_atomic = steps.iter().any(|step| step.change.is_atomic());
    if is_atomic && cx.writing.no_wait {
        let message = "--atomic must wait to see what the switch says: it cannot be with --no-wait";
        return Err(Failure::new(Exit::Usage, message));
    }
    if is_atomic && steps.len() > 1 {
        let message = "--atomic takes out what one command added: it cannot stand in a batch";
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut database = cx.database.for_writing().await?;
    let course = OnceCell::new();
    for _ in 0..database.servers() {
        match make_at(cx, &database, steps, is_atomic, &course).await {
            Err(Stop::NothingSent(failure)) if failure.exit == Exit::Unreachable => {
                database = database.elsewhere().await.ok_or(failure)?;
            }
            Err(Stop::NothingSent(failure) | Stop::Final(failure)) => return Err(failure),
            Ok(()) => return Ok(()),
        }
    }
    Err(Failure::new(
        Exit::Unreachable,
        "every database server that was tried hung up before anything was sent to it",
    ))
}

/// Why a change was not made, and whether it can be tried at another server.
enum Stop {
    /// No transaction was sent.
    NothingSent(Failure),
    /// There is nothing to try again.
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
    steps: &[Step<'_>],
    is_atomic: bool,
    course: &OnceCell<Course>,
) -> Result<(), Stop> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let Some(Written { mut edit, next_cfg }) = commit(cx, database, steps, course).await? else {
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
        let applied = during(course, Box::pin(applied)).await;
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
        line.uuid = edit.uuid(line.object.row);
        line.learn(&states);
    }
    let failed = not_applied(&edit, &states);
    // Where nothing was written, nothing is to be said.
    let reached = |stage| {
        if let Some(course) = course.get().filter(|_| wrote) {
            course.reached(stage);
        }
    };
    if late.is_some() || failed.is_some() || !put_back.is_empty() {
        reached(Stage::NotApplied);
    } else if !cx.writing.no_wait {
        reached(Stage::Applied);
    }
    let added: Vec<(&str, Uuid)> = lines.iter().filter_map(Line::added_port).collect();
    if let Some(failed) = &failed
        && is_atomic
        && !added.is_empty()
        && lines.iter().all(Line::goes_with_port)
    {
        reached(Stage::TakingOut);
        let taken_out = Box::pin(take_out_again(database, &added, failed));
        let failure = during(course, taken_out).await;
        reached(Stage::Nothing);
        return Err(failure.into());
    }
    let changes = view.list(&lines);
    if let Some(course) = course.get() {
        course.reports(changes.len());
    }
    let printed = print_changes(cx, &changes, lines.is_empty());
    if let Some(mut failure) = late {
        if is_atomic && !added.is_empty() {
            failure.message.push_str("; it was not taken out again");
        }
        return Err(failure.into());
    }
    if let Some(failed) = failed {
        return Err(partly_applied(&failed, lines.is_empty(), added.is_empty()).into());
    }
    if !put_back.is_empty() {
        return Err(was_put_back(&put_back).into());
    }
    let reported = reported(cx, printed);
    reached(Stage::Told);
    Ok(reported?)
}

/// A plan that is in the database.
struct Written<'c> {
    edit: Edit<'c>,
    /// The number by which ovs-vswitchd says that it has applied it; `None`: nothing was written, because
    /// all was so already.
    next_cfg: Option<i64>,
}

/// Plans, and plans again where somebody else was faster, until it is written; `None`: it was a dry run,
/// which is printed.
async fn commit<'c>(
    cx: &Context,
    database: &'c Database,
    steps: &[Step<'_>],
    course: &OnceCell<Course>,
) -> Result<Option<Written<'c>>, Stop> {
    let lost = |error: Error| Stop::NothingSent(error.into());
    let progress = cx.progress("reading the database");
    let mut refused_at_commit = false;
    let mut attempt = 0;
    loop {
        attempt += 1;
        // Done while the database searches: later the change would wait for it.
        let prepare = async {
            tokio::task::yield_now().await;
            course.get_or_init(|| Course::prepare(cx.quiet));
        };
        let (planned, ()) = tokio::join!(plan(database, steps, &progress), prepare);
        let (mut edit, refused) = planned.map_err(Stop::NothingSent)?;
        if let Some(failure) = refused {
            // It may be refused because of what never was so at any one moment.
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
            say_warnings(cx, &edit)?;
            print_plan(cx, &edit, &operations)?;
            return Ok(None);
        }
        if edit.draft.is_empty() {
            let next_cfg = None;
            return Ok(Some(Written { edit, next_cfg }));
        }
        refuse_undocumented(cx, &edit)?;
        progress.say(|| "writing to the database".to_owned());
        match send(cx, database, &edit, &operations, course).await {
            Ok(outcomes) => return Ok(Some(Written::of(edit, &operations, &outcomes))),
            Err(Error::Operation(error)) if error.index.is_none() && refused_at_commit => {
                return Err(Error::Operation(error).into());
            }
            Err(error) if attempt < ATTEMPTS && is_lost_race(&error, &operations) => {
                cx.tell("somebody else changed what this builds on; planning again");
                refused_at_commit |= matches!(&error, Error::Operation(e) if e.index.is_none());
            }
            Err(error) => return Err(not_written(error, &operations).into()),
        }
    }
}

/// Sends the transaction. An interrupt from now on reports what became of it.
async fn send(
    cx: &Context,
    database: &Database,
    edit: &Edit<'_>,
    operations: &[Operation],
    course: &OnceCell<Course>,
) -> Result<Vec<Outcome>, Error> {
    let course = course.get_or_init(|| Course::prepare(cx.quiet));
    course.hold_signals();
    course.reached(Stage::Sent);
    let sent = database.transact(operations);
    let answer = course.during(sent).await;
    course.reached(match answer {
        Ok(_) => Stage::Written,
        Err(_) => Stage::Nothing,
    });
    course.reports(warnings_len(edit));
    answer
}

impl<'c> Written<'c> {
    /// The plan with what the database answered: the rows that it made, and what was read along.
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

/// The interfaces of what changed and of what was named.
fn watched(edit: &Edit<'_>) -> Vec<(RowId, Uuid)> {
    let report = edit.report();
    let changed = report.iter().flat_map(|object| &object.interfaces);
    let named = edit.touched.iter().filter(|row| !edit.draft.is_gone(**row));
    let rows: BTreeSet<RowId> = changed.chain(named).copied().collect();
    rows.into_iter()
        .filter_map(|row| Some((row, edit.uuid(row)?)))
        .collect()
}

/// What the switch could not do, in its own words; `None`: nothing of the kind.
fn not_applied(edit: &Edit<'_>, states: &[State]) -> Option<String> {
    let failed = states.iter().filter_map(|state| {
        let has_none = match state.ofport {
            Some(number) => number < 0,
            // What ovs-vswitchd has not so much as tried: its bridge could not be made.
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

/// The change was in the database, and is there no longer.
fn was_put_back(columns: &[String]) -> Failure {
    let message = format!(
        "written, but what was there before is there again: {}",
        columns.join("; ")
    );
    Failure::new(Exit::NotApplied, message)
        .hint("another program sets it: make the change there; `ovs db list` shows what is there")
}

/// The change is in the database, and the switch reports what it could not do.
fn partly_applied(failed: &str, nothing_changed: bool, nothing_added: bool) -> Failure {
    let done = if nothing_changed {
        "nothing to change, but the switch reports"
    } else {
        "written, but the switch could not apply it"
    };
    let hint = match (nothing_changed, nothing_added) {
        (true, _) => "`ovs port show` shows the port's settings; ovs-vswitchd's log says more",
        (false, true) => {
            "the list of changes says what was there before; ovs-vswitchd's log says more"
        }
        (false, false) => {
            "`ovs port del` takes it out; --atomic does so at once; ovs-vswitchd's log says more"
        }
    };
    Failure::new(Exit::NotApplied, format!("{done}: {failed}")).hint(hint)
}

/// What is done is done, also where it cannot be told: that is no reason to try again.
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

/// A plan of all steps, and why one of them is not made, if so.
async fn plan<'c>(
    database: &'c Database,
    steps: &[Step<'_>],
    progress: &Progress,
) -> Result<(Edit<'c>, Option<Failure>), Failure> {
    let mut edit = Edit::new(database);
    if steps.len() > WORTH_READING_WHOLE {
        edit.read_whole().await?;
    }
    let last = steps.iter().filter_map(|step| step.line).next_back();
    for step in steps {
        if let (Some(line), Some(last)) = (step.line, last) {
            progress.say(|| format!("line {line} of {last}"));
        }
        if let Err(refusal) = step.change.plan(&mut edit).await {
            let mut failure = Failure::from(refusal);
            if let Some(line) = step.line {
                failure.message = format!("line {line}: {}", failure.message);
            }
            return Ok((edit, Some(failure)));
        }
    }
    if let Err(refusal) = edit.refuse_unreferenced() {
        return Ok((edit, Some(refusal.into())));
    }
    if let Err(refusal) = edit.check_controllers().await {
        return Ok((edit, Some(refusal.into())));
    }
    edit.check_keys().await?;
    Ok((edit, None))
}

/// What every transaction has besides: a note in the database's log, and the number by which
/// ovs-vswitchd says that it has applied it (ovs-vswitchd.conf.db(5), `next_cfg`). `along` is read in it.
fn with_frame(mut operations: Vec<Operation>, along: Vec<Select>) -> Vec<Operation> {
    if operations.is_empty() {
        return operations;
    }
    operations.extend(along.into_iter().map(Operation::Select));
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

/// A word of the command line without the value of a key that is a secret: the database keeps its log,
/// also when the option is long gone.
fn without_secret(word: &str) -> String {
    for key in ["psk=", "password=", "secret=", "private_key="] {
        if let Some((before, _)) = word.split_once(key) {
            return format!("{before}{key}***");
        }
    }
    word.to_owned()
}

/// Whether the transaction failed because of what others wrote after we had read.
fn is_lost_race(error: &Error, operations: &[Operation]) -> bool {
    let Error::Operation(error) = error else {
        return false;
    };
    match error.index.and_then(|index| operations.get(index)) {
        Some(Operation::Wait { .. }) => error.error == "timed out",
        Some(_) => false,
        // A name that was free is so no longer; a row that was there is gone.
        None => ["constraint violation", "referential integrity violation"]
            .contains(&error.error.as_str()),
    }
}

/// The transaction was not committed, or nobody knows.
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
        | Error::NotConnected
        | Error::Several(_) => error.into(),
        Error::TimedOut(_) | Error::Closed { .. } | Error::Io(_) | Error::Protocol(_) => {
            Failure::new(
                Exit::Unknown,
                format!("the change was sent, but {error}: whether it is written is not known"),
            )
            .hint(LOOK_THERE)
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

/// Does this work; a signal is heard meanwhile, or has its effect if nothing was sent.
async fn during<T>(course: &OnceCell<Course>, work: impl Future<Output = T>) -> T {
    match course.get() {
        Some(course) => course.during(work).await,
        None => work.await,
    }
}

/// About so many bytes are the warnings and notes.
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
