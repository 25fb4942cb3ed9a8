//! The effect of connection tracking on a packet.

use super::class::row;
use super::packet::Packet;
use crate::openflow::fields::{CT_TRACKED, Id};

/// The fields of connection tracking.
pub(super) fn tracked() -> impl Iterator<Item = u8> {
    row(Id::CT_STATE)..=row(Id::CT_TP_DST)
}

/// Sends a packet through connection tracking: the connection may have any state.
pub(super) fn track(packet: &mut Packet<'_>, zone: Option<u16>, translates: bool) {
    for field in tracked() {
        packet.contents.renew(field);
    }
    let tracked = CT_TRACKED.into();
    packet.contents.set(row(Id::CT_STATE), tracked, tracked);
    match zone {
        Some(zone) => packet
            .contents
            .set(row(Id::CT_ZONE), zone.into(), u128::MAX),
        None => packet.contents.forget(row(Id::CT_ZONE), u128::MAX),
    }
    if translates {
        for id in [
            Id::IP_SRC,
            Id::IP_DST,
            Id::IPV6_SRC,
            Id::IPV6_DST,
            Id::TCP_SRC,
            Id::TCP_DST,
            Id::UDP_SRC,
            Id::UDP_DST,
            Id::SCTP_SRC,
            Id::SCTP_DST,
        ] {
            packet.contents.renew(row(id));
        }
    }
}
