//! The names of ports in files that are compared without a switch.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::model::names::{PortNames, SwitchNames, TableNames};
use crate::openflow::text::{NameLookup, word};

/// The names of ports: each gets a number that no switch is likely to use, so that equal names are equal.
#[derive(Debug, Default)]
pub(super) struct InventedNames {
    ports: RefCell<Vec<String>>,
}

/// The highest number of a port in OpenFlow 1.0, which some actions of all versions are limited to.
const HIGHEST: u32 = 0xfeff;

/// The lowest number that is given.
const LOWEST: u32 = HIGHEST / 2;

impl InventedNames {
    /// The names, to print them.
    pub(super) fn names(&self) -> SwitchNames {
        let ports = self.ports.borrow();
        let numbers = (LOWEST..=HIGHEST).rev();
        SwitchNames {
            ports: PortNames::default()
                .with_described(numbers.zip(ports.iter().map(String::as_str))),
            tables: TableNames::default(),
        }
    }
}

impl NameLookup for InventedNames {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn port_word(&self, ofport: u32) -> Option<Cow<'_, str>> {
        let ports = self.ports.borrow();
        let name = ports.get(usize::try_from(HIGHEST.checked_sub(ofport)?).ok()?)?;
        Some(word(name).into_owned().into())
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        let mut ports = self.ports.borrow_mut();
        let known = ports.iter().position(|port| port == name);
        let index = known.unwrap_or_else(|| {
            ports.push(name.to_owned());
            ports.len() - 1
        });
        let ofport = HIGHEST.checked_sub(u32::try_from(index).ok()?)?;
        (ofport >= LOWEST).then_some(ofport)
    }
}
