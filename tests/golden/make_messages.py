#!/usr/bin/env python3
"""Writes messages.tsv: OpenFlow messages, and the text that `ovs-ofctl ofp-print` prints for them.

Usage: make_messages.py RUNDIR > messages.tsv, where RUNDIR holds the sockets of a running Open vSwitch with
--enable-dummy (`db.sock`, `BRIDGE.mgmt`).

Real tools talk to the switch through a recorder of ours, so most messages are what ovs-ofctl and
ovs-vswitchd 3.1 sent. Those that they do not send are made by hand below. Columns:

  hex    the message
  text   what `ovs-ofctl ofp-print HEX` prints; line feeds, tabs and backslashes are escaped
"""
import collections, os, socket, struct, subprocess, sys, threading, time

RUNDIR = sys.argv[1]
BRIDGE = "brm"
VERSIONS = {v: f"OpenFlow1{v - 1}" for v in range(1, 7)}
ENV = dict(os.environ, OVS_RUNDIR=RUNDIR)
SEEN = []


def record(source, sink):
    """Passes messages on and keeps them."""
    data = b""
    while True:
        try:
            more = source.recv(65536)
        except OSError:
            more = b""
        if not more:
            for sock in (source, sink):
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            return
        data += more
        while len(data) >= 8 and len(data) >= struct.unpack("!H", data[2:4])[0]:
            length = struct.unpack("!H", data[2:4])[0]
            SEEN.append(data[:length])
            try:
                sink.sendall(data[:length])
            except OSError:
                return
            data = data[length:]


def recorder(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)

    def serve():
        while True:
            client, _ = server.accept()
            switch = socket.socket(socket.AF_UNIX)
            switch.connect(f"{RUNDIR}/{BRIDGE}.mgmt")
            threading.Thread(target=record, args=(client, switch), daemon=True).start()
            threading.Thread(target=record, args=(switch, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def ofctl(*args, seconds=10):
    return subprocess.run(["ovs-ofctl", *args], env=ENV, capture_output=True, timeout=seconds)


def ofp_print(message):
    out = subprocess.run(["ovs-ofctl", "ofp-print", message.hex()], env=ENV, capture_output=True, text=True,
                         errors="replace").stdout
    return None if "***" in out and "truncated" not in out else out


TCP = bytes.fromhex("0200000000020200000000010800" "4500002c00010000400600000a0000010a000002"
                    "0014005000000001000000026012200012340000" "01020304")
FRAMES = {
    "tcp": TCP,
    "vlan": TCP[:12] + bytes.fromhex("8100600a") + TCP[12:],
    "two tags": TCP[:12] + bytes.fromhex("88a8600a8100000b") + TCP[12:],
    "arp": bytes.fromhex("ffffffffffff0200000000010806" "0001080006040001" "0200000000010a000001"
                         "0000000000000a000002"),
    "rarp": bytes.fromhex("ffffffffffff0200000000018035" "0001080006040003" "0200000000010a000001"
                          "0200000000010a000002"),
    "udp": TCP[:14] + bytes.fromhex("45b9001c0000000001110000" "0a0000010a000002" "0035004300080abc"),
    "icmp": TCP[:14] + bytes.fromhex("4500001c0000000001010000" "0a0000010a000002" "0800f7ff00000000"),
    "igmp": TCP[:14] + bytes.fromhex("4500001c0000000001020000" "0a000001e0000001" "1100eeff00000000"),
    "sctp": TCP[:14] + bytes.fromhex("450000200000000040840000" "0a0000010a000002" "0001000200000003abcdef01"),
    "gre": TCP[:14] + bytes.fromhex("45000018000000004029" "0000" "0a0000010a000002" "00000000"),
    "first fragment": TCP[:14] + bytes.fromhex("4500001c0000200001110000" "0a0000010a000002" "0035004300080abc"),
    "later fragment": TCP[:14] + bytes.fromhex("4500001c0000000901110000" "0a0000010a000002" "0035004300080abc"),
    "cut ip": TCP[:24],
    "cut tcp": TCP[:44],
    "short": TCP[:10],
    "empty type": TCP[:14],
    "llc": TCP[:12] + bytes.fromhex("0008424203000000000000"),
    "snap": TCP[:12] + bytes.fromhex("0008aaaa0300000008064242"),
    "mpls": TCP[:12] + bytes.fromhex("8847" "0001e03f" "0002013f") + TCP[14:],
    "mpls3": TCP[:12] + bytes.fromhex("8848" "0001e03f" "0002003f" "0003013f") + TCP[14:],
    "unknown": TCP[:12] + bytes.fromhex("88cc0001"),
    "tcp6": TCP[:12] + bytes.fromhex("86dd" "6a512345" "00140640" + "20010db8" + "00" * 11 + "01"
                                     + "20010db8" + "00" * 11 + "02" + "00140050000000010000000250ff2000abcd0000"),
    "udp6 behind options": TCP[:12] + bytes.fromhex("86dd" "60000000" "00100040" + "fe80" + "00" * 13 + "01"
                                                    + "fe80" + "00" * 13 + "02" + "1100010400000000"
                                                    + "0035004300080abc"),
    "fragment6": TCP[:12] + bytes.fromhex("86dd" "60000000" "00102c40" + "fe80" + "00" * 13 + "01" + "fe80"
                                          + "00" * 13 + "02" + "1100000900000001" + "0035004300080abc"),
    "echo6": TCP[:12] + bytes.fromhex("86dd" "60000000" "00083a40" + "fe80" + "00" * 13 + "01" + "fe80"
                                      + "00" * 13 + "02" + "8000123400010001"),
    "neighbour": TCP[:12] + bytes.fromhex("86dd" "60000000" "00203aff" + "fe80" + "00" * 13 + "01" + "ff02"
                                          + "00" * 13 + "02" + "8700123400000000" + "fe80" + "00" * 13 + "02"
                                          + "0101020000000001"),
}


def message(version, kind, body, xid=5):
    return struct.pack("!BBHI", version, kind, 8 + len(body), xid) + body


def nicira(version, subtype, body, vendor=0x2320):
    return message(version, 4, struct.pack("!II", vendor, subtype) + body)


def stats(version, kind, number, body, flags=0):
    if version == 1:
        return message(1, kind, struct.pack("!HH", number, flags) + body)
    return message(version, kind, struct.pack("!HH4x", number, flags) + body)


def by_hand():
    for name, frame in FRAMES.items():
        yield message(1, 13, struct.pack("!IHH", 0xffffffff, 1, 0) + frame)
    frame = FRAMES["tcp"]
    oxm = struct.pack("!HH", 1, 12) + bytes.fromhex("8000000400000003") + bytes(4)
    for reason in range(7):
        yield message(1, 10, struct.pack("!IHHBx", 0xffffffff, len(frame), 3, reason) + frame)
        yield message(4, 10, struct.pack("!IHBBQ", 77, 128, reason, 4, 0x1234) + oxm + bytes(2) + frame)
    yield message(2, 10, struct.pack("!IIIHBB", 0x115, 3, 3, 9, 1, 7) + frame)
    yield message(3, 10, struct.pack("!IHBB", 0xffffffff, len(frame), 1, 0) + oxm + bytes(2) + frame)
    yield nicira(1, 17, struct.pack("!IHBBQH6x", 0xffffffff, len(frame), 1, 9, 0xabcd, 6)
                 + bytes.fromhex("0000000200030000") + bytes(2) + frame)
    # Properties of NXT_PACKET_IN2 and NXT_RESUME: packet, full length, table, cookie, reason, metadata,
    # userdata, continuation.
    def prop(kind, body):
        return struct.pack("!HH", kind, 4 + len(body)) + body + bytes(-(4 + len(body)) % 8)
    inside = (bytes(4) + prop(0x8000, bytes(range(1, 17))) + prop(0x8001, bytes.fromhex("00000012"))
              + prop(0x8001, bytes(2)) + prop(0x8002, bytes.fromhex("00000003")) + prop(0x8003, b"")
              + prop(0x8004, b"\x07") + prop(0x8005, bytes(4) + bytes(7) + b"\x63")
              + prop(0x8006, bytes(4) + bytes.fromhex("0000001000000001ffff000000000000"))
              + prop(0x8007, bytes(4) + bytes.fromhex("0000001000000002ffff000000000000"))
              + prop(0x8008, bytes.fromhex("00000009")))
    packet_in2 = (prop(0, frame) + prop(1, struct.pack("!I", 200)) + prop(3, b"\x07")
                  + prop(4, bytes(4) + struct.pack("!Q", 0xdeadbeef)) + prop(5, b"\x01")
                  + prop(6, bytes.fromhex("8000000400000003") + bytes.fromhex("0001000400000042"))
                  + prop(7, bytes.fromhex("01020304ff")))
    yield nicira(4, 30, packet_in2)
    yield nicira(4, 30, packet_in2 + prop(8, inside))
    yield nicira(4, 28, prop(0, frame) + prop(8, inside))
    # Flows that went.
    for reason in range(7):
        yield message(1, 11, struct.pack("!I", 0x3fffff) + bytes(36)
                      + struct.pack("!QHBxIIH2xQQ", reason, 7, reason, 10, 5000000, 60, 11, 12))
        yield message(5, 11, struct.pack("!QHBBIIHHQQ", 1, 0x8000, reason, reason, 10, 0, 60, reason, 11, 12) + oxm)
    yield message(6, 11, struct.pack("!BBHHHQ", 3, 1, 5, 6, 7, 8) + oxm
                  + bytes.fromhex("0000002880020008000000010000000280020808000000000000000380020a080000000000000004"))
    yield nicira(1, 14, struct.pack("!QHBBIIHHQQ", 1, 2, 3, 4, 5, 6, 7, 6, 8, 9) + bytes.fromhex("0000000200030000"))
    # Errors, each about a barrier request.
    barrier = message(4, 20, b"", 9)
    for kind, code in [(1, 1), (2, 4), (3, 1), (4, 6), (5, 3), (6, 1), (7, 0), (8, 0), (9, 1), (10, 0), (11, 2),
                       (12, 1), (13, 0)]:
        yield message(4, 1, struct.pack("!HH", kind, code) + barrier)
    yield message(4, 1, struct.pack("!HHIHH", 0xffff, 42, 0x2320, 0, 0)[:8] + barrier)
    yield message(1, 1, struct.pack("!HHIHH", 0xb0c2, 0, 0x2320, 1, 258) + message(1, 18, b""))
    yield message(1, 1, struct.pack("!HH", 0, 0) + b"no version\tin common\n")
    yield message(4, 1, struct.pack("!HH", 1, 6) + barrier[:4])
    yield message(4, 1, struct.pack("!HH", 1, 6))
    yield message(4, 1, struct.pack("!HH", 1, 6) + message(4, 14, bytes(100))[:64])
    # Hello, echo, configuration.
    yield message(1, 0, b"")
    yield message(6, 0, struct.pack("!HHI", 1, 8, 0x7e))
    yield message(4, 0, struct.pack("!HHI", 1, 8, 0xff << 8))
    yield message(4, 0, struct.pack("!HH4x", 9, 8))
    for version in VERSIONS:
        yield message(version, 2, b"")
        yield message(version, 3, bytes(range(40)))
        for flags in range(8 if version < 4 else 4):
            yield message(version, 8, struct.pack("!HH", flags, 128))
        yield message(version, 9, struct.pack("!HH", 1, 0xffff))
    # Features without ports.
    for version in VERSIONS:
        yield message(version, 6, struct.pack("!QIBB2xII", 0x123456789abcdef, 256, 254, 1, 0xffffffff, 0xffffffff))
    # Roles, tables, queues.
    for version in range(3, 7):
        for role in range(4):
            yield message(version, 24, struct.pack("!I4xQ", role, 3))
            yield message(version, 25, struct.pack("!I4xQ", role, 0xffffffffffffffff if role == 1 else 3))
    for role in range(3):
        yield nicira(1, 10, struct.pack("!I", role))
        yield nicira(1, 11, struct.pack("!I", role))
        yield message(5, 30, struct.pack("!IB3xQ", 2, role, 17))
        yield nicira(4, 1911, struct.pack("!IB3xQ", 3, role, 17), 0x4f4e4600)
    for config in range(3):
        yield message(2, 17, struct.pack("!B3xI", 5, config))
        yield message(4, 17, struct.pack("!B3xI", 255, config))
    for config in (0, 4, 8, 12):
        vacancy = struct.pack("!HHBBBx", 3, 8, 10, 90, 50)
        yield message(5, 17, struct.pack("!B3xI", 2, config) + vacancy)
        desc = struct.pack("!HBxI", 24, 2, config) + struct.pack("!HHI", 2, 8, 5) + vacancy
        yield stats(5, 19, 14, desc)
        yield message(5, 31, struct.pack("!B7x", 3) + desc)
    for version in VERSIONS:
        port = struct.pack("!HH", 3, 0) if version == 1 else struct.pack("!I", 3)
        entry = port + struct.pack("!IQQQ", 7, 100, 200, 0xffffffffffffffff)
        if version >= 4:
            entry += struct.pack("!II", 9, 500000000)
        if version >= 5:
            entry = struct.pack("!H6x", 8 + len(entry)) + entry
        yield stats(version, 17 if version == 1 else 19, 5, entry * 2)
        yield stats(version, 16 if version == 1 else 18, 5, port + struct.pack("!I", 0xffffffff))
        rates = struct.pack("!HH4xH6x", 1, 16, 500) + struct.pack("!HH4xH6x", 2, 16, 1001)
        if version == 1:
            reply = port + bytes(4) + struct.pack("!IH2x", 7, 40) + rates
        elif version == 2:
            reply = port + bytes(4) + struct.pack("!IH2x", 7, 40) + rates
        else:
            reply = port + bytes(4) + struct.pack("!IIH6x", 7, 3, 48) + rates
        if version <= 4:
            yield message(version, 21 if version == 1 else 23, reply)
        else:
            yield stats(version, 19, 15, port + struct.pack("!IH6x", 7, 32)
                        + struct.pack("!HHH2x", 1, 6, 500) + struct.pack("!HHH2x", 2, 6, 1001))
    # What controllers ask of their connection.
    for value in range(3):
        yield nicira(1, 12, struct.pack("!I", value))
        yield nicira(4, 16, struct.pack("!I", value))
        yield nicira(1, 15, struct.pack("!B7x", value % 2))
    yield nicira(1, 18, b"")
    yield nicira(4, 20, struct.pack("!6xH", 123))
    yield nicira(4, 29, struct.pack("!6xH", 123))
    yield nicira(1, 19, struct.pack("!6I", 1, 2, 3, 4, 5, 6))
    yield message(4, 28, struct.pack("!6I", 7, 0, 7, 0, 7, 0))
    yield message(4, 27, struct.pack("!6I", 7, 0, 7, 0, 7, 0))
    yield message(4, 26, b"")
    yield message(6, 28, b"".join(struct.pack("!HHI", kind, 8, mask)
                                  for kind, mask in enumerate([0x3f, 7, 7, 3, 0x3f, 1, 7, 0, 0x18, 8, 3, 0])))
    # Bundles, and what other controllers asked for.
    for kind in range(8):
        yield message(5, 33, struct.pack("!IHH", 1, kind, kind % 4))
    yield nicira(4, 2300, struct.pack("!IHH", 0, 0, 1), 0x4f4e4600)
    flow_mod = message(5, 14, struct.pack("!QQBBHHHIIIHH", 1, 0, 2, 0, 3, 4, 5, 0xffffffff, 0xffffffff, 0xffffffff, 1,
                                          6) + oxm)
    yield message(5, 34, struct.pack("!I2xH", 1, 1) + flow_mod)
    group_mod = message(5, 15, struct.pack("!HBxI", 2, 0, 7))
    yield message(5, 32, group_mod)
    yield nicira(4, 2350, message(4, 29, struct.pack("!HHI", 2, 0, 7)), 0x4f4e4600)
    # Every command and every flag of a flow mod.
    for version in range(2, 7):
        for command in range(5):
            flags = {2: 3, 3: 7}.get(version, 31)
            yield message(version, 14, struct.pack("!QQBBHHHIIIHH", 0x5, 0xff if command else 0, 7, command, 10, 20, 99,
                                                   0x33, 2, 0xffffffff, flags, 8) + (
                struct.pack("!HHII", 0, 88, 0, 0x3ff) + (bytes(6) + b"\xff" * 6) * 2 + bytes(8)
                + (bytes(4) + b"\xff" * 4) * 2 + bytes(12) + bytes(8) + b"\xff" * 8 if version == 2 else oxm))
    for command in range(5):
        arp = struct.pack("!IH6s6sHBxHBB2xIIHH", 0, 1, TCP[:6], TCP[6:12], 0xffff, 0, 0x806, 0, 2, 1, 2, 0, 0)
        yield message(1, 14, arp + struct.pack("!QHHHHIHH", 9, command, 1, 2, 3, 0xffffffff, 0xffff, 3))
        yield nicira(1, 13, struct.pack("!QHHHHIHHH6x", 9, 0x300 + command, 1, 2, 3, 0xffffffff, 0xfffd, 1, 6)
                     + bytes.fromhex("0000000200030000") + bytes.fromhex("0000000800010000"))
    # Flow monitors.
    yield stats(5, 18, 16, struct.pack("!IIIHBB", 7, 2, 5, 0x5f, 3, 0) + oxm)
    yield stats(5, 18, 16, struct.pack("!IIIHBB", 7, 0xffffffff, 0xffffffff, 2, 255, 2) + oxm)
    full = struct.pack("!HBBHHH4xQ", 1, 3, 1, 2, 3, 4, 5)
    for event in range(4):
        full = struct.pack("!BBHHH4xQ", 3, 1, 2, 3, 4, 5) + oxm
        yield stats(5, 19, 16, struct.pack("!HH", 4 + len(full), event) + full)
    yield stats(5, 19, 16, struct.pack("!HHI", 8, 4, 99) + struct.pack("!HHI", 8, 5, 0) + struct.pack("!HHI", 8, 6, 0))
    yield nicira(1, 21, struct.pack("!I", 7))
    yield nicira(4, 1870, struct.pack("!I", 7), 0x4f4e4600)
    yield nicira(1, 22, b"")
    yield nicira(1, 23, b"")
    # Ports: every bit of every word.
    for version in VERSIONS:
        name = b"a-port\0".ljust(16, b"\0")
        for bit in (0, 1, 2, 3, 4, 5, 6, 8, 9):
            if version == 1:
                port = struct.pack("!H6s16s6I", 3, TCP[:6], name, 1 << bit, 1 << bit, 1 << bit, 0xfff, 0x40, 0)
            elif version < 5:
                port = struct.pack("!I4x6s2x16s8I", 3, TCP[:6], name, 1 << bit, 1 << bit, 1 << bit, 0xffff, 0x40, 0,
                                   1000000, 10000000)
            else:
                port = struct.pack("!IH2x6s2x16sII", 3, 72, TCP[:6], name, 1 << bit, 1 << bit) + struct.pack(
                    "!HH4x6I", 0, 32, 1 << bit, 0xffff, 0x40, 0, 1000000, 10000000)
            yield message(version, 12, struct.pack("!B7x", bit % 3) + port)
        if version == 1:
            yield message(1, 15, struct.pack("!H6sIII4x", 3, TCP[:6], 0x55, 0x7f, 0xfff))
        elif version < 5:
            yield message(version, 16, struct.pack("!I4x6s2xIII4x", 3, TCP[:6], 0x55, 0x65, 0))
        else:
            yield message(version, 16, struct.pack("!I4x6s2xII", 3, TCP[:6], 0x55, 0x65) + struct.pack("!HHI", 0, 8, 0x41))
    yield message(4, 29, struct.pack("!HHI", 0, 13, 5) + struct.pack("!HHIIBxxx", 2, 16, 1000, 200, 3)
                  + struct.pack("!HHII4x", 1, 16, 1000, 200))
    yield message(4, 29, struct.pack("!HHI", 1, 2, 0xfffffffe))
    yield stats(4, 19, 11, struct.pack("!IIIBBxx", 10, 6, 15, 4, 8))
    yield stats(4, 18, 1, struct.pack("!B3xII4xQQ", 3, 2, 5, 1, 0xff) + oxm)
    yield stats(4, 19, 0, b"maker".ljust(256, b"\0") + b"hard".ljust(256, b"\0") + b"soft".ljust(256, b"\0")
                + b"1".ljust(32, b"\0") + b"path".ljust(256, b"\0"), 1)


def cut_tables(seen):
    """Replies about tables are long: of the recorded ones the first and last tables, and some with differences."""
    for version in VERSIONS:
        replies = [m for m in seen if m[0] == version and m[1] == (17 if version == 1 else 19)]
        head = 12 if version == 1 else 16
        of = lambda number: [m[head:] for m in replies if m[8:10] == struct.pack("!H", number)]
        if of(3):
            body = of(3)[0]
            size = {1: 64, 2: 88, 3: 128}.get(version, 24)
            tables = [body[at:at + size] for at in range(0, len(body), size)]
            yield stats(version, 17 if version == 1 else 19, 3, b"".join(tables[:4] + tables[-2:]))
            used = tables[5][:-1] + b"\x07"
            named = tables[7][:8 if version in (2, 3) else 4] + b"seven" + tables[7][9 + (version != 1) * 4:]
            if version > 3:
                named = tables[7]
            yield stats(version, 17 if version == 1 else 19, 3, b"".join([used, tables[6], named, tables[8], used]))
        # With all their fields, but for three words the same in later versions.
        if of(12) and version == 4:
            first, last = of(12)[0], of(12)[-1]
            length = struct.unpack("!H", first[:2])[0]
            yield stats(version, 19, 12, first[:length], 1)
            at = 0
            while at + struct.unpack("!H", last[at:at + 2])[0] < len(last):
                at += struct.unpack("!H", last[at:at + 2])[0]
            yield stats(version, 19, 12, last[at:])


def table_features():
    """Tables that differ in what the tables of Open vSwitch have in common."""
    numbers = lambda *kinds: b"".join(struct.pack("!HH", kind, 4) for kind in kinds)
    fields = lambda text: bytes.fromhex(text)
    every = {0: numbers(1, 2, 3, 4, 5, 6), 2: bytes(range(3, 9)), 4: numbers(0, 22, 25), 6: numbers(0, 22, 25),
             8: fields("800009020001010880000a0280000c02800000040001000400010204000104040001060400010804"),
             10: fields("80000a0200010004"), 12: fields("8000080680000606"), 14: fields("8000080680000606")}

    def table(number, props, name=b"", command=0, metadata=(0, 0), capabilities=0, entries=1000):
        body = b"".join(struct.pack("!HH", kind, 4 + len(prop)) + prop + bytes(-(4 + len(prop)) % 8)
                        for kind, prop in props.items())
        return struct.pack("!HBBI32sQQII", 64 + len(body), number, command, 0, name, *metadata, capabilities,
                           entries) + body

    for version in (4, 5, 6):
        reply = lambda *tables: stats(version, 19, 12, b"".join(tables))
        yield reply(table(2, every), table(3, {**every, 2: bytes(range(4, 9))}), table(4, {**every, 2: bytes(range(5, 9))}),
                    table(5, {**every, 2: b"\x09"}), table(7, {**every, 2: b"\x09"}), table(8, {**every, 2: b"\x09"}))
        yield reply(table(2, every, b"ingress"), table(2, every, b"egress"), table(3, every, metadata=(255, 0)),
                    table(4, {**every, 6: numbers(0, 17), 14: b""}), table(5, {**every, 8: b"", 10: b""}),
                    table(6, {**every, 0: b"", 2: b"", 4: b"", 6: b"", 12: b"", 14: b""}, entries=0))
        yield reply(table(0, {**every, 1: numbers(4), 3: b"\x01\x05", 5: b"", 7: numbers(0), 13: b"", 15: b""},
                          capabilities=4),
                    table(1, {**every, 1: numbers(4), 3: b"\x01\x05", 5: b"", 7: numbers(0), 13: b"", 15: b""},
                          capabilities=12),
                    table(2, {**every, 16: b"\x01", 99: b"??", 0xfffe: bytes(8), 0xffff: struct.pack("!II", 5, 99)}))
        for command in range(4 if version == 6 else 1):
            yield stats(version, 18, 12, table(2, every, command=command) + table(3, every, command=command))
    yield stats(6, 18, 12, table(2, {}) + table(3, {}))
    yield stats(4, 18, 12, b"")


def ipfix():
    for version in (1, 4):
        for kind in (3, 4):
            for counters in (range(1, 11), [0xffffffffffffffff] * 10):
                entry = struct.pack("!10QI4x", *counters, 1234 if counters[0] == 1 else 7)
                vendor = struct.pack("!II4x" if version == 1 else "!II", 0x2320, kind)
                yield stats(version, 17 if version == 1 else 19, 0xffff, vendor + entry * (1 if kind == 3 else 2))


def talk(via):
    """Lets the real tools say all they can."""
    for version, name in VERSIONS.items():
        run = lambda command, *args: ofctl("-O", name, command, via, *args)
        run("del-flows")
        run("add-flow", "table=1,priority=5,tcp,in_port=1,nw_src=10.0.0.0/8,idle_timeout=3,cookie=7,actions=output:2")
        run("add-flow", "table=1,priority=6,dl_vlan=7,ipv6,actions=strip_vlan,resubmit(,2)")
        run("add-flow", "priority=9,arp,hard_timeout=60,send_flow_rem,check_overlap,actions=NORMAL,controller")
        run("add-flow", "reg1=5/0xf,metadata=3,actions=load:1->NXM_NX_REG2[],ct(commit,zone=5),drop")
        run("mod-flows", "table=1,cookie=7/-1,actions=output:3")
        ofctl("-O", name, "--strict", "mod-flows", via, "priority=9,arp,actions=drop")
        run("del-flows", "table=1,out_port=3")
        ofctl("-O", name, "--strict", "del-flows", via, "priority=9,arp")
        run("add-flow", "table=1,priority=5,tcp,actions=output:2")
        run("add-flow", "importance=4,udp,actions=output:2")
        run("add-flow", "table=3,actions=write_metadata:5/7,goto_table:7")
        run("dump-flows")
        run("dump-flows", "table=1,out_port=2")
        run("dump-aggregate")
        run("dump-aggregate", "table=1")
        for command in ("show", "dump-desc", "dump-tables-desc", "dump-ports", "dump-ports-desc", "queue-stats",
                        "dump-groups", "dump-group-stats", "dump-group-features", "dump-meters", "meter-stats",
                        "meter-features", "dump-tlv-map", "get-frags", "probe"):
            run(command)
        run("dump-ports", "2")
        run("queue-get-config", "1")
        run("queue-stats", "1", "5")
        run("add-group", "group_id=5,type=select,bucket=weight:3,output:1,bucket=weight:4,output:2")
        run("add-group", "group_id=6,type=ff,bucket=watch_port:2,output:1,bucket=watch_group:5,output:2")
        run("add-group", "group_id=7,type=indirect,bucket=output:1")
        run("add-group", "group_id=8,type=all,bucket=output:1,bucket=output:2")
        run("add-group", "group_id=9,type=select,selection_method=hash,fields(eth_src,ip_src),bucket=output:1")
        run("insert-buckets", "group_id=8,command_bucket_id=last,bucket=bucket_id:77,output:3")
        run("remove-buckets", "group_id=8,command_bucket_id=first")
        run("mod-group", "group_id=7,type=indirect,bucket=output:2")
        run("dump-groups")
        run("dump-groups", "5")
        run("dump-group-stats", "5")
        run("del-groups", "group_id=7")
        run("del-groups")
        run("add-meter", "meter=5,kbps,burst,stats,band=type=drop,rate=1000,burst_size=10")
        run("add-meter", "meter=6,pktps,band=type=drop,rate=1000")
        run("mod-meter", "meter=6,pktps,band=type=drop,rate=2000")
        run("dump-meters")
        run("dump-meter", "meter=5")
        run("meter-stats", "meter=5")
        run("del-meters", "meter=5")
        run("del-meters")
        run("mod-port", "2", "down")
        run("mod-port", "2", "up")
        run("mod-table", "0", "controller")
        run("mod-table", "0", "evict")
        run("mod-table", "0", "vacancy:20,80")
        run("dump-table-desc")
        run("dump-tables")
        run("dump-table-features")
        run("set-frags", "drop")
        run("set-frags", "normal")
        run("add-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata0")
        run("dump-tlv-map")
        run("del-tlv-map")
        run("packet-out", f"in_port=1 packet={TCP.hex()} actions=output:2,NORMAL")
        run("packet-out", f"in_port=CONTROLLER metadata=5 packet={TCP.hex()} actions=controller(userdata=01.02)")
        ofctl("-O", name, "--bundle", "add-flow", via, "tcp,actions=output:2")
        watch = subprocess.Popen(["ovs-ofctl", "-O", name, "monitor", via, "65534", "watch:"], env=ENV,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.4)
        ofctl("-O", name, "add-flow", via, "table=5,udp,idle_timeout=9,actions=output:1")
        ofctl("-O", name, "mod-flows", via, "table=5,udp,actions=output:2")
        ofctl("-O", name, "del-flows", via, "table=5")
        ofctl("-O", name, "packet-out", via, f"in_port=1 packet={TCP.hex()} actions=controller")
        time.sleep(0.4)
        watch.terminate()
        watch.wait()


def main():
    vsctl = ["ovs-vsctl", f"--db=unix:{RUNDIR}/db.sock"]
    protocols = ",".join(VERSIONS.values())
    ports = sum((["--", "--may-exist", "add-port", BRIDGE, f"m{n}", "--", "set", "interface", f"m{n}", "type=dummy",
                  f"ofport_request={n}"] for n in (1, 2, 3)), [])
    subprocess.run([*vsctl, "--may-exist", "add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
                    f"protocols={protocols}", *ports], check=True, env=ENV)
    path = f"{RUNDIR}/recorder"
    if os.path.exists(path):
        os.unlink(path)
    recorder(path)
    talk(f"unix:{path}")
    subprocess.run([*vsctl, "del-br", BRIDGE], check=True, env=ENV)
    print("# Written by make_messages.py, which tells the columns. ovs-ofctl 3.1.")
    kept = collections.Counter()
    bare = set()
    for data in SEEN + list(by_hand()) + list(cut_tables(SEEN)) + list(table_features()) + list(ipfix()):
        text = ofp_print(data)
        if text is None:
            continue
        # The same message with another transaction is the same message.
        if data[:4] + data[8:] in bare:
            continue
        bare.add(data[:4] + data[8:])
        kind = text.split(":", 1)[0].split(" (xid")[0]
        kept[kind] += 1
        if kept[kind] > 30 or len(data) > (5300 if "OFPST_TABLE_FEATURES" in kind else 2048):
            continue
        escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
        print(data.hex(), escaped, sep="\t")
    print(f"{sum(kept.values())} messages of {len(kept)} kinds", file=sys.stderr)


main()
