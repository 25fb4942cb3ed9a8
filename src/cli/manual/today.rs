//! The table of verbs, for ovs-today(7).

use super::page::Block;
use crate::commands::today::verbs::{Counterpart, Tool, VERBS, Verb};

/// The verbs of each tool with their counterparts; then those without one, by reason.
pub(super) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for tool in Tool::ALL {
        blocks.push(Block::Subsection(tool.line().to_owned()));
        let mut without: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut of_daemon: Vec<&str> = Vec::new();
        for verb in VERBS.iter().filter(|verb| verb.tool == tool) {
            match verb.counterpart {
                Counterpart::Here(forms) | Counterpart::Runs(forms) => {
                    for form in forms {
                        let term = format!("{} {}", verb.name, form.arguments);
                        let but = match form.but {
                            "" => String::new(),
                            but => format!("; {but}"),
                        };
                        let ovs = format!("`ovs {}`{but}", shown(form.ovs));
                        blocks.push(Block::Item(shown(term.trim()), ovs));
                    }
                }
                Counterpart::Appctl => of_daemon.push(verb.name),
                Counterpart::NotHere(why) => {
                    match without.iter_mut().find(|(reason, _)| *reason == why) {
                        Some((_, names)) => names.push(verb.name),
                        None => without.push((why, vec![verb.name])),
                    }
                }
            }
        }
        let runs =
            |verb: &&Verb| verb.tool == tool && matches!(verb.counterpart, Counterpart::Runs(_));
        let names: Vec<&str> = VERBS.iter().filter(runs).map(|verb| verb.name).collect();
        if !names.is_empty() {
            let what = "These run their counterpart when they are typed after `ovs`:";
            blocks.push(Block::Paragraph(what.to_owned()));
            blocks.push(Block::Lines(packed(&names)));
        }
        if !of_daemon.is_empty() {
            let target = match tool {
                Tool::OvsdbServer => "ovsdb-server ",
                _ => "",
            };
            let what = format!("`ovs appctl {target}VERB` asks the daemon for these:");
            blocks.push(Block::Paragraph(what));
            blocks.push(Block::Lines(packed(&of_daemon)));
        }
        for (why, names) in without {
            blocks.push(Block::Paragraph(format!("{why}:")));
            blocks.push(Block::Lines(packed(&names)));
        }
    }
    blocks
}

/// The names in lines: they are too long for a paragraph with two straight edges.
fn packed(names: &[&str]) -> Vec<String> {
    const WIDTH: usize = 68;
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < WIDTH => {
                line.push(' ');
                line.push_str(name);
            }
            _ => lines.push((*name).to_owned()),
        }
    }
    lines
}

/// The words of the table, for a reader.
fn shown(words: &str) -> String {
    words
        .replace("--SETTING...", "[SETTING]...")
        .replace(" SETTING...", " [SETTING]...")
        .replace("IFACE,...", "IFACE,IFACE,...")
}
