//! The manual: `man/` is what the definitions make, man(1)'s programs read it without a warning, and
//! `ovs help` shows it. `make generate` (`UPDATE_GOLDEN=1`) writes it anew.

use ovs::cli::manual::pages;

use crate::common::same_as_directory;

#[test]
fn man_is_what_the_definitions_make() {
    let files = pages()
        .into_iter()
        .map(|page| (page.file_name(), page.roff()));
    same_as_directory("man", files);
}

#[test]
fn groff_and_mandoc_report_no_warning() {
    for page in pages() {
        for (program, arguments) in [
            ("groff", "-man -ww -z -Tutf8"),
            ("mandoc", "-Tlint -W warning"),
        ] {
            let (status, said) = read_by(program, arguments, &page.roff());
            assert!(
                status && said.is_empty(),
                "{program}: {}: {said}",
                page.file_name()
            );
        }
    }
}

/// Whether a program has nothing against its input, and what it prints.
fn read_by(program: &str, options: &str, page: &str) -> (bool, String) {
    let output = assert_cmd::Command::new(program)
        .args(options.split(' '))
        .write_stdin(page)
        .output()
        .expect("it is there (scripts/install-deps tests)");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// What mandoc(1) makes of a page is what `ovs help` says: the same words in the same order.
#[test]
fn help_says_what_the_page_says() {
    for (words, page) in [
        ("dump-flows", "ovs-dump-flows.8"),
        ("port", "ovs-port.8"),
        ("", "ovs.8"),
        ("flows", "ovs-flows.7"),
        ("ovs-json", "ovs-json.5"),
    ] {
        let page = pages().into_iter().find(|p| p.file_name() == page).unwrap();
        let (_, rendered) = read_by("mandoc", "-Tascii -O width=200", &page.roff());
        // Bold is a letter over itself.
        let mut plain = String::new();
        for c in rendered.chars() {
            if c == '\u{8}' {
                plain.pop();
            } else {
                plain.push(c);
            }
        }
        let lines: Vec<&str> = plain.lines().collect();
        // Without the first and the last line, which every page has.
        let body = lines[1..lines.len() - 1].join("\n");
        let said = ovs!("help {words}").out();
        let in_page: Vec<&str> = body.split_whitespace().collect();
        let in_help: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(in_help, in_page, "{}", page.file_name());
    }
}

#[test]
fn every_page_has_its_sections() {
    for page in pages().into_iter().filter(|page| page.section == 8) {
        let text = page.text(80);
        let at = |title: &str| text.find(&format!("\n{title}\n"));
        let titles = [
            "SYNOPSIS",
            "EXAMPLES",
            "DESCRIPTION",
            "EXIT CODES",
            "ENVIRONMENT",
            "FILES",
            "SEE ALSO",
        ];
        let places: Vec<_> = titles.iter().map(|title| at(title)).collect();
        assert!(
            places.iter().all(Option::is_some),
            "{}: {places:?}",
            page.name
        );
        assert!(places.is_sorted(), "{}: {places:?}", page.name);
    }
}

#[test]
fn help_of_one_command_of_a_group_and_of_none() {
    ovs!("help port add")
        .ok()
        .shows("ovs port add [OPTIONS] <BRIDGE> <PORT>");
    ovs!("help options").ok().shows("-t, --timeout SECS");
    ovs!("help prot").fails(2, "page \"prot\" not found (did you mean \"port\"?)");
}
