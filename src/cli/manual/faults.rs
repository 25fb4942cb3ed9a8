//! External faults, the resulting messages and exit codes: ovs-faults(7). Each row has a test of its name in
//! `tests/it/faults`, which causes the fault and compares the result with the row.

use super::page::Block;
use crate::commands::Exit;

/// A fault that the user did not cause.
#[derive(Debug)]
pub struct Fault {
    /// The name of its test.
    pub name: &'static str,
    /// The fault.
    pub what: &'static str,
    /// The outcomes; several if they depend on the command or the time.
    pub outcomes: &'static [Outcome],
}

/// An outcome of a fault.
#[derive(Debug)]
pub struct Outcome {
    /// The condition, if there are several outcomes.
    pub when: &'static str,
    /// The line on stderr, after `ovs: `. Words of [`STAND_INS`] are placeholders. Empty: none.
    pub says: &'static str,
    /// The exit code.
    pub exit: Exit,
}

/// The placeholders in [`Outcome::says`].
pub const STAND_INS: [&str; 6] = ["ENDPOINT", "SWITCH", "NAME", "SECS", "WORDS", "N"];

/// Faults of one kind.
#[derive(Debug)]
pub struct FaultGroup {
    /// The heading.
    pub title: &'static str,
    /// The faults.
    pub faults: &'static [Fault],
}

const fn fault(name: &'static str, what: &'static str, outcomes: &'static [Outcome]) -> Fault {
    Fault {
        name,
        what,
        outcomes,
    }
}

const fn outcome(when: &'static str, says: &'static str, exit: Exit) -> Outcome {
    Outcome { when, says, exit }
}

/// All faults.
pub const FAULTS: &[FaultGroup] = &[
    FaultGroup {
        title: "Connecting",
        faults: &[
            fault(
                "connection_refused",
                "No process listens on the socket or port",
                &[
                    outcome(
                        "the database",
                        "cannot connect to ENDPOINT: connection refused",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a bridge",
                        "bridge NAME is in the database, but ovs-vswitchd does not serve it",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "accepted_and_silent",
                "The other side accepts the connection and sends nothing",
                &[
                    outcome(
                        "the database",
                        "the database server gave no reply within SECS s",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a switch",
                        "SWITCH: no reply within SECS s",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "a_byte_every_10_ms",
                "The other side sends its reply a byte at a time: each byte counts as progress",
                &[outcome("", "", Exit::Done)],
            ),
            fault(
                "database_closed_at_every_byte",
                "The database server closes the connection before its reply is complete",
                &[
                    outcome(
                        "between two messages",
                        "the database server closed the connection",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "within one",
                        "the database server closed the connection in the middle of a message",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "switch_closed_at_every_byte",
                "The switch closes the connection before its reply is complete; the flows received are printed",
                &[
                    outcome(
                        "before its hello, at a local socket: the connection is tried again",
                        "SWITCH: the switch closed the connection N times in N s, each time before its hello",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "before the first flows",
                        "SWITCH: the switch closed the connection",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "after them",
                        "SWITCH: the switch closed the connection; the dump is cut short after N flows",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "change_closed_at_every_byte",
                "The database server closes the connection during a change",
                &[
                    outcome(
                        "before it was sent: nothing is changed",
                        "the database server closed WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "before the answer: it is written whole or not at all",
                        "the change was sent, but the database server closed WORDS: whether it is written is not known",
                        Exit::Unknown,
                    ),
                    outcome(
                        "after it",
                        "written to the database, but whether it is applied is not known: the database server closed WORDS",
                        Exit::NotApplied,
                    ),
                ],
            ),
            fault(
                "garbage",
                "The other side sends random bytes",
                &[
                    outcome(
                        "the database",
                        "the database server does not speak OVSDB: WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a switch",
                        "SWITCH: the other side does not speak OpenFlow",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a switch, in the middle of a dump",
                        "SWITCH: the switch sent a message of version N after WORDS was negotiated; the dump is cut short after N flows",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "http_answer",
                "A web server replies",
                &[
                    outcome(
                        "the database",
                        "the database server does not speak OVSDB: it does not speak JSON-RPC: it sent \"HTTP/1.1 WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a switch",
                        "SWITCH: the other side does not speak OpenFlow",
                        Exit::Unreachable,
                    ),
                ],
            ),
        ],
    },
    FaultGroup {
        title: "OVSDB",
        faults: &[
            fault(
                "endless_string",
                "A string in a message does not end",
                &[outcome(
                    "",
                    "the database server does not speak OVSDB: it sent a string of more than N bytes",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "endless_message",
                "A message does not end",
                &[outcome(
                    "",
                    "the database server does not speak OVSDB: it sent a message of more than N bytes",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "deep_json",
                "A message is nested 100,000 levels deep",
                &[outcome(
                    "",
                    "the database server does not speak OVSDB: it sent a message nested more than N levels deep",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "reply_to_another_id",
                "The server replies to a request that was not sent",
                &[
                    outcome(
                        "a command that reads",
                        "the database server does not speak OVSDB: it replied to a request that was not sent",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a change: it was answered so",
                        "the change was sent, but the database server does not speak OVSDB: it replied to a request that was not sent: whether it is written is not known",
                        Exit::Unknown,
                    ),
                ],
            ),
            fault(
                "answer_of_another_shape",
                "The server's reply does not fit the request",
                &[
                    outcome(
                        "a command that reads",
                        "the database server does not speak OVSDB: it sent a malformed reply: WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a change",
                        "the change was sent, but the database server does not speak OVSDB: it sent a malformed reply: WORDS: whether it is written is not known",
                        Exit::Unknown,
                    ),
                ],
            ),
            fault(
                "notification_between",
                "The server sends notifications and requests before its reply",
                &[outcome("", "", Exit::Done)],
            ),
            fault(
                "notification_storm",
                "The server sends notifications without end, and no reply",
                &[outcome(
                    "",
                    "the database server gave no reply within SECS s",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "echo_storm",
                "The other side sends echo requests without end, and no reply",
                &[
                    outcome(
                        "the database",
                        "the database server gave no reply within SECS s",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "a switch",
                        "SWITCH: no reply within SECS s",
                        Exit::Unreachable,
                    ),
                ],
            ),
        ],
    },
    FaultGroup {
        title: "OpenFlow",
        faults: &[
            fault(
                "wrong_version",
                "The switch allows none of the versions that `-O` offers",
                &[outcome(
                    "",
                    "SWITCH: no common OpenFlow version: the switch allows WORDS, offered were WORDS",
                    Exit::Failed,
                )],
            ),
            fault(
                "hello_failed",
                "The switch refuses the negotiation",
                &[outcome(
                    "",
                    "SWITCH: the switch refused: OFPHFC_WORDS",
                    Exit::Failed,
                )],
            ),
            fault(
                "error_in_mid_dump",
                "The switch ends its reply with an error",
                &[outcome(
                    "",
                    "SWITCH: the switch refused: WORDS; the dump is cut short after N flows",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "multipart_never_ends",
                "A multipart reply does not end",
                &[
                    outcome(
                        "the parts are empty",
                        "SWITCH: no reply within SECS s",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "an answer that has one part",
                        "SWITCH: the switch's reply continues after its end",
                        Exit::Failed,
                    ),
                    outcome(
                        "flows: they are printed as they arrive, until stdout is closed",
                        "",
                        Exit::Done,
                    ),
                ],
            ),
            fault(
                "absurd_part_count",
                "A list of ports, groups or the like has more than a million parts or entries",
                &[outcome(
                    "",
                    "SWITCH: the switch's list does not end: more than N WORDS",
                    Exit::Failed,
                )],
            ),
            fault(
                "another_xid",
                "The switch replies to another request: the reply is ignored",
                &[outcome(
                    "",
                    "SWITCH: no reply within SECS s",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "short_message",
                "The length of a message is shorter than its header",
                &[
                    outcome(
                        "the first",
                        "SWITCH: the switch sent a malformed message: length at byte 2: impossible length N",
                        Exit::Failed,
                    ),
                    outcome(
                        "in the middle of a dump",
                        "SWITCH: the switch sent a malformed message: length at byte 2: impossible length N; the dump is cut short after N flows",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "huge_length",
                "The length of a message is longer than what is received",
                &[
                    outcome(
                        "the first",
                        "SWITCH: no reply within SECS s",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "in the middle of a dump",
                        "SWITCH: no reply within SECS s; the dump is cut short after N flows",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "flow_over_its_message",
                "The length of a flow, its match or an action exceeds what contains it; the other flows are printed",
                &[outcome(
                    "",
                    "malformed flow from here on: WORDS at byte N: WORDS",
                    Exit::Failed,
                )],
            ),
            fault(
                "switch_closed_in_mid_write",
                "The switch closes the connection while flows are written in a bundle",
                &[
                    outcome(
                        "before the commit is sent",
                        "SWITCH: the switch closed the connection; nothing changed",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "after it: they are written whole or not at all",
                        "SWITCH: the switch closed the connection; whether the flows are written is unknown",
                        Exit::Unknown,
                    ),
                ],
            ),
            fault(
                "sessions_closed_before_a_write",
                "The switch closes the session before anything was written, 10 times in a row",
                &[outcome(
                    "",
                    "SWITCH: the switch closed the connection",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "switch_silent_in_mid_write",
                "The switch stops to answer while flows are written in a bundle",
                &[
                    outcome(
                        "before the commit is sent",
                        "SWITCH: no reply within SECS s; nothing changed",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "after it: they are written whole or not at all",
                        "SWITCH: no reply within SECS s; whether the flows are written is unknown",
                        Exit::Unknown,
                    ),
                ],
            ),
            fault(
                "duplicated_parts",
                "The switch sends a part twice: its flows are printed twice; parts after the last are ignored",
                &[outcome("", "", Exit::Done)],
            ),
        ],
    },
    FaultGroup {
        title: "The daemons",
        faults: &[
            fault(
                "vswitchd_killed_in_mid_dump",
                "ovs-vswitchd dies while it sends flows; those that came are printed",
                &[outcome(
                    "",
                    "SWITCH: the switch closed the connection; the dump is cut short after N flows",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "vswitchd_down_after_commit",
                "ovs-vswitchd does not run, or hangs: the change stays written",
                &[outcome(
                    "",
                    "written to the database, but ovs-vswitchd has not applied it within SECS s",
                    Exit::NotApplied,
                )],
            ),
            fault(
                "ovsdb_restarted_in_mid_transaction",
                "ovsdb-server dies, or is restarted, while a change is made",
                &[
                    outcome(
                        "before its answer: it is written whole or not at all",
                        "the change was sent, but the database server closed the connection: whether it is written is not known",
                        Exit::Unknown,
                    ),
                    outcome(
                        "while ovs-vswitchd is waited for: the change stays written",
                        "written to the database, but whether it is applied is not known: the database server closed the connection",
                        Exit::NotApplied,
                    ),
                ],
            ),
            fault(
                "database_read_only",
                "The database server refuses changes: it is a backup (ovsdb(7), active-backup)",
                &[outcome(
                    "",
                    "the database refused: WORDS: not allowed: WORDS",
                    Exit::Failed,
                )],
            ),
            fault(
                "database_locked",
                "Another client holds a lock (RFC 7047, 4.1.8): it has no effect on clients that do not request it",
                &[outcome("", "", Exit::Done)],
            ),
            fault(
                "constraint_violation",
                "The change violates a constraint of the database that only the server checks: nothing is changed",
                &[outcome(
                    "",
                    "the database refused: WORDS: constraint violation: WORDS",
                    Exit::Failed,
                )],
            ),
        ],
    },
    FaultGroup {
        title: "Control sockets",
        faults: &[
            fault(
                "control_socket_left_over",
                "No process listens on the control socket of ovs-vswitchd, or there is none",
                &[
                    outcome(
                        "left over",
                        "cannot connect to NAME: connection refused by WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "none",
                        "NAME has no control socket in WORDS",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "control_socket_silent",
                "ovs-vswitchd accepts commands and does not reply: it is stopped, or busy",
                &[
                    outcome(
                        "a command that reads",
                        "NAME: WORDS: no reply within SECS s",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "appctl: the command may have run",
                        "NAME: WORDS: no reply within SECS s: whether it has run is not known",
                        Exit::Unknown,
                    ),
                ],
            ),
            fault(
                "control_socket_closed_at_every_byte",
                "The daemon closes the connection before its reply is complete",
                &[
                    outcome(
                        "before it",
                        "NAME: WORDS: it closed the connection without a reply",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "within it",
                        "NAME: WORDS: it closed the connection in the middle of its reply",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "control_socket_garbage",
                "Another program listens on the control socket",
                &[
                    outcome(
                        "bytes that are not JSON",
                        "NAME: WORDS: it does not speak JSON-RPC: it sent WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "another kind of reply",
                        "NAME: WORDS: its reply cannot be read: WORDS",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "control_socket_endless_reply",
                "The reply of a daemon does not end",
                &[outcome(
                    "",
                    "NAME: WORDS: it sent a message of more than N bytes",
                    Exit::Unreachable,
                )],
            ),
        ],
    },
    FaultGroup {
        title: "Other hosts",
        faults: &[
            fault(
                "host_key_not_the_known_one",
                "`--host`: the host has another key than the known one, or none is known",
                &[outcome(
                    "",
                    "NAME: cannot connect to ENDPOINT: Host key verification failed",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "login_refused",
                "`--host`: sshd accepts none of the keys",
                &[outcome(
                    "",
                    "NAME: cannot connect to ENDPOINT: WORDS: Permission denied (publickey)",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "login_dropped",
                "`--host`: sshd closes the connection before the login, as with MaxStartups; it is tried once more",
                &[
                    outcome("once", "", Exit::Done),
                    outcome(
                        "again",
                        "NAME: cannot connect to ENDPOINT: kex_exchange_identification: Connection closed by remote host",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "again, before ssh has written anything",
                        "NAME: cannot connect to ENDPOINT: ssh ended without an error message",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "login_too_slow",
                "`--host`: the login takes longer than the limit",
                &[outcome(
                    "",
                    "NAME: cannot connect to ENDPOINT: no reply within SECS s",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "forwarding_not_allowed",
                "`--host`: sshd does not forward sockets; a program there connects instead",
                &[
                    outcome("socat, python3, perl or nc is there", "", Exit::Done),
                    outcome(
                        "none of them",
                        "NAME: cannot connect to ENDPOINT: ssh does not forward it, and no program there connects: none of WORDS",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "login_shell_ends",
                "`--host`: the login is accepted, but the login shell of the account runs no command",
                &[
                    outcome(
                        "it prints why",
                        "NAME: cannot connect to ENDPOINT: the login shell there ended with exit code N: WORDS",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "it prints nothing",
                        "NAME: cannot connect to ENDPOINT: the login shell there ended with exit code N, without an error message",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "socket_absent_there",
                "There is no socket on the other host, or no process listens at it",
                &[
                    outcome(
                        "absent",
                        "NAME: cannot connect to ENDPOINT: the socket does not exist",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "left over",
                        "NAME: cannot connect to ENDPOINT: connection refused",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "socket_closed_to_the_user",
                "`--host`: the user may not connect to the socket; sudo without a password is tried",
                &[
                    outcome("sudo may", "", Exit::Done),
                    outcome(
                        "it may not",
                        "NAME: cannot connect to ENDPOINT: permission denied (WORDS)",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "host_lost_in_mid_dump",
                "The connection to the host is lost during a dump; the flows received are printed",
                &[
                    outcome(
                        "ssh reports it",
                        "NAME: SWITCH: the switch closed the connection; the dump is cut short after N flows (WORDS)",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "ssh has not reported it yet",
                        "NAME: SWITCH: the switch closed the connection; the dump is cut short after N flows",
                        Exit::Unreachable,
                    ),
                ],
            ),
            fault(
                "host_stops_answering",
                "The connection to the host stays, and nothing is received",
                &[outcome(
                    "",
                    "NAME: cannot connect to ENDPOINT: no reply within SECS s",
                    Exit::Unreachable,
                )],
            ),
            fault(
                "command_ends_early",
                "The command of `--via` or `--via-exec` ends; the last line of its standard error is shown",
                &[
                    outcome(
                        "--via",
                        "NAME: the database server closed the connection (WORDS)",
                        Exit::Unreachable,
                    ),
                    outcome(
                        "--via-exec",
                        "NAME: cannot connect to ENDPOINT: WORDS",
                        Exit::Unreachable,
                    ),
                ],
            ),
        ],
    },
    FaultGroup {
        title: "On this side",
        faults: &[
            fault(
                "disk_full",
                "stdout cannot be written",
                &[
                    outcome(
                        "a command that reads",
                        "cannot write to stdout: No space left on device (os error N)",
                        Exit::Failed,
                    ),
                    outcome(
                        "a change: it is made all the same",
                        "the change is made; only its report is lost",
                        Exit::Done,
                    ),
                ],
            ),
            fault(
                "closed_pipe",
                "The reader of stdout closes it: the command ends without a message; a change is made nevertheless",
                &[outcome("", "", Exit::Done)],
            ),
            fault(
                "signal_while_reading",
                "SIGINT or SIGTERM before a change is sent to the database: the command ends without a message, and nothing is changed",
                &[
                    outcome("SIGINT", "", Exit::Interrupted),
                    outcome("SIGTERM", "", Exit::Terminated),
                ],
            ),
            fault(
                "signal_before_the_answer",
                "SIGINT or SIGTERM after a change was sent, before the database has replied: it is written completely or not at all",
                &[
                    outcome(
                        "SIGINT",
                        "interrupted: the change was sent, but the database has not answered: whether it is written is not known",
                        Exit::Interrupted,
                    ),
                    outcome(
                        "SIGTERM",
                        "terminated: the change was sent, but the database has not answered: whether it is written is not known",
                        Exit::Terminated,
                    ),
                ],
            ),
            fault(
                "signal_while_waiting",
                "SIGINT or SIGTERM during the wait for ovs-vswitchd: the change stays written, also with `--atomic`",
                &[
                    outcome(
                        "SIGINT",
                        "interrupted: the change is written to the database, but ovs-vswitchd has not confirmed it",
                        Exit::Interrupted,
                    ),
                    outcome(
                        "SIGTERM",
                        "terminated: the change is written to the database, but ovs-vswitchd has not confirmed it",
                        Exit::Terminated,
                    ),
                ],
            ),
            fault(
                "signal_at_any_time",
                "SIGINT or SIGTERM at any moment of a change: the message agrees with the database",
                &[
                    outcome("before it is sent (SIGINT)", "", Exit::Interrupted),
                    outcome("before it is sent (SIGTERM)", "", Exit::Terminated),
                    outcome(
                        "on its way (SIGINT)",
                        "interrupted: the change was sent, but the database has not answered: whether it is written is not known",
                        Exit::Interrupted,
                    ),
                    outcome(
                        "on its way (SIGTERM)",
                        "terminated: the change was sent, but the database has not answered: whether it is written is not known",
                        Exit::Terminated,
                    ),
                    outcome(
                        "written (SIGINT)",
                        "interrupted: the change is written to the database, but ovs-vswitchd has not confirmed it",
                        Exit::Interrupted,
                    ),
                    outcome(
                        "written (SIGTERM)",
                        "terminated: the change is written to the database, but ovs-vswitchd has not confirmed it",
                        Exit::Terminated,
                    ),
                    outcome(
                        "applied (SIGINT)",
                        "interrupted: the change is made; only its report is lost",
                        Exit::Interrupted,
                    ),
                    outcome(
                        "applied (SIGTERM)",
                        "terminated: the change is made; only its report is lost",
                        Exit::Terminated,
                    ),
                    outcome("too late", "", Exit::Done),
                ],
            ),
            fault(
                "signal_in_a_batch",
                "SIGINT or SIGTERM in a batch: all of its lines are written, or none",
                &[
                    outcome("while its lines are parsed: none", "", Exit::Terminated),
                    outcome(
                        "once it is sent",
                        "terminated: the change is written to the database, but ovs-vswitchd has not confirmed it",
                        Exit::Terminated,
                    ),
                ],
            ),
            fault(
                "signal_while_printing",
                "SIGINT or SIGTERM while the report of a change is not read",
                &[outcome(
                    "",
                    "interrupted: the change is made; only its report is lost",
                    Exit::Interrupted,
                )],
            ),
            fault(
                "many_processes",
                "500 commands at once: they take turns at the server's socket",
                &[outcome("", "", Exit::Done)],
            ),
        ],
    },
];

/// The table, for the manual.
pub(super) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for kind in FAULTS {
        blocks.push(Block::Subsection(kind.title.to_owned()));
        for fault in kind.faults {
            blocks.push(Block::Paragraph(format!("{}.", fault.what)));
            for outcome in fault.outcomes {
                let code = outcome.exit.code();
                let term = match outcome.when {
                    "" => format!("exit code {code}"),
                    when => format!("{when}: exit code {code}"),
                };
                let says = match outcome.says {
                    "" => "(nothing on stderr)".to_owned(),
                    says => format!("`{says}`"),
                };
                blocks.push(Block::Item(term, says));
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_messages_are_one_line() {
        let faults = || FAULTS.iter().flat_map(|kind| kind.faults);
        for fault in faults() {
            let same = faults().filter(|other| other.name == fault.name);
            assert_eq!(same.count(), 1, "{}", fault.name);
            assert!(!fault.outcomes.is_empty() && !fault.what.ends_with('.'));
            for outcome in fault.outcomes {
                assert!(!outcome.says.contains(['\n', '`']), "{}", fault.name);
                assert!(!outcome.when.is_empty() || fault.outcomes.len() == 1);
            }
        }
    }
}
