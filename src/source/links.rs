//! The network devices of a namespace and their addresses, read with `RTM_GETLINK` and `RTM_GETADDR` (rtnetlink(7)).
//!
//! Only eight of some hundred attributes are needed; a library for all would add a twentieth to the binary.

use std::io;
use std::net::IpAddr;

use netlink_packet_core::{
    DecodeError, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable, NlasIterator, parse_u32,
};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use serde::{Deserialize, Serialize};

/// Maximum number of datagrams of a reply.
const MAX_DATAGRAMS: usize = 1 << 16;

/// Message types and attributes (`linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h`).
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_INFO_KIND: u16 = 1;

/// `struct ifinfomsg` precedes the attributes: its length, and the offset of the device's index.
const IFINFOMSG: usize = 16;
const INDEX: std::ops::Range<usize> = 4..8;

/// `struct ifaddrmsg` precedes the attributes: its length, and the offset of the device's index.
const IFADDRMSG: usize = 8;
const ADDRESS_INDEX: std::ops::Range<usize> = 4..8;

/// A network device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelLink {
    /// Its index, unique in its namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The kernel's name of its type; empty for hardware.
    pub kind: String,
    /// The index of the other end of a veth pair.
    pub peer: Option<u32>,
    /// Whether that is in another namespace.
    pub peer_is_elsewhere: bool,
    /// The index of the bridge or bond that it is a port of.
    pub master: Option<u32>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Reads the devices of this thread's namespace.
pub(super) fn links() -> io::Result<Vec<KernelLink>> {
    let mut links = Vec::new();
    dump(RTM_GETLINK, |message| {
        if let Message::Link(link) = message {
            links.push(link);
        }
    })?;
    dump(RTM_GETADDR, |message| {
        if let Message::Address(index, address) = message
            && let Some(link) = links.iter_mut().find(|link| link.index == index)
        {
            link.addresses.push(address);
        }
    })?;
    Ok(links)
}

/// Gives the messages that the kernel replies to a request for all of a kind to `take`.
fn dump(request: u16, mut take: impl FnMut(Message)) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    let request = NetlinkPayload::from(Message::Get(request));
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), request);
    message.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    message.header.sequence_number = 1;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;
    for _ in 0..MAX_DATAGRAMS {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<Message>::deserialize(rest).map_err(io::Error::other)?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(()),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(message) => take(message),
                _ => {}
            }
            // Messages are padded to four bytes.
            let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
            let length = length.max(1).checked_next_multiple_of(4);
            rest = length
                .and_then(|length| rest.get(length..))
                .unwrap_or_default();
        }
    }
    Err(io::Error::other("the kernel's reply does not end"))
}

/// A message of rtnetlink.
#[derive(Debug)]
enum Message {
    /// Asks for all of a kind: the type of the request.
    Get(u16),
    /// A device.
    Link(KernelLink),
    /// An address, and the index of its device.
    Address(u32, IpAddr),
    /// Something else.
    Other(u16),
}

impl From<Message> for NetlinkPayload<Message> {
    fn from(message: Message) -> NetlinkPayload<Message> {
        NetlinkPayload::InnerMessage(message)
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        match self {
            Message::Link(_) => RTM_NEWLINK,
            Message::Address(..) => RTM_NEWADDR,
            Message::Get(kind) | Message::Other(kind) => *kind,
        }
    }

    fn buffer_len(&self) -> usize {
        match self {
            Message::Get(RTM_GETADDR) => IFADDRMSG,
            _ => IFINFOMSG,
        }
    }

    fn serialize(&self, buffer: &mut [u8]) {
        // Any family, any index.
        buffer.fill(0);
    }
}

impl NetlinkDeserializable for Message {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Message, DecodeError> {
        match header.message_type {
            RTM_NEWLINK => KernelLink::parse(payload).map(Message::Link),
            RTM_NEWADDR => address(payload),
            kind => Ok(Message::Other(kind)),
        }
    }
}

impl KernelLink {
    fn parse(payload: &[u8]) -> Result<KernelLink, DecodeError> {
        let (head, attributes) = payload
            .split_at_checked(IFINFOMSG)
            .ok_or_else(|| DecodeError::from("a device's message is shorter than its header"))?;
        let mut link = KernelLink {
            index: parse_u32(head.get(INDEX).unwrap_or_default())?,
            ..KernelLink::default()
        };
        for attribute in NlasIterator::new(attributes) {
            let attribute = attribute?;
            let value = attribute.value();
            match attribute.kind() {
                IFLA_IFNAME => link.name = text(value),
                IFLA_LINK => link.peer = Some(parse_u32(value)?),
                IFLA_MASTER => link.master = Some(parse_u32(value)?),
                IFLA_LINK_NETNSID => link.peer_is_elsewhere = true,
                IFLA_LINKINFO => {
                    for info in NlasIterator::new(value) {
                        let info = info?;
                        if info.kind() == IFLA_INFO_KIND {
                            link.kind = text(info.value());
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(link)
    }
}

/// An address of a device. Where it has two ends, the local one.
fn address(payload: &[u8]) -> Result<Message, DecodeError> {
    let (head, attributes) = payload
        .split_at_checked(IFADDRMSG)
        .ok_or_else(|| DecodeError::from("an address's message is shorter than its header"))?;
    let index = parse_u32(head.get(ADDRESS_INDEX).unwrap_or_default())?;
    let mut found = None;
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute?;
        let value = attribute.value();
        let address = <[u8; 4]>::try_from(value)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from));
        match (attribute.kind(), address) {
            (IFA_LOCAL, Ok(address)) => found = Some(address),
            (IFA_ADDRESS, Ok(address)) => found = found.or(Some(address)),
            _ => {}
        }
    }
    Ok(found.map_or(Message::Other(RTM_NEWADDR), |found| {
        Message::Address(index, found)
    }))
}

/// Decodes a NUL-terminated string. A device's name may be any bytes.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(value.get(..end.unwrap_or(value.len())).unwrap_or_default())
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every network namespace has it, up or down, and no rights are needed to see it.
    #[test]
    fn the_kernel_tells_of_the_loopback_device() {
        let links = links().unwrap();
        let loopback = links.iter().find(|link| link.name == "lo").unwrap();
        assert!(loopback.index > 0);
        assert_eq!((loopback.peer, loopback.master), (None, None));
    }

    /// A veth device cut short anywhere is an error or a device with fewer attributes, never a panic.
    #[test]
    fn truncated_messages_do_not_panic() {
        let attribute = |kind: u16, value: &[u8]| {
            let length = u16::try_from(value.len() + 4).unwrap();
            let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let mut payload = vec![0; IFINFOMSG];
        payload[INDEX].copy_from_slice(&7_u32.to_ne_bytes());
        payload.extend(attribute(IFLA_IFNAME, b"veth0\0"));
        payload.extend(attribute(IFLA_LINK, &8_u32.to_ne_bytes()));
        payload.extend(attribute(
            IFLA_LINKINFO,
            &attribute(IFLA_INFO_KIND, b"veth\0"),
        ));
        let whole = KernelLink {
            index: 7,
            name: "veth0".to_owned(),
            kind: "veth".to_owned(),
            peer: Some(8),
            ..KernelLink::default()
        };
        assert_eq!(KernelLink::parse(&payload).unwrap(), whole);
        for end in 0..payload.len() {
            if let Ok(link) = KernelLink::parse(&payload[..end]) {
                assert_ne!(link, whole, "{end}");
            }
        }
    }
}
