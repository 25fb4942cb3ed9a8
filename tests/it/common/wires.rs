//! Hosts that forward real packets: each a network namespace with an Open vSwitch of its own (userspace datapath), wires
//! between them, and machines at their ports, which are namespaces too. Needs root; everything goes with the value.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use ovs::sandbox::{Daemon, Options};
use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto, sendto, socket};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::Sandbox;

/// How long a packet may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A network namespace; it goes with the value, and what runs in it.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one. `None`: this process may not make any, or no devices in it.
    pub fn new() -> Option<Namespace> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "ovs-test-{}-{}",
            id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        if !made.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let namespace = Namespace { name };
        // What may make namespaces need not be allowed, or have what it takes, to make devices.
        let pair = "link add probe type veth peer name probed";
        let may_make_devices = namespace.try_ip(pair) && namespace.try_ip("link del probe");
        if !may_make_devices || !Path::new("/dev/net/tun").exists() {
            return None;
        }
        namespace.ip("link set lo up");
        Some(namespace)
    }

    /// Whether `ip LINE` succeeds in the namespace.
    fn try_ip(&self, line: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(["-n", &self.name]).args(line.split(' '));
        command.output().is_ok_and(|output| output.status.success())
    }

    /// `ip LINE` in the namespace.
    #[track_caller]
    pub fn ip(&self, line: &str) {
        let mut command = Command::new("ip");
        command.args(["-n", &self.name]).args(line.split(' '));
        let output = command.output().expect("ip runs");
        assert!(output.status.success(), "{command:?}: {output:?}");
    }

    /// Runs something in the namespace; sockets that it opens stay there.
    pub fn run<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        let file = std::fs::File::open(format!("/run/netns/{}", self.name)).expect("it is there");
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(file.as_fd(), kind).expect("a thread may enter it");
                run()
            });
            thread.join().expect("the thread ends")
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .output();
    }
}

/// A host with an Open vSwitch.
pub struct RealHost {
    pub sandbox: Sandbox,
    namespace: Namespace,
}

impl RealHost {
    /// A host without bridges. `None`: this process may not make any.
    pub fn new() -> Option<RealHost> {
        let namespace = Namespace::new()?;
        let sandbox = Sandbox::start(Options {
            vswitchd: false,
            ..Options::default()
        });
        namespace.run(|| sandbox.start_real_vswitchd());
        Some(RealHost { sandbox, namespace })
    }

    /// A machine with this address behind a new port of a bridge; `settings` as after `ovs-vsctl add-port`.
    pub fn machine(&self, bridge: &str, port: &str, address: [u8; 4], settings: &str) -> Machine {
        let namespace = Namespace::new().expect("one was made before");
        let [.., third, last] = address;
        let mac = format!("02:00:00:00:{third:02x}:{last:02x}");
        self.namespace.ip(&format!(
            "link add {port} type veth peer name eth0 address {mac} netns {}",
            namespace.name
        ));
        self.namespace.ip(&format!("link set {port} up"));
        let address = Ipv4Addr::from(address);
        namespace.ip(&format!("addr add {address}/16 dev eth0"));
        namespace.ip("link set eth0 up");
        // As what sets instances up marks their ports.
        vsctl!(
            self.sandbox,
            "add-port {bridge} {port} {settings} -- set interface {port} external_ids:iface-id={port}"
        );
        Machine {
            namespace,
            address,
            mac,
        }
    }

    /// A wire to another host, a port of a bridge at each end.
    pub fn wire(
        &self,
        bridge: &str,
        port: &str,
        other: &RealHost,
        at: (&str, &str),
        settings: &str,
    ) {
        let (other_bridge, other_port) = at;
        self.namespace.ip(&format!(
            "link add {port} type veth peer name {other_port} netns {}",
            other.namespace.name
        ));
        for (host, bridge, port) in [(self, bridge, port), (other, other_bridge, other_port)] {
            host.namespace.ip(&format!("link set {port} up"));
            vsctl!(host.sandbox, "add-port {bridge} {port} {settings}");
        }
    }

    /// Gives a bridge's own port an address of a network of 24 bits.
    pub fn address(&self, bridge: &str, address: &str) {
        self.namespace
            .ip(&format!("addr add {address}/24 dev {bridge}"));
        self.namespace.ip(&format!("link set {bridge} up"));
    }

    /// What a program finds that runs on the host.
    pub fn run<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        self.namespace.run(run)
    }
}

impl Drop for RealHost {
    /// At once: an interface whose device went with the other host never has its state.
    fn drop(&mut self) {
        let killed = self.sandbox.inner.kill(Daemon::Vswitchd);
        assert!(killed.is_ok() || thread::panicking(), "it can be killed");
    }
}

/// A machine at a port.
pub struct Machine {
    namespace: Namespace,
    pub address: Ipv4Addr,
    pub mac: String,
}

impl Machine {
    /// The machine knows the other's MAC address, so that it need not ask.
    pub fn knows(&self, other: &Machine) {
        self.namespace.ip(&format!(
            "neigh replace {} lladdr {} dev eth0 nud permanent",
            other.address, other.mac
        ));
    }

    /// A socket that receives what is sent to a UDP port of the machine.
    pub fn listens(&self, port: u16) -> Listener {
        self.namespace.run(|| Listener::at(self.address, port))
    }

    /// Sends a UDP datagram. Its checksum is 0, none: a virtual wire would leave it to a device that is not there.
    pub fn sends(&self, to: Ipv4Addr, port: u16, text: &str) {
        let length = u16::try_from(8 + text.len()).expect("it is short");
        let mut datagram = Vec::new();
        for field in [4000, port, length, 0] {
            datagram.extend(field.to_be_bytes());
        }
        datagram.extend(text.as_bytes());
        let sent = self.namespace.run(|| -> io::Result<usize> {
            let raw = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::UDP))?;
            let to = SocketAddrV4::new(to, 0);
            Ok(sendto(&raw, &datagram, SendFlags::empty(), &to)?)
        });
        assert_eq!(sent.expect("it can be sent"), datagram.len());
    }
}

/// A socket that receives.
pub struct Listener {
    socket: UdpSocket,
}

impl Listener {
    /// A socket that receives what is sent to a UDP port of this address of the namespace.
    pub fn at(address: Ipv4Addr, port: u16) -> Listener {
        let socket = UdpSocket::bind((address, port)).expect("the port is free");
        socket
            .set_read_timeout(Some(PATIENCE))
            .expect("it has a timeout");
        Listener { socket }
    }

    /// Whether the text arrives.
    pub fn receives(&self, text: &str) -> bool {
        let mut buffer = [0; 100];
        while let Ok(count) = self.socket.recv(&mut buffer) {
            if buffer.get(..count) == Some(text.as_bytes()) {
                return true;
            }
        }
        false
    }
}
