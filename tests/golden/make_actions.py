#!/usr/bin/env python3
"""Writes actions.tsv: action lists as a real switch sends them, and the text that ovs-ofctl prints.

Usage: make_actions.py RUNDIR > actions.tsv, where RUNDIR holds the sockets of a running Open vSwitch with
--enable-dummy (`db.sock`, and `br0.mgmt` once this script has made br0).

Each flow below is added to the switch, then read over every version: its bytes with a client of ours, its
text with `ovs-ofctl -O VERSION`. Columns:

  version   wire number
  form      A: actions, I: instructions
  tag       1 if the flow matches only packets with a VLAN tag
  bytes     hex
  wire      what `ovs-ofctl -O VERSION --no-names dump-flows` prints after `actions=`
  classic   what `ovs-ofctl` prints over OpenFlow 1.0, where that is the truth; what is stated below where
            1.0 does not tell the truth or later versions have merged two words into one
  flow      how the flow was added
"""
import os, socket, struct, subprocess, sys

RUNDIR = sys.argv[1] if __name__ == "__main__" else None
BRIDGE = "br0"
VERSIONS = {v: f"OpenFlow1{v - 1}" for v in range(1, 7)}
T10 = "10"      # classic is what 1.0 prints
T15 = "15"      # classic is what 1.5 prints

# (match, actions, version to add with, classic)
FLOWS = [
    # The table of spellings.
    ("dl_vlan=1", "mod_vlan_vid:66,mod_vlan_pcp:3", 1, T10),
    ("", "mod_vlan_vid:66", 1, T10),
    ("dl_vlan=7", "push_vlan:0x8100,set_field:4162->vlan_vid", 6, T15),
    ("dl_vlan=7", "push_vlan:0x88a8,set_field:4162->vlan_vid", 6, T15),
    ("dl_vlan=7", "strip_vlan,output:1", 1, T10),
    ("dl_vlan=7", "pop_vlan,output:1", 6, T10),
    ("", "set_tunnel:0x64,output:1", 1, T10),
    ("", "set_tunnel64:0x64,output:1", 1, "set_tunnel:0x64,output:1"),
    ("", "set_tunnel64:0x123456789,output:1", 1, T10),
    ("", "set_tunnel:0", 1, T10),
    ("", "load:0x64->NXM_NX_TUN_ID[]", 1, "set_tunnel:0x64"),
    ("", "load:0x1->NXM_NX_REG0[0..15],set_field:3->reg2", 6, T10),
    ("", "set_field:0x4/0xf0f->reg3", 6, T10),
    ("ip", "mod_nw_src:10.0.0.1,mod_nw_dst:10.0.0.2,mod_nw_tos:16", 1, T10),
    ("tcp", "mod_tp_src:80,mod_tp_dst:81", 1, T10),
    ("udp", "mod_tp_src:80,mod_tp_dst:81", 1, T10),
    ("sctp", "mod_tp_src:80,mod_tp_dst:81", 1, T10),
    ("", "mod_dl_src:00:11:22:33:44:55,mod_dl_dst:66:77:88:99:aa:bb", 1, T10),
    ("ip", "mod_nw_ecn:2,mod_nw_ttl:3", 2, T10),
    ("ip", "load:0x2->NXM_NX_IP_ECN[],load:0x3->NXM_NX_IP_TTL[]", 1, T10),
    ("ipv6", "set_field:::1->ipv6_src", 6, T10),
    ("ipv6", "set_field:2001:db8::1->ipv6_dst", 6, T10),
    ("", "enqueue:1:2", 1, T10),
    ("", "set_queue:2,output:1", 1, T10),
    ("", "set_queue:2,output:1,pop_queue", 6, "enqueue:1:2"),
    ("", "set_queue:2,NORMAL,pop_queue", 6, T15),
    ("", "goto_table:7", 6, T15),
    ("", "write_actions(output:1),write_metadata:0x5", 6, T15),
    ("", "clear_actions", 6, T15),
    ("", "write_metadata:0x5/0xff,goto_table:7", 6, T15),
    ("", "write_metadata:0", 6, T15),
    ("dl_vlan=7", "strip_vlan,mod_vlan_vid:66", 1, T10),
    ("", "mod_vlan_pcp:3", 1, T10),
    ("", "mod_vlan_vid:66,mod_vlan_pcp:3", 1, T10),
    ("", "mod_vlan_pcp:3,mod_vlan_vid:66", 1, T10),
    ("ip", "load:0x5->NXM_OF_IP_TOS[]", 1, T10),
    ("ip", "load:0x10->NXM_OF_IP_TOS[]", 1, "mod_nw_tos:16"),
    # VLAN state along the list, and in nested lists.
    ("", "mod_vlan_vid:66,output:1,strip_vlan,output:2", 1, T10),
    ("", "mod_vlan_vid:66,output:1,strip_vlan,mod_vlan_vid:67,output:2", 1, T10),
    ("", "push_vlan:0x8100,set_field:4162->vlan_vid,push_vlan:0x8100,set_field:4163->vlan_vid", 6,
     "mod_vlan_vid:66,push_vlan:0x8100,set_field:4163->vlan_vid"),
    ("", "push_vlan:0x8100,output:1", 6, T15),
    ("dl_vlan_pcp=3", "mod_vlan_vid:66", 1, T10),
    ("vlan_tci=0x1000/0x1000", "mod_vlan_vid:66", 1, T10),
    ("", "load:0x1042->NXM_OF_VLAN_TCI[],mod_vlan_pcp:2", 1, T10),
    ("dl_vlan=7", "load:0->NXM_OF_VLAN_TCI[],mod_vlan_pcp:2", 1, T10),
    ("", "clone(mod_vlan_vid:66,output:1),output:2", 1, T10),
    ("dl_vlan=7", "clone(mod_vlan_vid:66,output:1),output:2", 1, T10),
    ("", "clone(clone(output:1),set_tunnel:0x5,output:2)", 1, T10),
    ("", "clone()", 1, T10),
    # Output in all its forms.
    ("", "drop", 1, T10),
    ("", "output:1,output:2,LOCAL,IN_PORT,NORMAL,FLOOD,ALL,TABLE,CONTROLLER:65535", 1, None),
    ("", "LOCAL,IN_PORT,NORMAL,FLOOD,ALL", 1, T10),
    ("", "CONTROLLER:128", 1, T10),
    ("", "output:NXM_NX_REG0[0..15]", 1, T10),
    ("", "output:OXM_OF_METADATA[0..31]", 1, T10),
    ("", "output:tun_metadata0[0..15]", 1, T10),
    ("", "output(port=1,max_len=100)", 1, T10),
    ("", "controller(reason=no_match,max_len=128,id=7)", 1, T10),
    ("", "controller(reason=invalid_ttl)", 1, T10),
    ("", "controller(userdata=01.02.03.04.05,pause)", 1, T10),
    ("", "controller(userdata=00.00.00.01.00.00.00.00,meter_id=3)", 1, T10),
    ("", "controller(pause,max_len=0)", 1, T10),
    ("", "group:5", 6, T15),
    ("", "group:5", 1, T10),
    ("", "meter:5,output:1", 6, T15),
    ("", "meter:5,clear_actions,write_actions(group:5,set_field:1->reg0),write_metadata:0x1,goto_table:2", 6,
     "meter:5,clear_actions,write_actions(group:5,load:0x1->NXM_NX_REG0[]),write_metadata:0x1,goto_table:2"),
    ("", "output:1,clear_actions,goto_table:2", 6, T15),
    ("", "write_actions(drop)", 6, T15),
    ("", "bundle(eth_src,0,hrw,ofport,members:1,2)", 1, T10),
    ("", "bundle(symmetric_l3l4+udp,7,active_backup,ofport,members:1,2,3)", 1, T10),
    ("", "bundle_load(nw_src,0,hrw,ofport,NXM_NX_REG0[],members:1,2)", 1, T10),
    ("", "bundle_load(symmetric_l4,0,hrw,ofport,NXM_NX_REG0[0..15],members:1)", 1, T10),
    ("", "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])", 1, T10),
    ("", "multipath(symmetric_l3l4,50,iter_hash,8,3,NXM_NX_REG0[0..7])", 1, T10),
    # Fields.
    ("", "set_field:0x5->metadata,set_field:0x12/0xff->metadata", 6, T10),
    ("", "load:0->NXM_NX_REG0[],load:0x1->NXM_NX_REG1[5]", 1, T10),
    ("", "load:0->NXM_OF_IN_PORT[]", 1, T10),
    ("", "load:0xffff->NXM_OF_IN_PORT[],output:1", 1, T10),
    ("arp", "load:0x2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],"
            "load:0xfa163e112233->NXM_NX_ARP_SHA[],load:0xa000001->NXM_OF_ARP_SPA[],IN_PORT", 1, T10),
    ("arp", "set_field:2->arp_op,set_field:00:11:22:33:44:55->arp_sha,set_field:10.0.0.1->arp_spa", 6, T10),
    ("", "set_field:0x1->pkt_mark,set_field:0x11->xreg0,set_field:0x1111->xxreg0", 6, T10),
    # Over 1.0 the masks of these are lost.
    ("", "set_field:0x1/0x1->xxreg1,set_field:00:00:00:00:00:01/01:00:00:00:00:01->eth_dst", 6,
     "load:0x1->NXM_NX_XXREG1[0],load:0x1->NXM_OF_ETH_DST[0],load:0->NXM_OF_ETH_DST[40]"),
    ("ip", "set_field:10.0.0.0/255.0.0.0->ip_src", 6, "load:0xa->NXM_OF_IP_SRC[24..31]"),
    ("", "load:0x1122->NXM_OF_ETH_SRC[0..15]", 1, T10),
    ("", "load:0x112233445566->NXM_OF_ETH_SRC[]", 1, "mod_dl_src:11:22:33:44:55:66"),
    ("", "set_field:1.2.3.4->tun_src,set_field:5.6.7.8->tun_dst", 6, T10),
    ("", "set_field:0x1234->tun_metadata0", 1, T10),
    ("", "set_field:0x1/0x1->tun_metadata0", 1, T10),
    ("mpls", "set_field:100->mpls_label,set_field:3->mpls_tc", 6, None),
    ("mpls", "set_mpls_label(100),set_mpls_tc(3),set_mpls_ttl(64),dec_mpls_ttl", 1, None),
    ("ip", "push_mpls:0x8847", 1, T10),
    ("mpls", "pop_mpls:0x0800", 1, T10),
    ("icmp", "load:0x8->NXM_OF_ICMP_TYPE[]", 1, T10),
    ("", "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]", 1, T10),
    ("", "move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31],move:NXM_OF_IN_PORT[]->NXM_NX_REG2[0..15]", 1, T10),
    ("", "move:NXM_NX_TUN_METADATA0[0..31]->NXM_NX_REG1[]", 1, T10),
    ("", "push:NXM_NX_REG0[],push:NXM_NX_REG1[3],pop:NXM_NX_REG0[0..7],pop:OXM_OF_METADATA[]", 1, T10),
    ("", "delete_field:tun_metadata0", 1, T10),
    ("", "check_pkt_larger(1500)->NXM_NX_REG0[0]", 1, T10),
    ("ip", "dec_ttl", 1, T10),
    ("ip", "dec_ttl(1,2,3)", 1, T10),
    # Control.
    ("", "resubmit:1", 1, T10),
    ("", "resubmit(,7)", 1, T10),
    ("", "resubmit(2,7)", 1, T10),
    ("", "resubmit(LOCAL,7),resubmit(,8)", 1, T10),
    ("conj_id=5", "drop", 1, T10),
    ("", "conjunction(123,1/2),conjunction(4294967295,3/64)", 1, T10),
    ("", "note:01.02.03", 1, T10),
    ("", "note:01.02.03.04.05.06.07,output:1", 1, T10),
    ("", "exit", 1, T10),
    ("tcp", "fin_timeout(idle_timeout=10,hard_timeout=20)", 1, T10),
    ("tcp", "fin_timeout(hard_timeout=20)", 1, T10),
    ("tcp", "fin_timeout()", 1, T10),
    ("", "sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4)", 1, T10),
    ("", "sample(probability=65535,collector_set_id=2,obs_domain_id=3,obs_point_id=4,sampling_port=1)", 1, T10),
    ("", "sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,sampling_port=1,egress)", 1, T10),
    ("", "sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,ingress)", 1, T10),
    # learn: as Neutron adds it, then every kind of part.
    ("", "learn(table=20,hard_timeout=300,priority=1,cookie=0x16459bb2ba15e486,NXM_OF_VLAN_TCI[0..11],"
         "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],"
         "output:OXM_OF_IN_PORT[]),output:1", 1, T10),
    ("", "learn(table=20,hard_timeout=300,priority=1,cookie=0xaaa0e760a7848ec3,NXM_OF_VLAN_TCI[0..11],"
         "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],"
         "output:NXM_OF_IN_PORT[]),output:1", 1, T10),
    ("", "learn(table=1,idle_timeout=10,hard_timeout=20,fin_idle_timeout=2,fin_hard_timeout=3,priority=10,"
         "cookie=0xfedcba9876543210,send_flow_rem,delete_learned,in_port=99,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
         "load:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31])", 1, T10),
    ("", "learn(table=1,limit=4096,result_dst=NXM_NX_REG0[0],eth_type=0x800,ip_src=10.0.0.1,"
         "load:0x5->NXM_NX_REG0[0..7],output:NXM_NX_REG1[])", 1, T10),
    ("", "learn(table=1,limit=10,NXM_OF_VLAN_TCI[0..11]=NXM_NX_REG0[0..11],output:NXM_OF_IN_PORT[])", 1, T10),
    ("", "learn(table=1,NXM_NX_REG0[0..15]=0x12,vlan_vid=0x1005,eth_dst=00:11:22:33:44:55,reg3=0x4,"
         "load:0x112233445566->NXM_OF_ETH_SRC[])", 1, T10),
    ("", "learn(table=1,dl_type=0x86dd,ipv6_dst=::1,load:0x1->NXM_NX_XXREG0[])", 1, T10),
    ("tcp", "learn(table=1,eth_type=0x800,nw_proto=6,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],tcp_src=80,"
            "NXM_OF_TCP_DST[]=NXM_OF_TCP_SRC[],output:NXM_OF_IN_PORT[])", 1, T10),
    # ct and nat.
    ("ip", "ct(commit,zone=1)", 1, T10),
    ("tcp", "ct(commit,force,table=5,zone=NXM_NX_REG0[0..15],alg=ftp)", 1, T10),
    ("ip", "ct(table=5)", 1, T10),
    ("ip", "ct(commit,zone=1,exec(load:0x1->NXM_NX_CT_MARK[]))", 1, T10),
    ("ip", "ct(commit,zone=1,exec(set_field:0x1->ct_mark,set_field:0x5/0xf->ct_label))", 6, T10),
    ("ip", "ct(commit,zone=OXM_OF_METADATA[0..15],exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))", 1, T10),
    ("udp", "ct(commit,alg=tftp,nat(src=10.0.0.1-10.0.0.9:1000-2000,random,persistent),"
           "exec(load:0x1->NXM_NX_CT_MARK[]))", 1, T10),
    ("ip", "ct(commit,nat(dst=10.0.0.1:80))", 1, T10),
    ("ip", "ct(commit,nat(src))", 1, T10),
    ("ip", "ct(table=1,zone=7,nat)", 1, T10),
    ("ipv6", "ct(commit,nat(src=2001:db8::1-2001:db8::9,hash))", 1, T10),
    ("ipv6", "ct(commit,nat(dst=[2001:db8::1]:80-90))", 1, T10),
    ("ipv6", "ct(commit,nat(dst=[2001:db8::1]-[2001:db8::5]:80))", 1, T10),
    ("", "ct_clear", 1, T10),
    ("ip", "ct(table=1,zone=65535),ct_clear,resubmit(,3)", 1, T10),
    # As Neutron's firewall and OVN use them.
    ("", "load:0x5->NXM_NX_REG5[],load:0x1->NXM_NX_REG6[],resubmit(,71)", 1, T10),
    ("ip", "ct(table=72,zone=NXM_NX_REG6[0..15])", 1, T10),
    ("tcp", "ct(commit,zone=NXM_NX_REG6[0..15],exec(load:0x1->NXM_NX_CT_MARK[]))", 1, T10),
    ("dl_vlan=1", "strip_vlan,set_tunnel:0x64,output:1,output:2", 1, T10),
    ("", "mod_vlan_vid:4,resubmit(,10)", 1, T10),
    ("", "load:0->NXM_NX_REG11[],load:0x4->OXM_OF_METADATA[],load:0x1->NXM_NX_REG14[],resubmit(,8)", 1, T10),
    ("dl_vlan=5", "load:0x5->NXM_NX_REG13[],strip_vlan,load:0xffff->NXM_OF_IN_PORT[],resubmit(,8)", 1, T10),
    ("", "clone(ct_clear,load:0->NXM_NX_REG11[],load:0->NXM_NX_REG12[],load:0->NXM_NX_REG13[],"
         "load:0->NXM_OF_IN_PORT[],resubmit(,8))", 1, T10),
    ("", "mod_vlan_vid:100,output:3,strip_vlan", 1, T10),
    ("", "push:NXM_NX_REG0[],push:NXM_NX_XXREG0[96..127],resubmit(,66),pop:NXM_NX_XXREG0[96..127]", 1, T10),
    ("ip", "ct(table=15,zone=NXM_NX_REG13[0..15],nat)", 1, T10),
    ("ip", "ct(commit,zone=NXM_NX_REG13[0..15],nat(src),exec(set_field:0/0x1->ct_mark))", 6, T10),
    ("ip", "ct(commit,zone=NXM_NX_REG11[0..15],exec(set_field:0/0x1->ct_label,"
           "set_field:0x2a0000000000000000/0xffff0000000000000000->ct_label))", 6, T10),
    ("ip", "ct(commit,table=20,zone=NXM_NX_REG11[0..15],nat(dst=10.0.0.1-10.0.0.5))", 1, T10),
    ("ip", "dec_ttl,move:NXM_OF_IP_DST[]->NXM_NX_XXREG0[96..127],"
           "load:0xa000001->NXM_NX_XXREG0[64..95],mod_dl_src:00:00:00:00:ff:01,load:0x1->NXM_NX_REG10[0]", 1, T10),
    ("arp", "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_OF_ARP_OP[],"
            "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],resubmit(,37)",
     1, T10),
    ("icmp6,icmp_type=136,icmp_code=0", "controller(userdata=00.00.00.03.00.00.00.00.00.19.00.10.80.00.08.06)",
     1, T10),
    ("", "learn(table=71,idle_timeout=300,priority=100,delete_learned,cookie=0x5,OXM_OF_METADATA[],"
         "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_NX_REG14[]->NXM_NX_REG15[])", 1, T10),
    ("dl_vlan=7", "set_field:0x1005/0x100f->vlan_vid", 6, None),
    ("dl_vlan=7", "push_vlan:0x8100,output:1,set_field:4163->vlan_vid,pop_vlan,set_field:4164->vlan_vid", 6,
     "push_vlan:0x8100,output:1,set_field:4163->vlan_vid,strip_vlan,mod_vlan_vid:68"),
    # NSH: from 1.3 on.
    ("", "encap(nsh(md_type=1))", 4, T15),
    ("", "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210))),encap(ethernet)",
     4, T15),
    ("", "encap(mpls),encap(ethernet)", 4, None),
    ("", "decap()", 4, T15),
    ("dl_type=0x894f", "dec_nsh_ttl,decap(packet_type(ns=1,type=0x894f))", 4, None),
]

# Action lists that no flow has; (version, hex). ovs-ofctl prints them as part of a packet-out.
BYTES = [
    (4, "ffff0018000023200021" + "0001020400000005" + "000000000000"),                  # reg_load2
    (4, "ffff0018000023200021" + "00010308000000050000000f" + "0000"),                  # with mask
    (4, "ffff0020" + "4f4e4600" + "0c80" + "0000" + "0010" + "0000" + "0008" + "0000"
        + "00010004" + "00010204" + "00000000"),                                         # ONF copy_field
    (2, "0001000800420000"), (2, "0002000803000000"), (2, "0012000800000000"),
    (6, "0017000803000000"), (4, "0008000802000000"), (4, "0007000810000000"),
    (4, "0009000800500000000a000800510000"),
    (4, "ffff0010000023200002000000000000"),                                            # set_tunnel:0
    (1, "ffff0010000023200014ffff00000600"), (1, "ffff0010000023200014ffff00000900"),
    (4, "ffff001000002320000effff05000000"), (4, "ffff0010000023200001fff800000000"),
    (4, "ffff001000002320002cfff807000000ffff001000002320002c0001ff000000"),            # resubmit(,7,ct)
]
# What classic says for them where it is not the same.
CLASSIC = {
    "set_field:0x5->reg1": "load:0x5->NXM_NX_REG1[]",
    "set_field:0x5/0xf->reg1": "load:0x5->NXM_NX_REG1[0..3]",
    "pop_vlan": "strip_vlan",
    "mod_nw_ttl:3": "load:0x3->NXM_NX_IP_TTL[]",
    "mod_nw_ecn:2": "load:0x2->NXM_NX_IP_ECN[]",
}


def ofctl(*args):
    env = dict(os.environ, OVS_RUNDIR=RUNDIR)
    return subprocess.run(["ovs-ofctl", *args], env=env, capture_output=True, text=True)


class Switch:
    """Speaks one version to the bridge, just enough to read its flows as bytes."""

    def __init__(self, version):
        self.version = version
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(f"{RUNDIR}/{BRIDGE}.mgmt")
        self.send(0, b"")
        while self.recv()[0] != 0:
            pass

    def send(self, kind, body):
        self.sock.sendall(struct.pack("!BBHI", self.version, kind, 8 + len(body), 1) + body)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            assert more, "the switch hung up"
            data += more
        return data

    def recv(self):
        _, kind, length, _ = struct.unpack("!BBHI", self.exactly(8))
        return kind, self.exactly(length - 8)

    def flow(self):
        """(form, actions or instructions) of the one flow there is."""
        v = self.version
        any_port = struct.pack("!I", 0xffffffff)
        if v == 1:
            # NXST_FLOW, not OFPST_FLOW: in the latter OVS pads the properties of `controller` wrongly.
            self.send(16, struct.pack("!HHII4x", 0xffff, 0, 0x2320, 0) + struct.pack("!HHB3x", 0xffff, 0, 255))
            reply = 17
        else:
            match = struct.pack("!HH4x", 1, 4)
            if v == 2:
                # Wildcards for the plain fields, masks of all ones for those that have masks.
                match = (struct.pack("!HHII", 0, 88, 0, 0x3ff) + (bytes(6) + b"\xff" * 6) * 2 + bytes(8)
                         + (bytes(4) + b"\xff" * 4) * 2 + bytes(12) + bytes(8) + b"\xff" * 8)
            self.send(18, struct.pack("!HH4x", 1, 0) + b"\xff\0\0\0" + any_port * 2 + bytes(4) + bytes(16) + match)
            reply = 19
        while True:
            kind, body = self.recv()
            if kind == 1:
                return None
            if kind == reply:
                break
        body = body[16:] if v == 1 else body[8:]
        if not body:
            return None
        length = struct.unpack("!H", body[:2])[0]
        flow = body[:length]
        if v == 1:
            return "A", flow[48 + (struct.unpack("!H", flow[18:20])[0] + 7) // 8 * 8:]
        at = 24 if v == 6 else 48
        at += (struct.unpack("!H", flow[at + 2:at + 4])[0] + 7) // 8 * 8
        if v == 6:
            at += (struct.unpack("!H", flow[at + 2:at + 4])[0] + 7) // 8 * 8
        return "I", flow[at:]


def text(version):
    """What ovs-ofctl prints after `actions=` for the one flow there is; None if it fails."""
    out = ofctl("-O", VERSIONS[version], "--no-names", "--no-stats", "dump-flows", BRIDGE)
    lines = [line for line in out.stdout.splitlines() if "actions=" in line]
    if out.returncode or len(lines) != 1 or "***" in out.stdout:
        return None
    return lines[0].split("actions=", 1)[1]


def main():
    env = dict(os.environ, OVS_RUNDIR=RUNDIR)
    vsctl = ["ovs-vsctl", f"--db=unix:{RUNDIR}/db.sock"]
    protocols = ",".join(VERSIONS.values())
    subprocess.run([*vsctl, "--may-exist", "add-br", BRIDGE, "--", "set", "bridge", BRIDGE,
                    "datapath_type=dummy", f"protocols={protocols}",
                    *sum((["--", "--may-exist", "add-port", BRIDGE, f"p{n}", "--", "set", "interface", f"p{n}",
                           "type=dummy", f"ofport_request={n}"] for n in (1, 2, 3)), [])], check=True, env=env)
    ofctl("-O", "OpenFlow13", "add-group", BRIDGE, "group_id=5,type=all,bucket=output:1")
    ofctl("-O", "OpenFlow13", "add-meter", BRIDGE, "meter=5,kbps,band=type=drop,rate=1000")
    ofctl("-O", "OpenFlow13", "add-meter", BRIDGE, "meter=3,kbps,band=type=drop,rate=1000")
    ofctl("add-tlv-map", BRIDGE, "{class=0xffff,type=0,len=4}->tun_metadata0")
    print("# Written by make_actions.py, which tells the columns. ovs-ofctl 3.1.")
    for match, actions, version, classic in FLOWS:
        ofctl("-O", VERSIONS[6], "del-flows", BRIDGE)
        flow = ",".join(filter(None, [match, "actions=" + actions]))
        added = ofctl("-O", VERSIONS[version], "add-flow", BRIDGE, flow)
        if added.returncode:
            print(f"not added: {flow}: {added.stderr.strip()}", file=sys.stderr)
            continue
        texts = {v: text(v) for v in VERSIONS}
        if classic == T10:
            classic = texts[1]
        elif classic == T15:
            classic = texts[6]
        tag = "1" if "vlan" in match else "0"
        for v in VERSIONS:
            if texts[v] is None:
                print(f"no text in {VERSIONS[v]}: {flow}", file=sys.stderr)
                continue
            got = Switch(v).flow()
            if got is None:
                print(f"no bytes in {VERSIONS[v]}: {flow}", file=sys.stderr)
                continue
            form, data = got
            # Where the switch leaves something out, classic cannot say it.
            # What the switch cannot say over an early version (masks and a second tag before 1.2, meters
            # before 1.3), classic cannot say over it either.
            early = v <= (3 if "meter" in flow else 2)
            lost = classic is None or (early and version > 1 and classic != texts[1])
            said = "-" if lost else classic
            print(v, form, tag, data.hex() or "-", texts[v], said, flow, sep="\t")
    ofctl("-O", VERSIONS[6], "del-flows", BRIDGE)
    for v, hexed in BYTES:
        data = bytes.fromhex(hexed)
        if v == 1:
            head = struct.pack("!IHH", 0xffffffff, 0xffff, len(data))
        elif v < 6:
            head = struct.pack("!IIH6x", 0xffffffff, 0xfffffffd, len(data))
        else:
            head = struct.pack("!IH2x", 0xffffffff, len(data)) + bytes.fromhex("0001000c80000004fffffffd00000000")
        message = struct.pack("!BBHI", v, 13, 8 + len(head) + len(data), 1) + head + data
        out = ofctl("ofp-print", message.hex()).stdout
        if "actions=" not in out or "***" in out:
            print(f"not printed: {v} {hexed}: {out}", file=sys.stderr)
            continue
        said = out.split("actions=", 1)[1].split(" data_len", 1)[0].strip()
        print(v, "A", 0, hexed, said, CLASSIC.get(said, said), "ofp-print", sep="\t")


if __name__ == "__main__":
    main()
