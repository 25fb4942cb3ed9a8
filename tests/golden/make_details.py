#!/usr/bin/env python3
"""Writes details.tsv: what senders may do and seldom do, and how `ovs-ofctl ofp-print` reads it.

Usage: make_details.py > details.tsv. Nothing but ovs-ofctl is needed. Padding that is not zero, masks wider than
their field, fields that the fixed matches of 1.0 and 1.1 ignore, port numbers without a meaning, properties of
NXT_CT_FLUSH, packets that are not well-formed. What ovs-ofctl refuses is left out. Columns as in messages.tsv.
"""
import os, random, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CHANCE = random.Random(11)


def message(version, kind, body, xid=5):
    return struct.pack("!BBHI", version, kind, 8 + len(body), xid) + body


def pad(data):
    return data + bytes(-len(data) % 8)


def nicira(version, subtype, body):
    return message(version, 4, struct.pack("!II", 0x2320, subtype) + body)


def read(messages):
    """What ovs-ofctl prints for each message, None where it refuses one."""
    mark, words = message(4, 20, b"", 0xdeadbeef), "OFPT_BARRIER_REQUEST (OF1.3) (xid=0xdeadbeef):\n"
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(m + mark for m in messages))
        file.flush()
        out = subprocess.run(["ovs-ofctl", "-voff", "ofp-parse", file.name], capture_output=True, text=True).stdout
    texts = out.split(words)[:-1]
    assert len(texts) == len(messages)
    return [None if "***decode error" in text else text for text in texts]


# What actions need of the match.
TCP4, UDP6 = "80000a0208008000140106", "80000a0286dd8000140111"
CONTEXTS = ["", TCP4, UDP6, "80000a028847", "80000c021005", "80000a02894f", "80000a020806", "80000a0208008000140184"]


def flow_mod(version, instructions, oxm=""):
    """A flow mod; over 1.0 Nicira's, whose match takes OXM as well."""
    oxm = bytes.fromhex(oxm)
    if version == 1:
        return nicira(1, 13, struct.pack("!QHHHHIHHH6x", 0, 0, 0, 0, 9, 0xffffffff, 0xffff, 0, len(oxm)) + pad(oxm)
                      + instructions)
    return message(version, 14, struct.pack("!QQBBHHHIIIHxx", 0, 0, 1, 0, 0, 0, 9, *[0xffffffff] * 3, 0)
                   + pad(struct.pack("!HH", 1, 4 + len(oxm)) + oxm) + instructions)


def pieces(data):
    while data:
        length = struct.unpack("!H", data[2:4])[0]
        yield data[:length]
        data = data[length:]


def recorded_actions():
    """One of each action and instruction that a switch has sent, with what wraps it up."""
    apply = lambda action: struct.pack("!HHI", 4, 8 + len(action), 0) + action
    seen = set()
    for line in open(f"{HERE}/actions.tsv"):
        if line.startswith("#"):
            continue
        version, form, _, data = line.split("\t")[:4]
        for piece in pieces(bytes.fromhex(data.replace("-", ""))):
            inside = form == "I" and piece[:2] == b"\0\4"
            for action in pieces(piece[8:]) if inside else [piece]:
                kind = (version, form, inside, action[:2], action[4:10] if action[:2] == b"\xff\xff" else len(action))
                if kind not in seen:
                    seen.add(kind)
                    yield int(version), action, apply if inside else lambda action: action


def padding():
    """Actions and instructions with every byte set that ovs-ofctl does not look at."""
    for version, action, wrap in recorded_actions():
        for oxm in CONTEXTS:
            plain, = read([flow_mod(version, wrap(action), oxm)])
            if plain:
                break
        else:
            continue
        changed = {}
        for at in range(4, len(action)):
            if action[at] == 0:
                for value in (0x01, 0x80, 0xff):
                    changed[at, value] = action[:at] + bytes([value]) + action[at + 1:]
        texts = read([flow_mod(version, wrap(a), oxm) for a in changed.values()])
        ignored = {at for at, _ in changed}
        ignored -= {at for (at, _), text in zip(changed, texts) if text != plain}
        # It takes any type of members for bundle_load.
        if action[4:10] == bytes.fromhex("00002320000d"):
            ignored -= {16, 17, 18}
        if ignored:
            yield flow_mod(version, wrap(bytes(0xa5 if at in ignored else b for at, b in enumerate(action))), oxm)


def random_bytes(n):
    return bytes(CHANCE.randrange(256) for _ in range(n))


def fixed_matches():
    """The matches of 1.0 and 1.1: which of their fields count."""
    choose = CHANCE.choice
    for number in range(200):
        dl_type = [0x800, 0x806, 0x8035, 0x86dd, 0x8847, 0x8848, 0x1234][number % 7]
        # ICMPv6 over 1.0 has types of 16 bits.
        nw_proto = choose([0, 1, 6, 17, 132, 21, 22, 2, 200])
        ports = struct.pack("!HH", choose([0, 1, 255]), choose([0, 3, 255]))
        wildcards = CHANCE.getrandbits(10) & choose([~0, ~0x28, ~0x28])
        any_mask = lambda n: choose([bytes(n), b"\xff" * n, random_bytes(n)])
        match = struct.pack("!HHII", 0, 88, choose([1, 0xfffffffe, 0xffffff07]), wildcards)
        match += b"".join(random_bytes(6) + any_mask(6) for _ in range(2))
        match += struct.pack("!HBxHBB", choose([0, 5, 0xffff, 0xfffe]), choose([0, 7]), dl_type, choose([0, 4, 252]), nw_proto)
        match += b"".join(random_bytes(4) + any_mask(4) for _ in range(2)) + ports
        match += choose([bytes(4), random_bytes(4)]) + random_bytes(1) + bytes(3) + random_bytes(8) + any_mask(8)
        yield message(2, 19, struct.pack("!HH4x", 1, 0) + struct.pack("!HBxIIHHHHHxxQQQ", 48 + 88, 1, 1, 0, 100, 0, 0, 0,
                                                                    0, 0, 0, 0) + match)
        wildcards = CHANCE.getrandbits(22) & choose([~0, ~0x30, ~0x30]) & ~0xfff00 | choose([0, 8, 24, 32, 63]) << 8
        match = struct.pack("!IH", wildcards | choose([0, 8, 32]) << 14, choose([1, 0xfffe, 0xff07])) + random_bytes(12)
        match += struct.pack("!HBxHBB2x", choose([0, 5, 0xffff, 0x1005]), choose([0, 5, 255]), dl_type,
                             choose([0, 4, 0xff]), nw_proto) + random_bytes(8) + ports
        yield message(1, 17, struct.pack("!HH", 1, 0) + struct.pack("!HBx", 88, 1) + match
                      + struct.pack("!IIHHH6xQQQ", 1, 0, 100, 0, 0, 0, 0, 0))
        yield message(1, 14, match + struct.pack("!QHHHHIHH", 0, 0, 0, 0, 100, 0xffffffff, 0xffff, 0))


def masks():
    """Masks that cover a field and more, and options of tunnels without bytes."""
    for version in VERSIONS:
        for value, mask in [(15, 0xfffff), (15, 0x100fffff), (15, 0xffffffff), (15, 0xff), (0, 0)]:
            yield flow_mod(version, b"", "80000a0286dd" + f"80003908{value:08x}{mask:08x}")
            yield flow_mod(version, b"", "80000a0286dd" + f"00013708{value:08x}{mask:08x}")
        for value, mask in [(1, 0xfff), (1, 0xffff), (1, 0x8fff), (5, 0x7)]:
            yield flow_mod(version, b"", TCP4 + f"00014504{value:04x}{mask:04x}")
        for value, mask in [(1, 3), (1, 0xff), (1, 0xf1), (0, 0xf0), (2, 2)]:
            yield flow_mod(version, b"", "80000a020800" + f"00013502{value:02x}{mask:02x}")
        for value, mask in [(0x1005, 0x1fff), (0x1000, 0x1000), (0x1005, 0xffff), (0, 0x1000)]:
            yield flow_mod(version, b"", f"80000d04{value:04x}{mask:04x}")
        for value, mask in [(1, 1), (1, 0xffff), (0, 0xfffe)]:
            yield flow_mod(version, b"", f"0001d104{value:04x}{mask:04x}")
        for number in (0, 1, 63):
            for masked in (0, 1):
                yield flow_mod(version, b"", f"0001{(40 + number) << 1 | masked:02x}00")
        # Version of ERSPAN, flags and message type of GTP-U: zero is matched, and not printed.
        for number in (12, 15, 16):
            for value in (0, 2):
                yield flow_mod(version, b"", f"ffff{number << 1:02x}0500002320{value:02x}")


def reserved_ports():
    """Numbers among the reserved ones that have no meaning."""
    for port in (0xff00, 0xff07, 0xfff7, 0xfff8):
        wide = 0xffff0000 | port
        resubmit = struct.pack("!HHIHHB3x", 0xffff, 16, 0x2320, 14, port, 7)
        for version in VERSIONS:
            wrapped = resubmit if version == 1 else struct.pack("!HHI", 4, 8 + 16, 0) + resubmit
            yield flow_mod(version, wrapped)
            if version > 1:
                yield message(version, 18, struct.pack("!HH4xI4x", 4, 0, wide))
                yield flow_mod(version, b"", f"80000004{wide:08x}")
        yield message(1, 16, struct.pack("!HHH6x", 4, 0, port))


def ct_flush():
    """Connections to forget, as ovs-ofctl ct-flush asks for it."""
    prop = lambda kind, body: pad(struct.pack("!HH", kind, 4 + len(body)) + body)
    tuple_ = lambda kind, body: prop(kind, bytes(4) + body)
    number = lambda kind, n: prop(kind, struct.pack("!H2x", n))
    v4 = lambda last: bytes(10) + b"\xff\xff" + bytes([10, 0, 0, last])
    v6 = lambda last: bytes.fromhex("20010db8") + bytes(11) + bytes([last])
    for address in (v4, v6):
        there = prop(0, address(1)) + prop(1, address(2))
        back = prop(0, address(2)) + prop(1, address(1))
        ports = number(2, 80) + number(3, 8080)
        icmp = number(4, 10) + prop(5, b"\x08") + prop(6, b"\x03")
        for proto, last in ((6, ports), (1, icmp), (58, icmp), (132, b"")):
            for version in (1, 4, 6):
                head = bytes([proto]) + bytes(7)
                yield nicira(version, 32, head + tuple_(0, there + last))
                yield nicira(version, 32, head + number(2, 13) + tuple_(1, back + last))
                yield nicira(version, 32, head + tuple_(0, there + last) + tuple_(1, back + last) + number(2, 0xffff))
    for head in (bytes(8), b"\x06" + bytes(7)):
        yield nicira(1, 32, head)
        yield nicira(1, 32, head + number(2, 9))
        yield nicira(1, 32, head + tuple_(0, number(3, 443)))


def group_fields():
    """Fields that a group hashes: ovs-ofctl has an order of its own."""
    fields = "80001804ffffff00" "80001a02ffff" "80001401ff" "80000806ffffffffffff" "80000a02ffff"
    method = struct.pack("!HHII16sQ", 0xffff, 40 + len(fields) // 2, 0x154d, 1, b"hash", 7) + bytes.fromhex(fields)
    yield message(6, 15, struct.pack("!HBxIH2xI", 0, 1, 7, 0, 0xffffffff) + pad(method))
    yield message(6, 19, struct.pack("!HH4x", 7, 0) + struct.pack("!HBxIH6x", 16 + len(pad(method)), 1, 7, 0) + pad(method))


def packets():
    """Packets whose headers contradict each other."""
    tcp = bytes.fromhex("0200000000020200000000010800" "4500002c00010000400600000a0000010a000002"
                        "0014005000000001000000026012200012340000" "01020304")
    change = lambda at, value: tcp[:at] + bytes([value]) + tcp[at + 1:]
    frames = [change(14, 0x65), change(14, 0x05), change(46, 0x6f), change(46, 0x64), change(16, 0xff), change(17, 0x10),
              change(12, 0), tcp[:12] + bytes(2), tcp[:12] + bytes(4), tcp[:13]]
    for frame in frames:
        yield message(1, 13, struct.pack("!IHH", 0xffffffff, 1, 0) + frame)


def errors():
    """What an error carries, if that is no whole message."""
    yield message(1, 1, struct.pack("!HH", 0, 0) + b"caf\xe9 \xff\\\t")
    for length in (0, 4, 7, 9):
        yield message(4, 1, struct.pack("!HH", 1, 6) + struct.pack("!BBHI", 4, 14, length, 9))


VERSIONS = range(1, 7)


def main():
    print("# Written by make_details.py, which tells the columns. ovs-ofctl 3.1.")
    messages = [m for part in (padding, fixed_matches, masks, reserved_ports, ct_flush, group_fields, packets, errors)
                for m in part()]
    escape = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t"})
    for m in dict.fromkeys(messages):
        # One at a time: ofp-parse splits a stream by lengths, ofp-print takes what it is given.
        out = subprocess.run(["ovs-ofctl", "ofp-print", m.hex()], capture_output=True, text=True).stdout
        if "***decode error" not in out:
            print(m.hex(), out.translate(escape), sep="\t")


main()
