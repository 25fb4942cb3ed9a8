//! Whether packets pass an interface: its link, BFD (RFC 5880), CFM (802.1ag), and LACP (802.1AX) in a bond.
//!
//! A link that is up is not enough: ovs-vswitchd takes an interface out of bonds, `bundle` actions and the buckets of
//! groups, and clears its OpenFlow state `LIVE`, while BFD or CFM holds the path for broken. Of a bond it drops what
//! arrives, and sends nothing, where LACP demands a partner and there is none (ovs-vswitchd.conf.db(5), tables `Port`
//! and `Interface`).

use std::fmt;

use super::topology::{Interface, Port};

/// The state of an interface in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortState {
    /// ovs-vswitchd could not open it.
    Error,
    /// The device or its link is down.
    Down,
    /// The link is up, and yet ovs-vswitchd does not count on it; see [`NotLive`].
    NotLive,
    /// None of these.
    Up,
}

/// Why an interface whose link is up is not live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLive<'t> {
    /// BFD reports that the path does not forward.
    Bfd(Bfd<'t>),
    /// CFM reports a fault.
    Cfm(Cfm<'t>),
    /// It is in a bond of mode balance-tcp, which needs LACP, without LACP.
    NeedsLacp,
    /// It is in a bond with LACP, and has no current partner.
    NoPartner,
}

/// A BFD session, by `bfd_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bfd<'t>(&'t Interface);

/// The state of CFM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cfm<'t>(&'t Interface);

impl PortState {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["up", "not-live", "down", "error"];

    /// The columns of tables `Interface` and `Port` that the state is made of.
    pub const READS: [&'static str; 10] = [
        "error",
        "admin_state",
        "link_state",
        "bfd_status",
        "cfm_fault",
        "cfm_remote_opstate",
        "lacp_current",
        "bond_mode",
        "lacp",
        "other_config",
    ];

    /// The state of an interface of a port; `None` while ovs-vswitchd has not reported any.
    pub fn of(port: &Port, interface: &Interface) -> Option<Self> {
        let is = |state: &Option<String>, word| state.as_deref() == Some(word);
        if interface.error.is_some() || interface.ofport == Some(-1) {
            Some(Self::Error)
        } else if is(&interface.admin_state, "down") || is(&interface.link_state, "down") {
            Some(Self::Down)
        } else if NotLive::of(port, interface).is_some() {
            Some(Self::NotLive)
        } else {
            is(&interface.link_state, "up").then_some(Self::Up)
        }
    }

    /// The state of a port: that of its only interface, or of a bond the best of its members.
    pub fn of_port(port: &Port) -> Option<Self> {
        let states = port.interfaces.iter().map(|it| Self::of(port, it));
        states.max_by_key(|state| match state {
            Some(Self::Error) => 0,
            Some(Self::Down) => 1,
            None => 2,
            Some(Self::NotLive) => 3,
            Some(Self::Up) => 4,
        })?
    }

    /// One of [`PortState::WORDS`].
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Down => "down",
            Self::NotLive => "not-live",
            Self::Up => "up",
        }
    }
}

impl<'t> NotLive<'t> {
    /// The first reason that applies.
    pub fn of(port: &Port, interface: &'t Interface) -> Option<Self> {
        let bfd = Bfd::of(interface).filter(|bfd| !bfd.is_forwarding());
        let cfm = Cfm::of(interface).filter(|cfm| cfm.is_faulty());
        if port.is_bond() && needs_lacp(port.bond_mode.as_deref(), port.lacp.as_deref()) {
            Some(Self::NeedsLacp)
        } else if let Some(bfd) = bfd {
            Some(Self::Bfd(bfd))
        } else if let Some(cfm) = cfm {
            Some(Self::Cfm(cfm))
        } else if needs_partner(port) && interface.lacp_current == Some(false) {
            Some(Self::NoPartner)
        } else {
            None
        }
    }
}

impl NotLive<'_> {
    /// Whether the interface's own path is broken; else it is its bond that does not use it.
    pub fn is_of_path(self) -> bool {
        matches!(self, Self::Bfd(_) | Self::Cfm(_))
    }
}

/// Whether BFD or CFM holds the path of an interface for broken.
pub fn is_path_broken(interface: &Interface) -> bool {
    Bfd::of(interface).is_some_and(|bfd| !bfd.is_forwarding())
        || Cfm::of(interface).is_some_and(Cfm::is_faulty)
}

/// Whether a bond with these settings passes nothing because balance-tcp is without LACP.
pub fn needs_lacp(bond_mode: Option<&str>, lacp: Option<&str>) -> bool {
    bond_mode == Some("balance-tcp") && !has_lacp(lacp)
}

/// Whether the port is a bond whose members carry packets only with an LACP partner.
fn needs_partner(port: &Port) -> bool {
    let fallback = port.other_config.get("lacp-fallback-ab");
    port.is_bond() && has_lacp(port.lacp.as_deref()) && fallback.is_none_or(|value| value != "true")
}

/// Whether LACP is on.
pub fn has_lacp(lacp: Option<&str>) -> bool {
    matches!(lacp, Some("active" | "passive"))
}

impl<'t> Bfd<'t> {
    /// The session of an interface; `None` where BFD is not enabled.
    pub fn of(interface: &'t Interface) -> Option<Self> {
        (!interface.bfd_status.is_empty()).then_some(Self(interface))
    }

    /// Whether BFD lets the interface be used.
    pub fn is_forwarding(self) -> bool {
        self.status("forwarding") != Some("false")
    }

    fn status(self, key: &str) -> Option<&'t str> {
        self.0.bfd_status.get(key).map(String::as_str)
    }

    /// A diagnostic that says something (RFC 5880 §4.1).
    fn diagnostic(self, key: &str) -> Option<&'t str> {
        self.status(key).filter(|text| *text != "No Diagnostic")
    }
}

impl<'t> Cfm<'t> {
    /// The state of an interface's CFM; `None` where it is not enabled.
    pub fn of(interface: &'t Interface) -> Option<Self> {
        interface.cfm_fault.is_some().then_some(Self(interface))
    }

    /// Whether there is a fault, or the remote end reports itself as down.
    pub fn is_faulty(self) -> bool {
        self.0.cfm_fault == Some(true) || self.is_remote_down()
    }

    fn is_remote_down(self) -> bool {
        self.0.cfm_remote_opstate.as_deref() == Some("down")
    }
}

impl fmt::Display for Bfd<'_> {
    /// `up`, `down (Control Detection Time Expired)`, `up (remote: Concatenated Path Down)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.status("state").unwrap_or("unknown");
        f.write_str(state)?;
        let remote = self.diagnostic("remote_diagnostic");
        // Of a session that is up, the own diagnostic is that of the last time it went down.
        let own = self.diagnostic("diagnostic").filter(|_| state != "up");
        match (own, remote) {
            (Some(own), Some(remote)) => write!(f, " ({own}; remote: {remote})"),
            (Some(own), None) => write!(f, " ({own})"),
            (None, Some(remote)) => write!(f, " (remote: {remote})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Cfm<'_> {
    /// `ok`, `fault (recv)`, `remote opstate down`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = &self.0.cfm_fault_status;
        if self.0.cfm_fault != Some(true) {
            f.write_str(if self.is_remote_down() {
                "remote opstate down"
            } else {
                "ok"
            })
        } else if reasons.is_empty() {
            f.write_str("fault")
        } else {
            write!(f, "fault ({})", reasons.join(", "))
        }
    }
}

impl fmt::Display for NotLive<'_> {
    /// `BFD down (Control Detection Time Expired)`, `CFM fault (recv)`, `no LACP partner`, `balance-tcp without LACP`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bfd(bfd) => write!(f, "BFD {bfd}"),
            Self::Cfm(cfm) => write!(f, "CFM {cfm}"),
            Self::NeedsLacp => f.write_str("balance-tcp without LACP"),
            Self::NoPartner => f.write_str("no LACP partner"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are those that ovs-vswitchd 3.1 writes.
    fn bfd(state: &str, forwarding: &str, diagnostic: &str, remote: &str) -> Interface {
        let pairs = [
            ("state", state),
            ("forwarding", forwarding),
            ("diagnostic", diagnostic),
            ("remote_diagnostic", remote),
        ];
        Interface {
            link_state: Some("up".into()),
            bfd_status: pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..Interface::default()
        }
    }

    #[test]
    fn sessions_and_their_words() {
        const NONE: &str = "No Diagnostic";
        const EXPIRED: &str = "Control Detection Time Expired";
        const PATH: &str = "Concatenated Path Down";
        for (session, state, text) in [
            (bfd("up", "true", NONE, NONE), PortState::Up, "up"),
            (bfd("up", "true", EXPIRED, NONE), PortState::Up, "up"),
            (bfd("down", "false", NONE, NONE), PortState::NotLive, "down"),
            (
                bfd("down", "false", EXPIRED, NONE),
                PortState::NotLive,
                "down (Control Detection Time Expired)",
            ),
            (
                bfd("up", "false", NONE, PATH),
                PortState::NotLive,
                "up (remote: Concatenated Path Down)",
            ),
        ] {
            assert_eq!(PortState::of(&Port::default(), &session), Some(state));
            assert_eq!(Bfd::of(&session).unwrap().to_string(), text);
        }
        let mut session = bfd("down", "false", NONE, NONE);
        session.link_state = Some("down".into());
        let state = |it: &Interface| PortState::of(&Port::default(), it);
        assert_eq!(state(&session), Some(PortState::Down));
        session.ofport = Some(-1);
        assert_eq!(state(&session), Some(PortState::Error));
        assert_eq!(state(&Interface::default()), None);
    }

    #[test]
    fn bonds_and_their_partners() {
        let member = |lacp_current| Interface {
            link_state: Some("up".into()),
            lacp_current,
            ..Interface::default()
        };
        let bond = |mode: &str, lacp: Option<&str>, members: [Option<bool>; 2]| Port {
            bond_mode: Some(mode.into()),
            lacp: lacp.map(str::to_owned),
            interfaces: members.map(member).to_vec(),
            ..Port::default()
        };
        let (yes, no) = (Some(true), Some(false));
        for (port, state) in [
            (bond("balance-tcp", None, [None, None]), PortState::NotLive),
            (
                bond("balance-tcp", Some("off"), [None, None]),
                PortState::NotLive,
            ),
            (bond("balance-slb", None, [None, None]), PortState::Up),
            (
                bond("balance-tcp", Some("active"), [no, no]),
                PortState::NotLive,
            ),
            (
                bond("active-backup", Some("passive"), [no, no]),
                PortState::NotLive,
            ),
            (
                bond("balance-tcp", Some("active"), [no, yes]),
                PortState::Up,
            ),
            (
                bond("balance-tcp", Some("active"), [None, None]),
                PortState::Up,
            ),
        ] {
            assert_eq!(PortState::of_port(&port), Some(state), "{port:?}");
        }
        let mut port = bond("balance-tcp", Some("active"), [no, no]);
        let fallback = ("lacp-fallback-ab".to_owned(), "true".to_owned());
        port.other_config.extend([fallback]);
        assert_eq!(PortState::of_port(&port), Some(PortState::Up));
        // One interface is no bond: it sends and receives whatever LACP says.
        port.interfaces.truncate(1);
        port.other_config.clear();
        assert_eq!(PortState::of_port(&port), Some(PortState::Up));
    }
}
