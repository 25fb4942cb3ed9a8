//! `ovs bond`: the bonds and their members, as ovs-vswitchd uses them.

use super::host_run::MissingName;
use super::lines::InterfaceRow;
use super::{Context, Failure};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::{Depth, Scope, Topology, Want};
use crate::output::{Cell, ColourRole, Column, Mode, Shape, headings};
use crate::unixctl::bonds::{BondState, LacpMember, LacpState, MemberState};

/// The commands on bonds.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The bonds: their members, which is active or disabled, LACP
    #[command(describe = SHOW)]
    Show {
        /// Only these bonds
        #[arg(takes = Value::PORT)]
        bonds: Vec<String>,
    },
}

const SHOW: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (bond/show, lacp/show) by its control socket, a row for each member. A member is disabled if its \
link is down, if LACP, BFD or CFM does not let it be used, during updelay, or by bond/disable-member; may_enable is \
without the last two. more has the lines of the daemon that are not understood.

`ovs port show BOND` shows the settings, `ovs check` what is wrong.")
    .examples("\
ovs bond show
ovs bond show bond0 --columns member,state,load
ovs bond show --watch");

/// A member of a bond; a bond without members has one row.
struct MemberRow<'t> {
    bridge: Option<&'t str>,
    bond: &'t BondState,
    member: Option<&'t MemberState>,
    lacp: Option<&'t LacpMember>,
    ofport: Option<i64>,
}

impl<'t> MemberRow<'t> {
    fn of(
        bond: &'t BondState,
        member: Option<&'t MemberState>,
        lacp: &'t [LacpState],
        topology: &'t Topology,
    ) -> MemberRow<'t> {
        let of_bond = topology.port(&bond.name);
        let is_it = |name: &str| member.is_some_and(|member| member.name == name);
        let interface =
            of_bond.and_then(|(_, port)| port.interfaces.iter().find(|i| is_it(&i.name)));
        let lacp = lacp.iter().find(|port| port.name == bond.name);
        MemberRow {
            bridge: of_bond.map(|(bridge, _)| bridge.name.as_str()),
            bond,
            member,
            lacp: lacp.and_then(|lacp| lacp.members.iter().find(|other| is_it(&other.name))),
            ofport: interface
                .and_then(|interface| interface.ofport)
                .filter(|number| *number >= 0),
        }
    }
}

fn columns<'t>() -> Vec<Column<MemberRow<'t>>> {
    vec![
        InterfaceRow::NAMED_BRIDGE
            .of(|row: &MemberRow<'t>| Cell::from(row.bridge))
            .shape(Shape::TEXT_OR_NULL)
            .role(ColourRole::Name)
            .drop(3),
        Column::new("bond", |row: &MemberRow<'t>| Cell::text(&row.bond.name))
            .text("the bond: the name of its port")
            .role(ColourRole::Name)
            .identity(),
        Column::new("member", |row: &MemberRow<'t>| {
            Cell::from(row.member.map(|member| member.name.as_str()))
        })
        .text_or_null("the member: the name of its interface; null if the bond has none")
        .role(ColourRole::Name)
        .identity(),
        InterfaceRow::OFPORT
            .of(|row: &MemberRow<'t>| Cell::from(row.ofport))
            .drop(4),
        Column::new("state", |row: &MemberRow<'t>| {
            Cell::from(row.member.map(|member| {
                if member.is_enabled {
                    "enabled"
                } else {
                    "disabled"
                }
            }))
        })
        .is(
            Shape::OrNull(&Shape::Words(&["enabled", "disabled"])),
            "whether the bond uses the member: enabled, disabled",
        )
        .in_general(InterfaceRow::WORKS)
        .role(ColourRole::State),
        Column::new("active", |row: &MemberRow<'t>| {
            row.member
                .map_or(Cell::Absent, |member| Cell::Bool(member.is_active))
        })
        .truth_or_null("whether it is the active member, which alone receives broadcasts; in mode active-backup all"),
        Column::new("mode", |row: &MemberRow<'t>| {
            Cell::from(row.bond.mode.as_deref())
        })
        .text_or_null("how the bond distributes packets: active-backup, balance-slb, balance-tcp")
        .role(ColourRole::Kind),
        Column::new("lacp", |row: &MemberRow<'t>| {
            Cell::from(row.bond.lacp.as_deref())
        })
        .text_or_null("the state of LACP of the bond: off, configured, negotiated"),
        Column::new("lacp_state", |row: &MemberRow<'t>| {
            Cell::from(row.lacp.map(|lacp| lacp.status.as_str()))
        })
        .text_or_null("the state of LACP of the member: current, expired or defaulted, and attached or detached")
        .drop(1),
        Column::new("load", |row: &MemberRow<'t>| {
            Cell::from(row.member.map(|member| {
                let loads = member.hashes.iter().map(|(_, load)| *load);
                loads.fold(0, u64::saturating_add)
            }))
        })
        .whole_or_null("the load of the hashes that are assigned to it, in kB since the last rebalancing")
        .drop(2),
        Column::new("hashes", |row: &MemberRow<'t>| {
            let hashes = row.member.into_iter().flat_map(|member| &member.hashes);
            let pair = |(hash, load): &(u8, u64)| (hash.to_string(), Cell::from(*load));
            Cell::Map(hashes.map(pair).collect())
        })
        .is(
            Shape::Map(&Shape::Whole),
            "the hashes that are assigned to it, each with its load in kB; hashes without load are not listed",
        )
        .extra(),
        Column::new("may_enable", |row: &MemberRow<'t>| {
            row.member
                .and_then(|member| member.may_enable)
                .map_or(Cell::Absent, Cell::Bool)
        })
        .truth_or_null("whether link, LACP, BFD and CFM let the bond use the member")
        .extra(),
        Column::new("delay", |row: &MemberRow<'t>| {
            Cell::from(row.member.and_then(|member| member.delay))
        })
        .whole_or_null("the milliseconds until the state of the member follows that of its link")
        .clock()
        .extra(),
        Column::new("partner", |row: &MemberRow<'t>| {
            Cell::from(row.lacp.and_then(|lacp| lacp.partner.as_deref()))
        })
        .text_or_null("the system id of the LACP partner; zeros: none")
        .role(ColourRole::Address)
        .extra(),
        Column::new("partner_state", |row: &MemberRow<'t>| {
            Cell::texts(row.lacp.into_iter().flat_map(|lacp| lacp.partner_state.iter().map(String::as_str)))
        })
        .texts("what the LACP partner says of itself: synchronized, collecting, distributing, ...")
        .extra(),
        Column::new("primary", |row: &MemberRow<'t>| {
            Cell::from(row.bond.primary.as_deref())
        })
        .text_or_null("the member that active-backup prefers")
        .extra(),
        Column::new("active_mac", |row: &MemberRow<'t>| {
            Cell::from(row.bond.active_mac.as_deref())
        })
        .text_or_null("the MAC address of the active member")
        .role(ColourRole::Address)
        .extra(),
        Column::new("hash_basis", |row: &MemberRow<'t>| {
            Cell::from(row.bond.hash_basis)
        })
        .whole_or_null("the number that goes into the hashes")
        .extra(),
        Column::new("updelay", |row: &MemberRow<'t>| Cell::from(row.bond.updelay))
            .whole_or_null("how long a link must be up before its member is enabled, in milliseconds")
            .extra(),
        Column::new("downdelay", |row: &MemberRow<'t>| {
            Cell::from(row.bond.downdelay)
        })
        .whole_or_null("how long a link must be down before its member is disabled, in milliseconds")
        .extra(),
        Column::new("more", |row: &MemberRow<'t>| {
            let of_member = row.member.into_iter().flat_map(|member| &member.unknown);
            Cell::texts(row.bond.unknown.iter().chain(of_member).map(String::as_str))
        })
        .texts("lines of the daemon that are not understood, as they are")
        .extra(),
    ]
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database or ovs-vswitchd does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let Command::Show { bonds: wanted } = self;
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let topology = cx.read(Want::of(Scope::All, Depth::PortNames)).await?;
        let client = cx.vswitchd().await?;
        let mut bonds = BondState::read_all(&client).await?;
        let lacp = LacpState::read_all(&client).await?;
        let mut missing = Vec::new();
        for name in wanted {
            if !bonds.iter().any(|bond| bond.name == *name) {
                let names = bonds.iter().map(|bond| bond.name.as_str());
                let failure = Failure::not_found("bond", name, "", names);
                let hint = match topology.port(name) {
                    Some(_) => "the port has one interface; `ovs port show` shows it",
                    None => "`ovs bond show` shows all bonds",
                };
                missing.push(MissingName::new(name, failure.hint(hint)));
            }
        }
        bonds.retain(|bond| wanted.is_empty() || wanted.contains(&bond.name));
        for bond in &bonds {
            let members = bond.members.iter();
            let unknown = bond
                .unknown
                .iter()
                .chain(members.flat_map(|member| &member.unknown));
            if bond.misses_primary {
                cx.remark(&format!(
                    "{}: the primary member {} is no member of it",
                    bond.name,
                    bond.primary.as_deref().unwrap_or_default()
                ));
            }
            if !view.shows("more") && unknown.count() > 0 {
                cx.remark(&format!(
                    "{}: lines of ovs-vswitchd that are not understood: --columns bond,member,more",
                    bond.name
                ));
            }
        }
        let mut rows = Vec::new();
        for bond in &bonds {
            let members = bond.members.iter().map(Some);
            let none = bond.members.is_empty().then_some(None);
            rows.extend(
                members
                    .chain(none)
                    .map(|member| MemberRow::of(bond, member, &lacp, &topology)),
            );
        }
        if missing.is_empty() || !rows.is_empty() || cx.format.mode != Mode::Table {
            cx.print_list(&view, &rows, "bonds")?;
        }
        cx.report_missing(missing, !rows.is_empty()).await
    }
}
