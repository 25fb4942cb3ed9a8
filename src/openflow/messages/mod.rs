//! OpenFlow messages around flows: header, hello, error, multipart, statistics.
//!
//! One file per message or family; each reads received bytes through a [`Cursor`]
//! and appends what it sends to a `Vec<u8>` ([`codec::Encode`]).
//!
//! A message that can be shown is a struct that implements [`Message`]: its numbers on the wire
//! ([`Message::PLACES`]), decoding and text; its JSON is its serialization. The list at the `messages!` call below
//! names each of them once; the enum [`Body`] and the dispatch by version and numbers are made from it.
//! [`Decoded`] is one message with its header, whether its body is known or not.

pub mod async_config;
pub mod bare;
pub mod bundle;
pub mod codec;
pub mod config;
pub mod ct_flush;
mod decoded;
pub mod desc;
pub mod echo;
pub mod error;
pub mod features;
pub mod flow_mod;
pub mod flow_monitor;
pub mod flow_removed;
pub mod flow_reply;
pub mod flow_request;
pub mod flow_stats;
pub mod flow_stats_encode;
pub mod group_messages;
pub mod group_meter_texts;
pub mod groups;
pub mod header;
pub mod hello;
pub mod ipfix;
pub mod members;
pub mod meters;
pub mod multipart;
pub mod nicira;
pub mod packet_in;
pub mod packet_out;
pub mod port_stats;
pub mod port_stats_texts;
pub mod port_texts;
pub mod ports;
pub mod queues;
pub mod role;
pub mod table_config;
pub mod table_features;
pub mod table_listing;
pub mod tables;
pub mod tlv_table;

use serde::Serialize;

use super::bytes::{Cursor, DecodeError};
use super::text::{Sink, TextContext};
use super::version::Version;
use codec::{At, Head, Message, Place};

pub use decoded::Decoded;

/// Makes the enum and the dispatch from one list of message structs.
macro_rules! messages {
    ($life:lifetime: $($module:ident :: $name:ident $(<$arg:lifetime>)?),* $(,)?) => {
        /// The body of a message.
        #[derive(Debug, Clone, Serialize)]
        #[serde(untagged)]
        #[allow(clippy::large_enum_variant, reason = "one message at a time")]
        pub enum Body<$life> {
            $(#[doc = concat!("See [`", stringify!($module), "::", stringify!($name), "`].")]
            $name($module::$name $(<$arg>)?),)*
        }

        #[derive(Debug, Clone, Copy)]
        enum Kind {
            $($name,)*
        }

        /// Every message with its numbers on the wire.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        const KINDS: &[(Kind, &[Place])] = &[
            $((Kind::$name, <$module::$name as Message<'static>>::PLACES),)*
        ];

        fn decode_kind<$life>(
            kind: Kind,
            body: &mut Cursor<$life>,
            head: &Head<$life>,
        ) -> Result<Body<$life>, DecodeError> {
            Ok(match kind {
                $(Kind::$name => Body::$name(Message::decode(body, head)?),)*
            })
        }

        impl<$life> Body<$life> {
            /// Writes the text of `ovs-ofctl ofp-print` after the header.
            pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
                match self {
                    $(Body::$name(body) => body.text(sink, cx),)*
                }
            }
        }
    };
}

messages! { 'a:
    bare::Bare, hello::Hello<'a>, error::ErrorReport<'a>, echo::Echo<'a>,
    features::Features, config::SwitchConfig,
    flow_request::FlowRequest, flow_reply::FlowReply<'a>, flow_reply::Aggregate,
    flow_mod::FlowMod<'a>, flow_removed::FlowRemoved,
    packet_in::PacketIn<'a>, packet_out::PacketOut<'a>,
    ports::PortDescRequest, ports::PortDescReply, ports::PortStatus, ports::PortMod,
    group_messages::GroupMod<'a>, group_messages::GroupRequest, group_messages::GroupDescReply<'a>,
    group_messages::GroupStatsReply, group_messages::GroupFeatures,
    meters::MeterMod, meters::MeterRequest, meters::MeterConfigReply,
    meters::MeterStatsReply, meters::MeterFeatures,
    table_listing::TableStatsReply, table_listing::TableFeaturesList,
    bundle::BundleControl, bundle::BundleAdd<'a>, bundle::RequestForward<'a>,
    role::Role, role::RoleStatus, async_config::AsyncConfig,
    flow_monitor::MonitorRequest, flow_monitor::MonitorReply<'a>, flow_monitor::MonitorCancel,
    nicira::SetFormat, nicira::FlowModTableId, nicira::SetControllerId, nicira::CtFlushZone,
    ct_flush::CtFlush,
    tlv_table::TlvTableMod, tlv_table::TlvTableReply, desc::Desc,
    queues::QueueConfigRequest, queues::QueueConfigReply,
    queues::QueueStatsRequest, queues::QueueStatsReply,
    table_config::TableMod, table_config::TableDescReply, table_config::TableStatus,
    ipfix::IpfixReply,
    port_stats::PortStatsRequest, port_stats::PortStatsReply,
}

fn kind(version: Version, at: At) -> Option<(Kind, &'static Place)> {
    KINDS.iter().find_map(|(kind, places)| {
        let place = places
            .iter()
            .find(|place| place.at == at && place.is_in(version))?;
        Some((*kind, place))
    })
}

impl Body<'_> {
    /// The whole message, if it is one that can be encoded; see [`codec::encode`].
    pub fn encode(&self, version: Version, at: At, xid: u32) -> Option<Vec<u8>> {
        match self {
            Body::Bare(body) => codec::encode(body, version, at, xid),
            Body::FlowMod(body) => codec::encode(body, version, at, xid),
            Body::PacketOut(body) => codec::encode(body, version, at, xid),
            Body::PortMod(body) => codec::encode(body, version, at, xid),
            Body::GroupMod(body) => codec::encode(body, version, at, xid),
            Body::MeterMod(body) => codec::encode(body, version, at, xid),
            Body::TableMod(body) => codec::encode(body, version, at, xid),
            Body::BundleControl(body) => codec::encode(body, version, at, xid),
            Body::BundleAdd(body) => codec::encode(body, version, at, xid),
            Body::Role(body) => codec::encode(body, version, at, xid),
            Body::FlowModTableId(body) => codec::encode(body, version, at, xid),
            Body::MonitorRequest(body) => codec::encode(body, version, at, xid),
            _ => None,
        }
    }
}
