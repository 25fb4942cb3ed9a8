//! What is read of the configuration: of which bridges and ports, and how much of each.

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Of which bridges and ports.
    pub scope: Scope,
    /// How much of each.
    pub depth: Depth,
    /// Whether with `Interface.statistics`.
    pub statistics: bool,
    /// Whether with what tells of a switch's health: mirrors, the types of interface that it knows, and
    /// `other_config` of the switch and of interfaces.
    pub health: bool,
    /// Of tables Port and Interface only these columns, names and OpenFlow numbers aside; `None`: all
    /// that the depth has. What is not read is empty in the tree.
    pub columns: Option<Vec<&'static str>>,
}

/// Which bridges and ports to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// One bridge with its ports; the tree has no bridge if there is none of this name.
    Bridge(String),
    /// One port and its bridge, which has no other port in the tree; no bridge if there is none.
    Port(String),
}

/// How much to read of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Bridges' names, no ports.
    BridgeNames,
    /// Everything about the switch and its bridges, whose ports are only counted.
    Bridges,
    /// Names of bridges, ports and interfaces, and OpenFlow port numbers.
    PortNames,
    /// Everything about ports and interfaces; of bridges the names.
    Ports,
    /// Everything that [`Topology`] has a place for.
    Full,
}

impl Depth {
    /// Whether the tree gets ports.
    pub(super) fn has_ports(self) -> bool {
        matches!(self, Self::PortNames | Self::Ports | Self::Full)
    }
}

impl Want {
    /// The whole switch, without statistics.
    pub fn all() -> Self {
        Self::of(Scope::All, Depth::Full)
    }

    /// This much of this, without statistics.
    pub fn of(scope: Scope, depth: Depth) -> Self {
        Self {
            scope,
            depth,
            statistics: false,
            health: false,
            columns: None,
        }
    }

    /// The same with these columns of tables Port and Interface only.
    #[must_use]
    pub fn only(mut self, columns: Vec<&'static str>) -> Self {
        self.columns = Some(columns);
        self
    }

    /// The same with what [`Want::health`] tells of.
    #[must_use]
    pub fn with_health(mut self) -> Self {
        self.health = true;
        self
    }

    /// The same with statistics.
    #[must_use]
    pub fn with_statistics(mut self) -> Self {
        self.statistics = true;
        self
    }
}
