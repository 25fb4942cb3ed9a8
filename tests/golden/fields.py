#!/usr/bin/env python3
"""Makes tests/golden/fields.tsv: matches as a real switch sends them, and as ovs-ofctl prints them.

Starts a private ovsdb-server and ovs-vswitchd, loads one flow for every line of FLOWS, asks the switch for its
flows in every version of OpenFlow, and puts beside the bytes of each match what `ovs-ofctl --no-stats dump-flows`
prints for it. MADE are matches that a switch does not send by itself: `ovs-ofctl ofp-print` prints those.

Columns: form (v10: the fixed match; nxm: NXM fields in OpenFlow 1.0; v11: ofp_match with its header; otherwise the
version whose OXM fields follow), priority, bytes, text.
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

FLOWS = """
in_port=1
in_port=LOCAL
in_port=CONTROLLER
dl_src=02:00:00:00:00:01
dl_dst=ff:ff:ff:ff:ff:ff
dl_dst=01:00:00:00:00:00/01:00:00:00:00:00
dl_src=02:00:00:00:00:01/ff:ff:ff:00:00:00
dl_type=0x88cc
dl_type=0x0042
dl_type=0x5ff
ip
ipv6
arp
rarp
mpls
mplsm
icmp
icmp6
tcp
tcp6
udp
udp6
sctp
sctp6
ip,nw_proto=50
ip,nw_proto=0
ip,nw_proto=58
ipv6,nw_proto=1
ipv6,nw_proto=0
dl_vlan=1
dl_vlan=0
dl_vlan=4095
dl_vlan=66,dl_vlan_pcp=3
dl_vlan_pcp=7
dl_vlan_pcp=0
dl_vlan=0xffff
vlan_tci=0
vlan_tci=0x1123
vlan_tci=0x3123/0x3fff
vlan_tci=0x1000/0x1000
vlan_tci=0x0000/0x1fff
vlan_tci=0x2000/0x2000
vlan_tci=0x1001/0x1001
vlan_tci=0x0123/0x0fff
vlan_vid=0x1000/0x1000
vlan_vid=0x1042/0x1fff
vlan_vid=0x1042/0x10ff
vlan_vid=0x1042,vlan_pcp=5
vlan_vid=0
tcp,nw_src=10.0.0.1
tcp,nw_dst=10.0.0.0/8
ip,nw_src=10.0.0.9/255.0.0.255
ip,nw_dst=0.0.0.1/0.0.0.1
ip,nw_tos=252
ip,nw_tos=0
ip,ip_dscp=12
ip,nw_ecn=2
ip,nw_ecn=0
ip,nw_ttl=64
ip,nw_tos=16,nw_ecn=1,nw_ttl=1
ip,nw_frag=no
ip,nw_frag=yes
ip,nw_frag=first
ip,nw_frag=later
ip,nw_frag=not_later
ipv6,nw_frag=later
ipv6,ipv6_src=fe80::1
ipv6,ipv6_dst=2001:db8::/32
ipv6,ipv6_src=::1
ipv6,ipv6_dst=::ffff:10.0.0.1
ipv6,ipv6_dst=::10.0.0.1
ipv6,ipv6_src=::2:3
ipv6,ipv6_src=2001:0:0:1::1
ipv6,ipv6_dst=1:2:3:4:0:6:7:8
ipv6,ipv6_src=fe80::1/ffff::ffff
ipv6,ipv6_src=64:ff9b::/ffff:ffff:ffff:ffff:ffff:ffff::
ipv6,ipv6_label=0x12345
ipv6,ipv6_label=0
ipv6,ipv6_label=0x00345/0x00fff
arp,arp_op=1
arp,arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24,arp_sha=02:00:00:00:00:01,arp_tha=02:00:00:00:00:02
arp,arp_sha=02:00:00:00:00:00/ff:00:00:00:00:00,arp_spa=1.0.0.1/255.0.0.255
rarp,arp_op=3
tcp,tp_src=80
tcp,tp_dst=0x50/0xfff0
tcp,tcp_src=1,tcp_dst=2
tcp6,tcp_dst=443
udp,udp_src=68,udp_dst=67
udp6,tp_dst=0x1000/0xf000
sctp,sctp_src=5,sctp_dst=0x8000/0x8000
sctp6,sctp_dst=9
tcp,tcp_flags=+syn
tcp,tcp_flags=+syn-ack
tcp,tcp_flags=syn|ack
tcp,tcp_flags=0x012/0xfff
tcp6,tcp_flags=+[200]+ns
tcp,tcp_flags=0
icmp,icmp_type=8
icmp,icmp_type=3,icmp_code=4
icmp6,icmp_type=128
icmp6,icmp_type=135,icmp_code=0
icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=02:00:00:00:00:01
icmp6,icmp_type=136,icmp_code=0,nd_target=fe80::/64,nd_tll=02:00:00:00:00:02/ff:ff:ff:00:00:00
icmp6,icmpv6_type=136,icmpv6_code=0,nd_reserved=1610612736,nd_options_type=2
icmp6,icmpv6_type=136,icmpv6_code=0,nd_options_type=1
mpls,mpls_label=3
mpls,mpls_label=1048575,mpls_tc=7,mpls_bos=1,mpls_ttl=64
mplsm,mpls_bos=0
metadata=0
metadata=0x1234567890abcdef
metadata=0x5/0xff
reg0=0
reg0=0x1
reg0=0x5/0xffff
reg1=0xffffffff
reg5=0x10,reg6=0x20
reg15=1
reg14=0x3,reg15=0x7,metadata=0x1
xreg0=0x100000002
xreg3=0x1/0xffffffff00000001
xxreg0=0x1
xxreg3=0xf0000000000000000000000000000001/0xf000000000000000000000000000000f
pkt_mark=0x1
pkt_mark=0/0x1
conj_id=7
actset_output=1
actset_output=LOCAL
tun_id=0
tun_id=0x64
tun_id=0x64/0xff
tun_src=10.0.0.1,tun_dst=10.0.0.2
tun_src=10.0.0.0/8
tun_ipv6_src=fe80::1
tun_ipv6_dst=fe80::/10
tun_gbp_id=5
tun_gbp_id=5/0xff
tun_gbp_flags=0x8
tun_flags=oam
tun_flags=+oam
tun_flags=-oam
tun_flags=0
tun_erspan_ver=1,tun_erspan_idx=0x12345
tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=0x3f
tun_gtpu_flags=0x30
tun_gtpu_msgtype=255
tun_metadata0=0x1234
tun_metadata0=0x1204/0xff0f
tun_metadata1=0
tun_metadata1
tun_metadata2=0x123456789012345678901234
tun_metadata3
ct_state=+trk
ct_state=-trk
ct_state=+new+trk
ct_state=+est-rel-rpl-inv+trk
ct_state=+trk+snat
ct_state=0x21/0x21
ct_state=trk|est
ct_state=+new-est-rel-rpl-inv+trk-snat-dnat
ct_state=+trk,ct_zone=0
ct_state=+trk,ct_zone=65535
ct_mark=0x1
ct_mark=0/0x1
ct_label=0x1
ct_label=0
ct_label=0x1/0x1
ct_label=0x10000000000000000000000000000000/0xf0000000000000000000000000000000
ct_state=+est+trk,ip,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/24
ct_state=+est+trk,ip,ct_nw_proto=6,ct_tp_src=80,ct_tp_dst=0x50/0xf0
ct_state=+est+trk,ipv6,ct_ipv6_src=fe80::1,ct_ipv6_dst=fe80::/10
ct_state=+est+trk,ipv6,ct_nw_proto=17,ct_tp_dst=53
dl_type=0x894f,nsh_flags=1,nsh_ttl=63,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123456,nsh_si=255
dl_type=0x894f,nsh_mdtype=1,nsh_c1=0x1,nsh_c2=0x2/0xf,nsh_c3=0,nsh_c4=0xffffffff
dl_type=0x894f,nsh_spi=0
dl_type=0x894f,nsh_flags=1/1
packet_type=(1,0x800)
packet_type=(1,0x86dd)
packet_type=(1,0x894f)
packet_type=(0,0)
priority=0
priority=1
priority=65535,in_port=3
priority=32769,arp
priority=100,ct_state=+est-rel+rpl-inv+trk,ip,reg5=0x3,reg6=0x2,dl_vlan=5,nw_src=10.0.0.1,dl_src=02:00:00:00:00:01
priority=90,conj_id=12,ipv6,reg5=0x5,metadata=0x7,ct_mark=0x1/0x1,in_port=7,ipv6_src=fe80::1
priority=110,icmp6,reg5=0x8,in_port=8,dl_src=fa:16:3e:00:00:01,icmp_type=136,icmp_code=0,nd_target=fe80::1
priority=95,arp,reg5=0x8,in_port=8,dl_src=fa:16:3e:00:00:01,arp_spa=10.0.0.5
priority=10,udp,in_port=8,tp_src=68,tp_dst=67
priority=2001,icmp6,reg14=0x3,metadata=0x1,nw_ttl=255,icmp_type=133,icmp_code=0
priority=100,ip,reg14=0x1,metadata=0x4,dl_src=0a:00:00:00:00:01,nw_src=10.0.0.4,tun_id=0x5/0xffffff
pkt_mark=0x1,reg0=0x1,tun_id=0x64,tun_src=1.2.3.4,metadata=0x1,in_port=1,dl_vlan=1,dl_vlan_pcp=1,tcp,nw_src=1.1.1.1,nw_tos=4,tp_src=1,tcp_flags=+syn
recirc_id=0,eth
recirc_id=0,ct_state=-trk,ct_mark=0x1
recirc_id=0,ct_state=-trk,ct_mark=0x1,eth
recirc_id=0,ct_state=-trk,ct_mark=0x1,ip,nw_src=10.0.0.1
recirc_id=0,ct_zone=2,ct_label=0x1,dl_dst=02:00:00:00:00:01,in_port=3
recirc_id=0,ct_state=+est+trk,ip,ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=80
recirc_id=0,ct_zone=2,dl_vlan=3,reg0=0x1
recirc_id=0,ct_zone=2,packet_type=(1,0x894f)
""".strip().splitlines()

# Fields that no flow of a switch has: class (and experimenter), number, value and mask.
MADE = [
    [(1, None, 35, "00000005", None)],
    [(1, None, 35, "00000005", "0000ffff")],
    [(0xFFFF, 0x2320, 0, "00000005", None)],
    [(1, None, 36, "00000000", None)],
    [(1, None, 36, "00000007", None), (0, None, 3, "0800", None)],
    [(0x8001, None, 7, "0000000100000002", None)],
    [(0x8000, None, 44, "00010042", None)],
    [(0x8000, None, 44, "00000000", None)],
    [(0xFFFF, 0x4F4E4600, 43, "00000003", None)],
    [(0, None, 3, "0800", None), (0, None, 6, "06", None), (0xFFFF, 0x4F4E4600, 42, "0002", "0003")],
    [(0, None, 2, "020000000001", "ffffffffffff")],
    [(0, None, 2, "000000000000", "000000000000"), (1, None, 0, "00000001", None)],
    [(1, None, 104, "0000", None)],
    [(1, None, 104, "0001", None)],
    [(1, None, 40, "00001234", None)],
    [(1, None, 41, "0000000000000000", "0000000000000000")],
]

# Of the fields that come by the dozen, each one.
MADE += [[(1, None, n, "%08x" % (n + 1), None)] for n in range(16)]
MADE += [[(0x8001, None, n, "%016x" % (n + 1), None)] for n in range(8)]
MADE += [[(1, None, 111 + n, "%032x" % (n + 1), None)] for n in range(4)]
MADE += [[(1, None, 40 + n, "%08x" % (n + 1), None)] for n in range(64)]

NAMES = {1: "OpenFlow10", 2: "OpenFlow11", 3: "OpenFlow12", 4: "OpenFlow13", 5: "OpenFlow14", 6: "OpenFlow15"}


class Switch:
    """A private switch with one bridge, br0."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="golden")
        d = self.dir
        self.env = dict(os.environ, OVS_RUNDIR=d)
        schema = "/usr/share/openvswitch/vswitch.ovsschema"
        common = ["--detach", "--no-chdir"]
        self.run("ovsdb-tool", "create", f"{d}/conf.db", schema)
        self.run("ovsdb-server", f"{d}/conf.db", f"--remote=punix:{d}/db.sock", f"--unixctl={d}/s.ctl",
                 f"--pidfile={d}/s.pid", f"--log-file={d}/s.log", *common)
        self.run("ovs-vsctl", f"--db=unix:{d}/db.sock", "--no-wait", "init")
        self.run("ovs-vswitchd", f"unix:{d}/db.sock", "--enable-dummy=system", "--disable-system",
                 f"--unixctl={d}/v.ctl", f"--pidfile={d}/v.pid", f"--log-file={d}/v.log", *common)
        self.run("ovs-vsctl", f"--db=unix:{d}/db.sock", "add-br", "br0", "--", "set", "bridge", "br0",
                 "datapath_type=dummy", "protocols=[" + ",".join(NAMES.values()) + "]")

    def run(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def stop(self):
        for name in "vs":
            with open(f"{self.dir}/{name}.pid") as pid:
                os.kill(int(pid.read()), 15)
        shutil.rmtree(self.dir, ignore_errors=True)

    def replies(self, version, request):
        """The bodies of the parts of a multipart reply."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(f"{self.dir}/br0.mgmt")
        s.sendall(struct.pack("!BBHI", version, 0, 8, 1))
        kind = 16 if version == 1 else 18
        s.sendall(struct.pack("!BBHI", version, kind, 8 + len(request), 2) + request)
        buffer, bodies = b"", []
        while True:
            while len(buffer) < 8 or len(buffer) < struct.unpack("!H", buffer[2:4])[0]:
                piece = s.recv(65536)
                if not piece:
                    raise RuntimeError("the switch hung up")
                buffer += piece
            length = struct.unpack("!H", buffer[2:4])[0]
            message, buffer = buffer[:length], buffer[length:]
            if message[1] == 1:
                raise RuntimeError(f"error {message.hex()}")
            if message[1] == kind + 1:
                bodies.append(message[8:])
                if not message[11] & 1:
                    return bodies


def entries(body):
    while len(body) >= 4:
        length = struct.unpack("!H", body[:2])[0]
        yield body[:length]
        body = body[length:]


def matches(switch, form):
    """Cookie, priority and match bytes of every flow."""
    if form == "v10":
        request = struct.pack("!HH", 1, 0) + struct.pack("!I", 0x3FFFFF) + bytes(36) + struct.pack("!BBH", 255, 0, 0xFFFF)
        for body in switch.replies(1, request):
            for e in entries(body[4:]):
                yield struct.unpack("!Q", e[64:72])[0], struct.unpack("!H", e[52:54])[0], e[4:44]
    elif form == "nxm":
        request = struct.pack("!HHIIIHHB3x", 0xFFFF, 0, 0x2320, 0, 0, 0xFFFF, 0, 255)
        for body in switch.replies(1, request):
            for e in entries(body[16:]):
                length = struct.unpack("!H", e[18:20])[0]
                yield struct.unpack("!Q", e[24:32])[0], struct.unpack("!H", e[12:14])[0], e[48:48 + length]
    else:
        version = int(form[2]) + 1
        match = struct.pack("!HH4x", 1, 4)
        request = struct.pack("!HH4xB3xII4xQQ", 1, 0, 255, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0) + match
        for body in switch.replies(version, request):
            for e in entries(body[8:]):
                at = 24 if version == 6 else 48
                cookie = struct.unpack("!Q", e[16:24] if version == 6 else e[24:32])[0]
                priority = struct.unpack("!H", e[6:8] if version == 6 else e[12:14])[0]
                kind, length = struct.unpack("!HH", e[at:at + 4])
                yield cookie, priority, e[at:at + length] if version == 2 else e[at + 4:at + length]


def texts(switch, form):
    """Cookie and printed match of every flow."""
    if form == "v10":
        flags = ["-F", "OpenFlow10"]
    elif form == "nxm":
        flags = ["-F", "NXM"]
    else:
        flags = ["-O", NAMES[int(form[2]) + 1]]
    out = switch.run("ovs-ofctl", *flags, "--no-names", "--no-stats", "dump-flows", f"unix:{switch.dir}/br0.mgmt")
    for line in out.splitlines():
        found = re.match(r"^ cookie=(0x[0-9a-f]+), (?:table=\d+, )?(?:reset_counts ?)?(.*?) ?actions=drop$", line)
        if found:
            yield int(found[1], 16), found[2]


def fields(made):
    out = b""
    for klass, experimenter, number, value, mask in made:
        value, mask = bytes.fromhex(value), bytes.fromhex(mask or "")
        extra = b"" if experimenter is None else struct.pack("!I", experimenter)
        out += struct.pack("!HBB", klass, number << 1 | bool(mask), len(value + mask + extra)) + extra + value + mask
    return out


def printed(body):
    """What `ovs-ofctl ofp-print` says about a match of OpenFlow 1.5."""
    match = struct.pack("!HH", 1, 4 + len(body)) + body
    match += bytes(-len(match) % 8)
    entry = struct.pack("!4xB1xHHHHHQ", 0, 32768, 0, 0, 0, 0, 0) + match + struct.pack("!HH4x", 0, 4)
    entry = struct.pack("!H", len(entry)) + entry[2:]
    message = struct.pack("!HH4x", 1, 0) + entry
    message = struct.pack("!BBHI", 6, 19, 8 + len(message), 1) + message
    done = subprocess.run(["ovs-ofctl", "ofp-print", message.hex()], capture_output=True, text=True)
    found = re.search(r" n_bytes=\?, (.*?) ?actions=drop$", done.stdout, re.M)
    return found[1] if found else None


def main():
    switch = Switch()
    rows = []
    try:
        target = f"unix:{switch.dir}/br0.mgmt"
        switch.run("ovs-ofctl", "add-tlv-map", target, "{class=0x102,type=0,len=4}->tun_metadata0,"
                   "{class=0x102,type=1,len=4}->tun_metadata1,{class=0x102,type=2,len=12}->tun_metadata2,"
                   "{class=0x102,type=3,len=124}->tun_metadata3")
        for index, flow in enumerate(FLOWS):
            line = f"cookie={index + 1},table={index % 250},{flow},actions=drop"
            try:
                switch.run("ovs-ofctl", "add-flow", target, line)
            except RuntimeError:
                try:
                    switch.run("ovs-ofctl", "-O", "OpenFlow15", "add-flow", target, line)
                except RuntimeError as error:
                    print(f"left out: {flow}: {error}", file=sys.stderr)
        for form in ["v10", "nxm", "v11", "v12", "v13", "v14", "v15"]:
            told = dict(texts(switch, form))
            for cookie, priority, body in sorted(matches(switch, form)):
                if cookie in told:
                    rows.append((form, priority, body.hex(), told[cookie].strip().rstrip(",")))
    finally:
        switch.stop()
    for made in MADE:
        text = printed(fields(made))
        if text is None:
            print(f"not printed: {made}", file=sys.stderr)
        else:
            rows.append(("v15", 32768, fields(made).hex(), text.strip().rstrip(",")))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fields.tsv"), "w") as out:
        out.write("# Made by tests/golden/fields.py with Open vSwitch 3.1: form, priority, bytes, text.\n")
        for row in rows:
            out.write("\t".join(map(str, row)) + "\n")


main()
