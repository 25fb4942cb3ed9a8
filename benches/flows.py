#!/usr/bin/env python3
"""Prints N mixed flows for ovs-ofctl add-flows, of the kinds a Neutron host with OVN-like tables has.

Usage: flows.py [N [CHANGED [SEED]]] (default 200000 0 1). The same arguments give the same flows. CHANGED of them, which
the seed selects, have other actions than they have without.
"""

import random
import sys

KINDS = 8


def flow(i):
    mac = "fa:16:3e:%02x:%02x:%02x" % (i >> 16 & 255, i >> 8 & 255, i & 255)
    ip = "10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255)
    port = 1 + i % 30
    tag = 1 + i % 4000
    return (
        f"cookie=0x{i:x},table=0,priority=9,in_port={port},dl_src={mac} actions=resubmit(,25)",
        f"table=24,priority=2,arp,in_port={port},arp_spa={ip} actions=resubmit(,25)",
        f"table=20,priority=2,dl_vlan={tag},dl_dst={mac} actions=strip_vlan,set_tunnel:0x{i:x},output:{port}",
        f"table=60,priority=90,dl_vlan={tag},dl_dst={mac} actions=mod_vlan_vid:{1 + i % 4094},output:{port}",
        f"table=72,priority=77,ct_state=+est-rel-rpl,tcp,reg5=0x{i:x},tp_dst=0x{i & 0xfff0:x}/0xfff0"
        " actions=output:%d" % port,
        f"table=40,priority=100,ip,metadata=0x{i & 255:x},nw_dst={ip} actions=load:0x{i:x}->NXM_NX_REG15[],"
        "load:0x1->NXM_NX_REG10[6],resubmit(,41)",
        f"table=41,priority=65,ip,reg14=0x{i:x},metadata=0x7 actions="
        "ct(commit,zone=NXM_NX_REG13[0..15],exec(load:0->NXM_NX_CT_MARK[0])),resubmit(,42)",
        f"table=10,priority=1,in_port={port},dl_vlan={tag},nw_src={ip},ip actions="
        "learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11],"
        "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],output:NXM_OF_IN_PORT[]),output:%d" % port,
    )[i % KINDS]


def changed(text, i):
    """The flow with other actions."""
    match, _ = text.split(" actions=")
    return f"{match} actions=output:{1 + (i + 7) % 30}"


def main():
    count, changes, seed = (int(word) for word in (sys.argv[1:] + ["200000", "0", "1"][len(sys.argv) - 1 :]))
    chosen = set(random.Random(seed).sample(range(count), changes))
    for i in range(count):
        print(changed(flow(i), i) if i in chosen else flow(i))


if __name__ == "__main__":
    main()
