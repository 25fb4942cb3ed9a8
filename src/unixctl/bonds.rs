//! The state of bonds: the replies to `bond/show` and `lacp/show` (ovs-vswitchd(8)).

use super::client::Client;
use super::error::Error;

/// The state of a bond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BondState {
    /// The name of its port.
    pub name: String,
    /// Its mode: `balance-slb`.
    pub mode: Option<String>,
    /// `off`, `configured` or `negotiated`.
    pub lacp: Option<String>,
    /// The value that is mixed into the hash of flows.
    pub hash_basis: Option<u64>,
    /// How long the link of a member must be up before the member is enabled, in milliseconds.
    pub updelay: Option<u64>,
    /// How long it must be down before the member is disabled, in milliseconds.
    pub downdelay: Option<u64>,
    /// The milliseconds until flows are distributed among the members anew.
    pub next_rebalance: Option<i64>,
    /// The member that is preferred in mode `active-backup`.
    pub primary: Option<String>,
    /// Whether the bond has no member of that name.
    pub misses_primary: bool,
    /// The MAC address of the active member; zeros if there is none.
    pub active_mac: Option<String>,
    /// Its members, by name.
    pub members: Vec<MemberState>,
    /// Lines that are not understood.
    pub unknown: Vec<String>,
}

/// The state of a member of a bond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberState {
    /// The name of its interface.
    pub name: String,
    /// Whether the bond uses it.
    pub is_enabled: bool,
    /// Whether it is the active member.
    pub is_active: bool,
    /// Whether link, LACP and monitoring let the bond use it.
    pub may_enable: Option<bool>,
    /// The milliseconds until it is enabled (`updelay`) or disabled (`downdelay`).
    pub delay: Option<u64>,
    /// The hashes that are assigned to it and carry load, each with its load in kB.
    pub hashes: Vec<(u8, u64)>,
    /// Lines that are not understood.
    pub unknown: Vec<String>,
}

/// The state of LACP of a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LacpState {
    /// The name of the port.
    pub name: String,
    /// `active` or `passive`, with `negotiated` if it is.
    pub status: String,
    /// Its members, by name.
    pub members: Vec<LacpMember>,
}

/// The state of LACP of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LacpMember {
    /// The name of its interface.
    pub name: String,
    /// `current`, `expired` or `defaulted`, then `attached` or `detached`.
    pub status: String,
    /// The partner's system id; zeros if it has none.
    pub partner: Option<String>,
    /// The words of the partner's state: `activity`, `synchronized`, `collecting`, ...
    pub partner_state: Vec<String>,
}

impl BondState {
    /// Asks for all bonds, by name.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Vec<BondState>, Error> {
        let mut bonds = Self::from_text(&client.text("bond/show", &[""; 0]).await?);
        bonds.sort_by(|a, b| crate::base::order::by_name(&a.name, &b.name));
        Ok(bonds)
    }

    /// The bonds in a reply.
    pub fn from_text(text: &str) -> Vec<BondState> {
        let mut bonds: Vec<BondState> = Vec::new();
        for line in text.lines() {
            if let Some(name) = heading(line) {
                bonds.push(BondState {
                    name: name.to_owned(),
                    ..BondState::default()
                });
            } else if let Some(bond) = bonds.last_mut()
                && !line.trim().is_empty()
                && !bond.take(line)
            {
                let member = bond.members.last_mut().map(|member| &mut member.unknown);
                let unknown = member.unwrap_or(&mut bond.unknown);
                unknown.push(line.trim().to_owned());
            }
        }
        bonds
    }

    /// Takes a line of its text; returns whether it is understood.
    fn take(&mut self, line: &str) -> bool {
        if let Some((name, state)) = member(line, ' ') {
            self.members.push(MemberState {
                name: name.to_owned(),
                is_enabled: state == "enabled",
                ..MemberState::default()
            });
            return matches!(state, "enabled" | "disabled");
        }
        if let Some(member) = self.members.last_mut() {
            return member.take(line.trim()).is_some();
        }
        let Some((name, value)) = line.split_once(": ") else {
            return false;
        };
        let text = || Some(value.to_owned());
        match name {
            "bond_mode" => self.mode = text(),
            "lacp_status" => self.lacp = text(),
            "bond-hash-basis" => self.hash_basis = value.parse().ok(),
            "updelay" => self.updelay = milliseconds(value),
            "downdelay" => self.downdelay = milliseconds(value),
            "next rebalance" => {
                self.next_rebalance = value.strip_suffix(" ms").and_then(|ms| ms.parse().ok());
            }
            "active-backup primary" => {
                let name = value.strip_suffix(" (no such member)");
                let name = name.or_else(|| value.strip_suffix(" (no such slave)"));
                self.misses_primary = name.is_some();
                let name = name.unwrap_or(value);
                self.primary = (name != "<none>").then(|| name.to_owned());
            }
            "active member mac" | "active slave mac" => {
                self.active_mac = value.split('(').next().map(str::to_owned);
            }
            // Of the implementation.
            "bond may use recirculation"
            | "lb_output action"
            | "all members active"
            | "lacp_fallback_ab" => {}
            _ => return false,
        }
        true
    }

    /// The active member: a member says so itself.
    pub fn active(&self) -> Option<&MemberState> {
        self.members.iter().find(|member| member.is_active)
    }
}

impl MemberState {
    /// Takes a line of its text; `None` if it is not understood.
    fn take(&mut self, line: &str) -> Option<()> {
        if let "active member" | "active slave" = line {
            self.is_active = true;
        } else if let Some(value) = line.strip_prefix("may_enable: ") {
            self.may_enable = Some(value.parse().ok()?);
        } else if let Some(rest) = line
            .strip_prefix("updelay expires in ")
            .or_else(|| line.strip_prefix("downdelay expires in "))
        {
            self.delay = Some(milliseconds(rest)?);
        } else {
            let (hash, load) = line.strip_prefix("hash ")?.split_once(": ")?;
            let load = load.strip_suffix(" kB load")?.parse().ok()?;
            self.hashes.push((hash.parse().ok()?, load));
        }
        Some(())
    }
}

impl LacpState {
    /// Asks for all ports with LACP.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Vec<LacpState>, Error> {
        Ok(Self::from_text(&client.text("lacp/show", &[""; 0]).await?))
    }

    /// The ports in a reply.
    pub fn from_text(text: &str) -> Vec<LacpState> {
        let mut ports: Vec<LacpState> = Vec::new();
        for line in text.lines() {
            if let Some(name) = heading(line) {
                ports.push(LacpState {
                    name: name.to_owned(),
                    ..LacpState::default()
                });
                continue;
            }
            let Some(port) = ports.last_mut() else {
                continue;
            };
            if let Some((name, status)) = member(line, ':') {
                port.members.push(LacpMember {
                    name: name.to_owned(),
                    status: status.to_owned(),
                    ..LacpMember::default()
                });
                continue;
            }
            let Some((key, value)) = line.trim().split_once(':') else {
                continue;
            };
            let value = value.trim();
            match (key, port.members.last_mut()) {
                ("status", None) => value.clone_into(&mut port.status),
                ("partner sys_id", Some(member)) => member.partner = Some(value.to_owned()),
                ("partner state", Some(member)) => {
                    member.partner_state = value.split(' ').map(str::to_owned).collect();
                    member.partner_state.retain(|word| !word.is_empty());
                }
                _ => {}
            }
        }
        ports
    }
}

/// The name in `---- bond0 ----`.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" ----")
}

/// Name and state in `member e1: enabled`, or with a colon after the word; before Open vSwitch 2.17 the word is `slave`.
fn member(line: &str, after_word: char) -> Option<(&str, &str)> {
    let rest = line
        .strip_prefix("member")
        .or_else(|| line.strip_prefix("slave"))?;
    let rest = rest.strip_prefix(after_word)?;
    rest.trim_start().rsplit_once(": ")
}

fn milliseconds(text: &str) -> Option<u64> {
    text.strip_suffix(" ms")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_kept() {
        let text = "---- b ----\nbond_mode: balance-slb\nactive-backup primary: e9 (no such member)\nnew setting: 5\nupdelay: 0 ms\n\n\
                    slave e1: enabled\n\tactive slave\n\tmay_enable: true\n\thash 241: 7 kB load\n\tnews\n\n\
                    member e:2: asleep\n  updelay expires in 1981 ms\n";
        let bonds = BondState::from_text(text);
        let [bond] = bonds.as_slice() else {
            panic!("{bonds:?}");
        };
        assert_eq!(bond.mode.as_deref(), Some("balance-slb"));
        assert_eq!(bond.unknown, ["new setting: 5"]);
        assert_eq!(
            (bond.primary.as_deref(), bond.misses_primary),
            (Some("e9"), true)
        );
        let [first, second] = bond.members.as_slice() else {
            panic!("{bond:?}");
        };
        assert!(first.is_enabled && first.is_active && first.may_enable == Some(true));
        assert_eq!(first.hashes, [(241, 7)]);
        assert_eq!(first.unknown, ["news"]);
        assert_eq!((second.name.as_str(), second.delay), ("e:2", Some(1981)));
        assert_eq!(second.unknown, ["member e:2: asleep"]);
        assert_eq!(bond.active().map(|member| member.name.as_str()), Some("e1"));
    }
}
