//! What to read of the configuration: which bridges and ports, and how much of each.

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Which bridges and ports.
    pub scope: Scope,
    /// How much of each.
    pub depth: Depth,
    /// Whether to read what [`check`](super::check) needs: mirrors, the supported types of interface, and
    /// `other_config` of the switch and of interfaces.
    pub health: bool,
    /// Read only these columns of tables Port and Interface, besides names and OpenFlow numbers; `None`:
    /// all that the depth has. Columns that are not read are empty in the tree.
    pub columns: Option<Vec<&'static str>>,
}

/// Which bridges and ports to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// One bridge with its ports; the tree is empty if there is none of this name.
    Bridge(String),
    /// One port and its bridge, without the bridge's other ports; the tree is empty if there is no such
    /// port.
    Port(String),
}

/// How much to read of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names of bridges, no ports.
    BridgeNames,
    /// All columns of the switch and its bridges; ports are only counted.
    Bridges,
    /// Names of bridges, ports and interfaces, and OpenFlow port numbers.
    PortNames,
    /// All columns of ports and interfaces; of bridges the names.
    Ports,
    /// All columns of [`Topology`](super::Topology).
    Full,
}

impl Depth {
    /// Whether the tree has ports.
    pub(super) fn has_ports(self) -> bool {
        matches!(self, Self::PortNames | Self::Ports | Self::Full)
    }
}

impl Want {
    /// The whole switch.
    pub fn all() -> Self {
        Self::of(Scope::All, Depth::Full)
    }

    /// This depth of this scope.
    pub fn of(scope: Scope, depth: Depth) -> Self {
        Self {
            scope,
            depth,
            health: false,
            columns: None,
        }
    }

    /// Restricts the columns of tables Port and Interface ([`Want::columns`]).
    #[must_use]
    pub fn only(mut self, columns: impl Into<Option<Vec<&'static str>>>) -> Self {
        self.columns = columns.into();
        self
    }

    /// Also reads what [`Want::health`] describes.
    #[must_use]
    pub fn with_health(mut self) -> Self {
        self.health = true;
        self
    }
}
