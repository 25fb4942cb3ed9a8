#!/usr/bin/env python3
"""Records what a real switch sends for a dump of its flows over OpenFlow 1.5, as hex: its hello and
every message of the multipart reply, one a line.

Usage: record_dump.py SOCKET > tests/golden/dump.hex
The file was made of br-ens37 in `ovs sandbox run --neutron -- sh -c 'tests/golden/record_dump.py
$OVS_RUNDIR/br-ens37.mgmt'` with Open vSwitch 3.1.
"""

import socket
import sys

HELLO = bytes([6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x7E])
REQUEST = (
    bytes([6, 18, 0, 56, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0])
    + b"\xff" * 8
    + bytes(20)
    + bytes([0, 1, 0, 4, 0, 0, 0, 0])
)


def main():
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(sys.argv[1])
    stream.sendall(HELLO + REQUEST)
    reader = stream.makefile("rb")
    while True:
        header = reader.read(8)
        message = header + reader.read(int.from_bytes(header[2:4], "big") - 8)
        print(message.hex())
        if message[1] == 19 and not message[11] & 1:
            return


if __name__ == "__main__":
    main()
