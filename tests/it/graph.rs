//! `ovs graph`: how the bridges hang together, as a picture.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ovs::sandbox::Neutron;
use roxmltree::{Document, Node};

use crate::common::{self, Sandbox, host};

#[test]
fn every_format_of_a_host() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        for format in ["text", "drawing", "dot", "mermaid", "svg"] {
            let name = format!("graph/{}.{format}", neutron.name());
            common::golden(&name, &ovs!(sandbox, "graph --format {format}").out());
        }
        ovs!(sandbox, "graph").prints(ovs!(sandbox, "graph --format text").out());
        ovs!(sandbox, "graph -o table").prints(ovs!(sandbox, "graph --format drawing").out());
        for arguments in ["graph --format svg", "graph --all --format svg"] {
            assert_sound(&ovs!(sandbox, "{arguments}").out(), neutron);
        }
    }
}

/// A text of the picture: what it says and where it is, in pixels.
struct Label<'d> {
    words: &'d str,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    let text = node.attribute(name).unwrap_or_else(|| panic!("no {name}"));
    text.parse().unwrap()
}

fn label<'d>(node: Node<'d, '_>) -> Label<'d> {
    let (x, y, length) = (
        number(node, "x"),
        number(node, "y"),
        number(node, "textLength"),
    );
    let left = match node.attribute("text-anchor") {
        Some("end") => x - length,
        _ => x,
    };
    Label {
        words: node.text().unwrap(),
        left,
        right: left + length,
        top: y - 10.0,
        bottom: y + 3.0,
    }
}

/// No label lies on another or on a line, and every pair of patch ports is joined, row to row.
fn assert_sound(svg: &str, neutron: Neutron) {
    let document = Document::parse(svg).unwrap();
    let labels: Vec<Label<'_>> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(label)
        .collect();
    for (index, a) in labels.iter().enumerate() {
        for b in &labels[index + 1..] {
            let apart =
                a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            assert!(apart, "{} lies on {}", a.words, b.words);
        }
    }
    let mut joined: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for path in document
        .descendants()
        .filter(|node| node.has_tag_name("path"))
    {
        let points: Vec<(f64, f64)> = path
            .attribute("d")
            .unwrap()
            .split(['M', 'L'])
            .filter_map(|point| point.split_once(' '))
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        for pair in points.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            for label in &labels {
                let apart = f64::max(x1, x2) <= label.left
                    || f64::min(x1, x2) >= label.right
                    || f64::max(y1, y2) <= label.top
                    || f64::min(y1, y2) >= label.bottom;
                assert!(apart, "a line runs over {}", label.words);
            }
        }
        // The row at whose height, and on whose box's border, the line ends.
        let end = |(x, y): (f64, f64)| {
            let mut boxes = document.descendants().filter(|node| {
                node.attribute("class") == Some("frame") && {
                    let (left, top) = (number(*node, "x"), number(*node, "y"));
                    let right = left + number(*node, "width");
                    let near = |edge: f64| (edge - x).abs() < 0.2;
                    (near(left) || near(right)) && y > top && y < top + number(*node, "height")
                }
            });
            let group = boxes.next().unwrap().parent().unwrap();
            let mut texts = group.children().filter(|node| node.has_tag_name("text"));
            let row = texts.find(|node| (number(*node, "y") - y - 4.2).abs() < 0.2);
            row.and_then(|node| node.text()).unwrap()
        };
        if path.attribute("class") == Some("patch") {
            joined.insert([end(points[0]), end(points[points.len() - 1])].into());
        }
    }
    let ports = host::ports(neutron);
    let pairs: BTreeSet<BTreeSet<&str>> = ports
        .iter()
        .filter_map(|port| Some([port.name.as_str(), port.option("peer")?].into()))
        .collect();
    assert!(!pairs.is_empty());
    // Of the notes' pairs, some have one end only.
    for pair in pairs.iter().filter(|pair| {
        pair.iter()
            .all(|name| ports.iter().any(|port| port.name == **name))
    }) {
        assert!(joined.contains(pair), "{pair:?} is not joined");
    }
}

#[test]
fn one_bridge_and_what_is_joined_to_it() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ovs!(sandbox, "graph br-ens37 --columns bridge,kind,ports").prints(
        "br-ens37\tport\tens37\nbr-ens37\tpatch\tphy-br-ens37\nbr-int\tpatch\tint-br-ens37\n",
    );
    let of_int = ovs!(sandbox, "graph br-int").out();
    assert_eq!(of_int.lines().count(), 8 + 3);
    ovs!(sandbox, "graph br-in").exits(3);
    ovs!(sandbox, "graph --format svg --json").exits(2);
}

#[test]
fn no_picture_is_wider_than_the_terminal_where_one_column_fits() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for (width, fits) in [("200", true), ("80", true), ("60", true), ("20", false)] {
        let text = ovs!(sandbox, "graph -o table").env("COLUMNS", width).out();
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert_eq!(widest <= width.parse().unwrap(), fits, "{width}:\n{text}");
    }
}

#[test]
fn many_ports_stay_readable() {
    let mut line = "add-br br0".to_owned();
    for port in 0..300 {
        let tag = port % 3 + 1;
        let _ = write!(line, " -- add-port br0 tap{port} tag={tag}");
    }
    for tunnel in 1..=40 {
        let _ = write!(
            line,
            " -- add-port br0 vx{tunnel} -- set Interface vx{tunnel} type=vxlan \
             options:key=flow options:remote_ip=10.0.0.{tunnel}"
        );
    }
    let sandbox = Sandbox::with(&line);
    let drawing = ovs!(sandbox, "graph -o table").out();
    common::golden("graph/crowd.drawing", &drawing);
    let lines = ovs!(sandbox, "graph --columns kind,count,tag").out();
    assert_eq!(
        lines,
        "port\t100\t1\nport\t100\t2\nport\t100\t3\ntunnel\t40\t-\n"
    );
    let all = ovs!(sandbox, "graph --all").out();
    assert_eq!(all.lines().count(), 341);
}

#[test]
fn what_is_wrong_and_names_that_are_markup() {
    let sandbox = Sandbox::empty();
    let patch = |bridge: &str, name: &str, peer: &str| {
        // In quotes, so that ovs-vsctl takes any name.
        vsctl!(
            sandbox,
            "add-port {bridge} {name} -- set Interface {name} type=patch options:peer={peer}"
        );
    };
    vsctl!(sandbox, "add-br br0 -- add-br br1");
    patch("br0", "<b>&]", "b");
    patch("br1", "b", "'\"<b>&]\"'");
    patch("br0", "lost", "nowhere");
    patch("br1", "jealous", "b");
    ovs!(sandbox, "graph --columns ports,peer_bridge,peer,state").prints(
        "\"<b>&]\"\tbr1\tb\tok\nlost\t-\tnowhere\tdangling\n\
         b\tbr0\t<b>&]\tok\njealous\tbr1\tb\tone-way\n",
    );
    let svg = ovs!(sandbox, "graph --format svg").out();
    let document = Document::parse(&svg).unwrap();
    let is_named = |node: Node<'_, '_>| node.text() == Some("<b>&]");
    assert!(document.descendants().any(is_named));
    for format in ["drawing", "mermaid", "dot"] {
        let picture = ovs!(sandbox, "graph --format {format}").out();
        common::golden(&format!("graph/broken.{format}"), &picture);
    }
}
