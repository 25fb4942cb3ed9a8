//! What an argument takes: the name of its value in the help, and what completes it.

use clap::Arg;
use clap::builder::ArgExt;

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// Its name in the help.
    name: &'static str,
    /// What completes it.
    pub completer: Completer,
}

/// What completes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completer {
    /// Nothing: free text.
    Nothing,
    /// Words of actions.
    Actions,
    /// Bridges.
    Bridges,
    /// Bridges; after a colon the bridge's ports.
    BridgesWithPorts,
    /// A column of what the command prints.
    Column,
    /// Several of them, with commas in between.
    Columns,
    /// Commands of a daemon; before them the daemons.
    ControlCommands,
    /// Daemons that have a control socket.
    Daemons,
    /// Network devices of this host, with commas in between.
    Devices,
    /// Schemes of endpoints.
    Endpoints,
    /// Files.
    Files,
    /// A flow: fields of its match, its other keys, its actions.
    Flow,
    /// The actions of a flow, without `actions=`.
    FlowActions,
    /// Flow tables of the bridge.
    FlowTables,
    /// A group: its keys and its buckets.
    Group,
    /// Groups of the switch, by number.
    GroupNumbers,
    /// Types of interfaces.
    InterfaceTypes,
    /// Keys of a map column of the database.
    Keys {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Fields of a match and their values.
    Match,
    /// A meter: its keys and its bands.
    Meter,
    /// Meters of the switch, by number.
    MeterNumbers,
    /// `on` and `off`.
    OnOff,
    /// Ports by the names of their interfaces, as OpenFlow has them.
    OpenFlowPorts,
    /// Pages of the manual.
    Pages,
    /// Words of the OpenFlow configuration of a port, with commas in between.
    PortWords,
    /// Ports.
    Ports,
    /// Ports and bridges.
    PortsAndBridges,
    /// Records of the table.
    Records,
    /// Fields to sort flows by, with commas in between.
    SortFields,
    /// Bridges that are OpenFlow switches: all but VLAN bridges.
    Switches,
    /// The same, else files.
    SwitchesOrFiles,
    /// Columns of the table, each as a whole word.
    TableColumns,
    /// Columns of the table, each as the beginning of a word.
    TableColumnsAndMore,
    /// Tables of the database.
    Tables,
    /// A VLAN tag.
    Tag,
    /// VLAN tags, with commas in between.
    Tags,
    /// Versions of OpenFlow, with commas in between.
    Versions,
}

impl Value {
    pub const ACTION: Value = Value::new("ACTION", Completer::Actions);
    pub const BRIDGE: Value = Value::new("BRIDGE", Completer::Bridges);
    pub const BRIDGE_AND_PORT: Value = Value::new("BRIDGE[:PORT]", Completer::BridgesWithPorts);
    /// A column of what the command prints.
    pub const COLUMN: Value = Value::new("COLUMN", Completer::Column);
    pub const COLUMNS: Value = Value::new("A,B", Completer::Columns);
    pub const CONDITION: Value = Value::new("CONDITION", Completer::TableColumnsAndMore);
    /// The command of a daemon.
    pub const CONTROL_COMMAND: Value = Value::new("COMMAND", Completer::ControlCommands);
    pub const CONTROL_SOCKET: Value = Value::new("PATH", Completer::Files);
    /// A daemon, or its control socket.
    pub const CONTROL_TARGET: Value = Value::new("TARGET", Completer::Daemons);
    pub const DEVICE: Value = Value::new("IF", Completer::Devices);
    pub const DEVICES: Value = Value::new("IF,IF", Completer::Devices);
    pub const DIRECTORY: Value = Value::new("DIR", Completer::Files);
    pub const ENDPOINT: Value = Value::new("ENDPOINT", Completer::Endpoints);
    /// A file of hosts, or a group of them.
    pub const HOSTS: Value = Value::new("FILE|NAME", Completer::Files);
    pub const FILE: Value = Value::new("FILE", Completer::Files);
    /// A saved host, the endpoint of a database, or this host.
    pub const HOST_OR_FILE: Value = Value::new("HOST|FILE", Completer::Files);
    /// What was saved of a host.
    pub const SAVED: Value = Value::new("PATH", Completer::Files);
    /// A flow to be added or modified.
    pub const FLOW: Value = Value::new("FLOW", Completer::Flow);
    /// The actions of a flow, without `actions=`.
    pub const FLOW_ACTIONS: Value = Value::new("ACTIONS", Completer::FlowActions);
    pub const FLOW_TABLE: Value = Value::new("TABLE", Completer::FlowTables);
    /// A group to be added or modified.
    pub const GROUP: Value = Value::new("GROUP", Completer::Group);
    pub const GROUP_NUMBER: Value = Value::new("GROUP", Completer::GroupNumbers);
    pub const MATCH: Value = Value::new("MATCH", Completer::Match);
    /// A meter to be added or modified.
    pub const METER: Value = Value::new("METER", Completer::Meter);
    pub const METER_NUMBER: Value = Value::new("METER", Completer::MeterNumbers);
    pub const NAME_OR_NUMBER: Value = Value::new("NAME|NUMBER", Completer::OpenFlowPorts);
    pub const ON_OFF: Value = Value::new("ON|OFF", Completer::OnOff);
    /// A port of a switch: its interface's name, or its number.
    pub const OPENFLOW_PORT: Value = Value::new("PORT", Completer::OpenFlowPorts);
    pub const PAGE: Value = Value::new("COMMAND", Completer::Pages);
    pub const PORT: Value = Value::new("PORT", Completer::Ports);
    pub const PORT_WORDS: Value = Value::new("WORD[,WORD]", Completer::PortWords);
    pub const RECORD: Value = Value::new("RECORD", Completer::Records);
    pub const SORT_FIELD: Value = Value::new("FIELD", Completer::SortFields);
    pub const SWITCH: Value = Value::new("SWITCH", Completer::Switches);
    /// A switch, or a file of flows or groups.
    pub const SWITCH_OR_FILE: Value = Value::new("SWITCH|FILE", Completer::SwitchesOrFiles);
    pub const TABLE: Value = Value::new("TABLE", Completer::Tables);
    /// A column of the table.
    pub const TABLE_COLUMN: Value = Value::new("COLUMN", Completer::TableColumns);
    pub const TYPE: Value = Value::new("TYPE", Completer::InterfaceTypes);
    pub const VERSIONS: Value = Value::new("V[,V]", Completer::Versions);
    pub const VID: Value = Value::new("VID", Completer::Tag);
    pub const VIDS: Value = Value::new("VIDS", Completer::Tags);

    pub const fn new(name: &'static str, completer: Completer) -> Value {
        Value { name, completer }
    }

    /// Free text.
    pub const fn free(name: &'static str) -> Value {
        Value::new(name, Completer::Nothing)
    }

    /// A pair for a map column of the database.
    pub const fn pair(table: &'static str, column: &'static str) -> Value {
        Value::new("K=V", Completer::Keys { table, column })
    }

    /// What the argument takes; `None` if it takes no value, or one of its possible values.
    pub fn of(argument: &Arg) -> Option<Value> {
        argument.get().copied()
    }
}

impl ArgExt for Value {}

/// Gives an argument's definition what it takes: `#[arg(takes = Value::PORT)]`.
pub trait Takes {
    /// The argument, with the name of its value and its completer.
    #[must_use]
    fn takes(self, value: Value) -> Self;
}

impl Takes for Arg {
    fn takes(self, value: Value) -> Arg {
        self.value_name(value.name).add(value)
    }
}
