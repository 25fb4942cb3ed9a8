#!/usr/bin/env python3
"""Writes flow_mods.tsv: flows as text, and the flow mod that the real ovs-ofctl makes of them.

Usage: make_flow_mods.py [FLOWS] > flow_mods.tsv, where FLOWS is a file to be read instead of the flows below

`ovs-ofctl -O VERSION add-flow unix:SOCKET FLOW` speaks to a listener here that says HELLO, answers
barriers, and records the flow mod; over OpenFlow 1.0 with `-F NXM+table_id`, so that the match is one of
NXM fields. No switch takes part. Columns:

  version   wire number
  head      table, cookie, idle timeout, hard timeout, priority, flags, importance
  match     hex of the fields of the match; `-` in OpenFlow 1.1, whose match is not made of fields
  actions   hex of the actions (1.0) or instructions
  flow      the text

Where ovs-ofctl refuses the flow, `head` is `!` and the cells after it are `-`.
"""
import os, socket, struct, subprocess, sys, tempfile, threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import make_actions

# What the golden actions lack: the rest of the words of ovs-actions(7) and ovs-ofctl(8), other spellings of
# theirs, and flows as the manual pages show them.
MORE = [
    "actions=1", "actions=0x10,65534", "actions=in_port,local,Normal,flood,ALL,table",
    "actions=output:LOCAL", "actions=output:in_port", "actions=output:CONTROLLER", "actions=controller",
    "actions=CONTROLLER:0", "actions=controller()", "actions=controller(max_len=100)",
    "actions=controller(reason=action_set,id=65535,max_len=0)", "actions=controller(reason=group)",
    "actions=controller(userdata=0102.0304)", "actions=controller(id=1,userdata=01,pause,meter_id=7)",
    "actions=output(port=1,max_len=14)", "actions=output(max_len=65536,port=LOCAL)",
    "actions=output:reg0", "actions=output:NXM_NX_REG1[5..20]", "actions=output:tun_id[0..15]",
    "actions=enqueue(1,2)", "actions=enqueue:LOCAL:7", "actions=enqueue:1:0x10",
    "actions=set_queue:0x10,output:1,pop_queue", "actions=group:0xffffff00",
    "actions=bundle(symmetric_l4,10,HRW,ofport,slaves:4,8)", "actions=bundle(nw_dst,1,active_backup,ofport,members:)",
    "actions=bundle(symmetric_l3,60,hrw,ofport,members:2,LOCAL)",
    "actions=bundle_load(symmetric_l3l4,60,hrw,ofport,reg0[],members:2,3)",
    "ip,actions=bundle_load(nw_src, 0, hrw, ofport, NXM_NX_REG0[4..19], members:1, 2)",
    "actions=multipath(symmetric_l3l4+udp, 1024, hrw, 2, 0, reg0[0..3])",
    "actions=multipath(nw_src,1,hash_threshold,65536,0,NXM_NX_REG0[])",
    "actions=set_field:1->reg0", "actions=set_field:0x1234567890->metadata",
    "actions=set_field:0x5/0xf->reg5", "actions=set_field:0xffffffffffffffff->xreg1",
    "actions=set_field:0x112233445566778899aabbccddeeff00->xxreg2",
    "actions=set_field:0x3/0x7->xxreg2", "actions=set_field:00:01:02:03:04:05->eth_src",
    "actions=set_field:00:01:02:03:04:05->dl_dst", "actions=set_field:00:01:02:00:00:00/ff:ff:ff:00:00:00->eth_src",
    "dl_vlan=5,actions=set_field:4100->vlan_vid", "dl_vlan=5,actions=set_field:6->vlan_pcp",
    "actions=set_field:0x1005->vlan_tci", "actions=set_field:0xf005->vlan_tci,mod_vlan_pcp:1",
    "dl_vlan=3,actions=set_field:0->vlan_tci", "ip,actions=set_field:10.1.2.3->ip_src",
    "ip,actions=set_field:10.1.0.0/16->nw_dst", "ip,actions=set_field:0x20->nw_tos",
    "ip,actions=set_field:8->ip_dscp", "ip,actions=set_field:3->nw_ecn", "ip,actions=set_field:64->nw_ttl",
    "ipv6,actions=set_field:fe80::1->ipv6_dst", "ipv6,actions=set_field:2001:db8::/32->ipv6_src",
    "ipv6,actions=set_field:0x12345->ipv6_label", "tcp,actions=set_field:80->tcp_dst",
    "tcp,actions=set_field:0x50/0xff->tcp_src", "udp,actions=set_field:53->udp_src",
    "udp,actions=set_field:53->udp_dst", "sctp,actions=set_field:9->sctp_dst", "tcp,actions=set_field:80->tp_src",
    "icmp,actions=set_field:3->icmp_type,set_field:4->icmp_code", "icmp6,actions=set_field:1->icmpv6_type",
    "arp,actions=set_field:1->arp_op,set_field:10.0.0.1->arp_tpa,set_field:00:00:00:00:00:01->arp_tha",
    "icmp6,icmp_type=135,icmp_code=0,actions=set_field:fe80::1->nd_target,set_field:00:00:00:00:00:01->nd_sll",
    "icmp6,icmp_type=136,icmp_code=0,actions=set_field:00:00:00:00:00:01->nd_tll",
    "icmp6,icmp_type=136,icmp_code=0,actions=set_field:2->nd_options_type,set_field:0x60000000->nd_reserved",
    "actions=set_field:10.0.0.1->tun_dst", "actions=set_field:0x64->tun_id", "actions=set_field:fe80::1->tun_ipv6_src",
    "actions=set_field:1->tun_tos", "actions=set_field:oam->tun_flags", "actions=set_field:+oam->tun_flags",
    "actions=set_field:5->tun_gbp_id", "actions=set_field:0x8->tun_gbp_flags", "actions=set_field:3->tun_ttl",
    "actions=set_field:0x1->tun_erspan_idx,set_field:2->tun_erspan_ver,set_field:1->tun_erspan_dir",
    "actions=set_field:0x20->tun_gtpu_flags,set_field:255->tun_gtpu_msgtype",
    "actions=set_field:0x1122334455->tun_metadata3", "actions=set_field:0x12/0xff->tun_metadata3",
    "actions=set_field:5->pkt_mark", "actions=set_field:7->in_port", "actions=set_field:LOCAL->in_port",
    "actions=set_field:2->in_port_oxm", "mpls,actions=set_field:16->mpls_label,set_field:1->mpls_tc,set_field:9->mpls_ttl",
    "dl_type=0x894f,actions=set_field:5->nsh_ttl,set_field:0x11->nsh_spi,set_field:0x22->nsh_si,set_field:1->nsh_c1",
    "actions=load:1->reg0", "actions=load:0xf->NXM_NX_REG1[4..7]", "actions=load:1->OXM_OF_METADATA[63]",
    "actions=load:0xffffffffffffffff->xreg0[]", "actions=load:0x123456789abcdef0->xxreg0[0..63]",
    "actions=load:5->tun_id[]", "actions=load:5->NXM_NX_TUN_ID[0..23]", "actions=load:7->NXM_NX_PKT_MARK[]",
    "actions=load:0x1005->NXM_OF_VLAN_TCI[]", "actions=load:5->NXM_OF_VLAN_TCI[0..11]",
    "dl_vlan=7,actions=load:5->OXM_OF_VLAN_VID[0..11]", "dl_vlan=7,actions=load:3->vlan_pcp",
    "ip,actions=load:0xa000001->NXM_OF_IP_SRC[],load:0x5->NXM_OF_IP_DST[0..7]",
    "tcp,actions=load:80->NXM_OF_TCP_DST[]", "actions=load:0x5->tun_metadata0[0..7]",
    "ipv6,actions=load:0x1->NXM_NX_IPV6_SRC[0..63]",
    "actions=move:reg0->reg1", "actions=move:NXM_NX_REG0[]->OXM_OF_METADATA[0..31]",
    "actions=move:xxreg0[0..31]->reg5", "actions=move:tun_metadata0[0..15]->reg3[0..15]",
    "actions=move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG0[4..15]", "ip,actions=move:ip_src->ip_dst",
    "actions=push:reg0[],pop:reg1[0..31]", "actions=push:NXM_NX_REG2[1..5]", "actions=push:tun_metadata0[]",
    "actions=stack_push:reg0[]",
    "actions=push_vlan:0x8100", "actions=push_vlan:0x88a8,mod_vlan_vid:5", "actions=push_vlan:33024,output:1",
    "dl_vlan=9,actions=pop_vlan", "dl_vlan=9,actions=strip_vlan", "actions=strip_vlan,output:1", "actions=pop_vlan",
    "actions=mod_vlan_vid:0x10", "dl_vlan=3,actions=mod_vlan_vid:4", "actions=mod_vlan_pcp:7,output:1",
    "actions=mod_vlan_vid:5,strip_vlan,mod_vlan_vid:6",
    "dl_vlan=3,actions=set_vlan_vid:4,set_vlan_pcp:5", "actions=set_vlan_vid:4", "actions=push_vlan:0x8100,set_vlan_vid:4",
    "vlan_tci=0x1000/0x1000,actions=mod_vlan_vid:66,mod_vlan_pcp:1", "vlan_tci=0,actions=mod_vlan_vid:66",
    "dl_vlan=1,actions=push_vlan:0x88a8,push_vlan:0x8100",
    "ip,actions=mod_nw_src:1.2.3.4,mod_nw_dst:5.6.7.8,mod_nw_tos:0x10,mod_nw_ecn:1,mod_nw_ttl:5",
    "ipv6,actions=mod_nw_tos:32,mod_nw_ecn:3,mod_nw_ttl:6", "ip,actions=set_nw_ttl:5",
    "tcp6,actions=mod_tp_src:1,mod_tp_dst:2", "udp6,actions=mod_tp_src:1,mod_tp_dst:2", "sctp,actions=mod_tp_dst:2",
    "actions=mod_tp_src:5", "actions=mod_nw_src:1.2.3.4", "arp,actions=mod_nw_src:1.2.3.4", "actions=mod_nw_ttl:9",
    "actions=mod_dl_src:0:1:2:3:4:5",
    "ip,actions=push_mpls:0x8847,set_mpls_label(10),set_mpls_tc(3),set_mpls_ttl(7)", "ip,actions=push_mpls:0x8848",
    "mpls,actions=pop_mpls:0x800,dec_ttl", "mpls,actions=pop_mpls:0x0800,mod_nw_src:1.2.3.4",
    "mpls,actions=dec_mpls_ttl,set_mpls_label:5", "actions=set_mpls_label:5", "tcp,actions=push_mpls:0x8847,mod_tp_src:5",
    "ip,actions=dec_ttl", "ip,actions=dec_ttl()", "ip,actions=dec_ttl(0)", "ip,actions=dec_ttl(1, 2)", "actions=dec_ttl",
    "dl_type=0x894f,actions=dec_nsh_ttl", "actions=set_tunnel:5", "actions=set_tunnel:0x123456789",
    "actions=set_tunnel64:5", "actions=set_tunnel64:0xffffffffffffffff",
    "actions=resubmit:1", "actions=resubmit:LOCAL", "actions=resubmit(1)", "actions=resubmit(1,)", "actions=resubmit(,5)",
    "actions=resubmit(in_port,5)", "actions=resubmit(3,5)", "actions=resubmit(,0)",
    "ip,ct_state=+trk,actions=resubmit(,5,ct)", "ip,ct_state=+trk,actions=resubmit(1,5,ct)", "actions=resubmit(,5,ct)",
    "actions=learn()", "actions=learn(table=2)", "actions=learn(table=2,idle_timeout=5,hard_timeout=6,priority=7)",
    "actions=learn(table=2,in_port=3,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15])",
    "actions=learn(in_port=3,nw_proto=2)", "actions=learn(table=1,eth_type=0x800,ip_dst=1.2.3.4)",
    "actions=learn(table=1,eth_dst,reg0[0..7],metadata=0x5,output:reg1)",
    "actions=learn(table=1,NXM_OF_VLAN_TCI[0..11]=5,load:5->reg0[0..2],limit=5)",
    "actions=learn(table=1,result_dst=reg0[5],cookie=5,send_flow_rem,delete_learned)",
    "actions=learn(table=1,ipv6_src=fe80::1,load:0x1->ipv6_dst[],load:0x12345678901->xxreg0[0..127])",
    "actions=learn(table=1,xxreg0=0x5,load:xxreg1[]->xxreg2[])",
    "table=0,in_port=1,actions=learn(table=1,priority=10,cookie=0xfedcba9876543210,NXM_OF_VLAN_TCI[0..11],"
    "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),resubmit(,1)",
    "actions=conjunction(1,1/2)", "actions=conjunction(1, 2/3),note:01", "actions=note:", "actions=note:0102030405060708",
    "actions=note:de.ad.be.ef", "actions=exit,output:1", "tcp,actions=fin_timeout(idle_timeout=5)", "tcp,actions=fin_timeout",
    "actions=sample(probability=5)", "actions=sample(probability=65535,collector_set_id=1,sampling_port=LOCAL,ingress)",
    "actions=sample(probability=1,obs_point_id=5,obs_domain_id=6,egress)",
    "ip,actions=ct()", "ip,actions=ct", "ip,actions=ct(commit)", "ip,actions=ct(commit,force,zone=5,table=7)",
    "ip,actions=ct(table=0,zone=reg0[0..15])", "ip,actions=ct(commit,alg=ftp)", "tcp,actions=ct(commit,alg=ftp,zone=0x5)",
    "ip,actions=ct(commit,exec(set_field:5->ct_mark,load:1->ct_label[0],move:reg0->ct_mark))",
    "ip,actions=ct(commit,exec(set_field:0x5/0xf->ct_label),nat(dst=1.2.3.4-1.2.3.9,persistent,hash))",
    "ip,actions=ct(commit,nat(src=1.2.3.4:5-6,random),exec(set_field:1->ct_mark))",
    "ip,actions=ct(nat)", "ip,actions=ct(nat,table=3)", "ip,actions=ct(commit,nat(src),zone=1)",
    "ipv6,actions=ct(commit,nat(src=fe80::1))", "ipv6,actions=ct(commit,nat(src=[fe80::1]:80))",
    "ipv6,actions=ct(commit,nat(src=fe80::1-fe80::9,persistent))", "ipv6,actions=ct(commit,nat(dst=[fe80::1]-[fe80::9]:1-2))",
    "ip,actions=ct(commit,nat(src=0.0.0.0))",
    "actions=ct_clear", "actions=ct(commit)", "actions=clone()", "actions=clone(output:1,clone(2,3)),4",
    "actions=clone(mod_vlan_vid:5,output:1),mod_vlan_vid:6", "ip,actions=clone(ct(commit,exec(set_field:1->ct_mark)))",
    "actions=check_pkt_larger(1500)->reg0[0]", "actions=check_pkt_larger(0x100)->NXM_NX_XXREG0[100],output:1",
    "actions=delete_field:tun_metadata5",
    "actions=encap(nsh)", "actions=encap(nsh())", "actions=encap(nsh(md_type=1)),encap(ethernet)", "actions=encap(ethernet)",
    "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12)))", "actions=encap(mpls)", "actions=encap(mpls_mc)", "actions=decap",
    "actions=decap()", "actions=decap(packet_type(ns=0,type=0))", "packet_type=(1,0x894f),actions=decap(packet_type(ns=1,type=0x800))",
    "actions=write_metadata:5", "actions=write_metadata:0x5/0xf", "actions=write_metadata:0/0",
    "actions=write_actions(output:1,group:5,set_field:1->reg0)", "actions=write_actions()", "actions=clear_actions,output:1",
    "actions=output:1,clear_actions", "actions=clear_actions,write_actions(drop)", "actions=meter:1", "actions=meter:1,output:2",
    "actions=output:1,meter:2", "actions=meter:1,write_metadata:1,goto_table:5",
    "actions=output:1,write_actions(output:2),write_metadata:0x1,goto_table:3", "actions=goto_table:1", "table=3,actions=goto_table:4",
    "actions=write_actions(mod_vlan_vid:5)", "dl_vlan=5,actions=pop_vlan,write_actions(mod_vlan_vid:5)",
    "actions=drop", "actions=DROP", "actions=", "actions=all", "actions=Output:1", "actions=MOD_VLAN_VID:5",
    "action=1", "actions=1,2, 3", "actions=output:1 output:2", "actions=output=1", "actions=group=5,output(2)",
    "table=5,priority=100,cookie=0x123,idle_timeout=10,hard_timeout=20,tcp,tp_dst=80,actions=1",
    "send_flow_rem,check_overlap,actions=drop", "reset_counts,no_packet_counts,no_byte_counts,actions=drop",
    "importance=9,actions=drop", "cookie=0xffffffffffffffff,priority=0,actions=NORMAL", "priority=65535 in_port=1 actions=2",
    "cookie=0x5, duration=3.2s, table=2, n_packets=5, n_bytes=6, idle_age=7, hard_age=8, priority=3,ip,nw_src=10.0.0.0/8 actions=drop",
    "table=255,actions=drop", "tcp,tcp_flags=+syn-ack,actions=drop", "dl_src=00:00:00:00:00:01/01:00:00:00:00:00,actions=drop",
    "actions=controller(reason=group,id=7,userdata=01)", "actions=controller(reason=action_set,pause)",
    "actions=write_actions(strip_vlan,mod_nw_ttl:5)", "ip,actions=set_field:255->nw_tos", "packet_type=(1,0x800),actions=push_mpls:0x8847",
    "actions=load:5->OXM_OF_VLAN_VID[]",
    # As ovs-actions(7) shows them.
    "arp,actions=mod_nw_tos:12", "dl_vlan=0xffff,actions=strip_vlan", "in_port=2,actions=in_port",
    "actions=2,3,4,5,6,in_port", "actions=all,in_port", "in_port=2,actions=load:0->in_port,2",
    "actions=push:in_port,load:0->in_port,2,3,4,5,6,pop:in_port",
    "udp, actions=learn(dl_type=0x800, nw_proto=17, udp_dst=udp_src)",
    "actions=move:reg0[0..5]->reg1[26..31]", "actions=set_field:00:11:22:33:44:55->eth_src",
    "ip,actions=load:1->ip_dst[31]", "actions=push:reg2[0..5],push:reg2[0..5]",
    # Refused.
    "actions=bogus", "actions=output:nosuchport", "actions=set_field:5->reg99", "actions=load:5->reg0[0..1]",
    "actions=load:0x1ffffffff->reg0", "actions=move:reg0->xreg0", "actions=mod_vlan_vid:4096", "actions=mod_vlan_pcp:8",
    "actions=mod_nw_tos:3", "actions=resubmit(,)", "actions=resubmit()", "actions=conjunction(1,0/2)",
    "actions=conjunction(1,1/65)", "actions=conjunction(1,1/2),output:1", "actions=drop,output:1", "actions=goto_table:1,output:1",
    "actions=nat", "actions=ct(force)", "actions=ct(exec(output:1))", "actions=set_field:1->ct_mark", "actions=write_actions(meter:1)",
    "actions=clone(goto_table:1)", "actions=check_pkt_larger(1)->reg0[0..1]", "actions=controller(bogus=1)", "actions=note:zz",
    "actions=sample(probability=0)", "actions=apply_actions(output:1)", "actions=learn(bogus)", "actions=set_field:5",
    "actions=multipath(eth_src,50,modulo_n,300,0,reg0[0..7])", "actions=enqueue:1", "actions=write_metadata:1,write_metadata:2",
    "actions=output(port=1,max_len=5)", "actions=set_field:1->eth_type", "actions=set_field:1->tcp_src", "actions=goto_table:256",
    "actions=push_vlan:0x1234", "actions=encap(bogus)", "actions=unroll_xlate",
]


class Listener:
    """Records the one flow mod of each connection."""

    def __init__(self, path):
        self.flow_mod = None
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(8)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.sock.accept()
            try:
                self.serve(connection)
            except ConnectionError:
                pass
            connection.close()

    def serve(self, connection):
        def exactly(n):
            data = b""
            while len(data) < n:
                more = connection.recv(n - len(data))
                if not more:
                    raise ConnectionError
                data += more
            return data

        while True:
            version, kind, length, xid = struct.unpack("!BBHI", exactly(8))
            body = exactly(length - 8)
            if kind == 0:
                connection.sendall(struct.pack("!BBHI", version, 0, 8, xid))
            elif kind == 2:
                connection.sendall(struct.pack("!BBHI", version, 3, length, xid) + body)
            elif kind == (18 if version == 1 else 20):
                connection.sendall(struct.pack("!BBHI", version, kind + 1, 8, xid))
            elif kind == 14 or (version == 1 and kind == 4 and body[:8] == struct.pack("!II", 0x2320, 13)):
                self.flow_mod = (version, kind, body)


def cells(version, kind, body):
    """head, match, actions of a flow mod."""
    if version == 1:
        assert kind == 4, "not NXM"
        cookie, command, idle, hard, priority = struct.unpack("!QHHHH", body[8:24])
        flags, match_len = struct.unpack("!HH", body[30:34])
        table, importance = command >> 8, 0
        match = body[40:40 + match_len]
        rest = body[40 + (match_len + 7) // 8 * 8:]
    else:
        cookie, _, table, _, idle, hard, priority = struct.unpack("!QQBBHHH", body[:24])
        flags, importance = struct.unpack("!HH", body[36:40])
        kind, length = struct.unpack("!HH", body[40:44])
        match = body[44:40 + length] if version > 2 else None
        rest = body[40 + (length + 7) // 8 * 8:]
    head = ",".join(map(str, [table, hex(cookie), idle, hard, priority, flags, importance]))
    return [head, "-" if match is None else match.hex() or "-", rest.hex() or "-"]


def flows():
    seen = set()

    def once(flow):
        if flow not in seen:
            seen.add(flow)
            yield flow

    for match, actions, _, _ in make_actions.FLOWS:
        yield from once(",".join(filter(None, [match, f"actions={actions}"])))
    neutron = os.path.join(HERE, "..", "neutron")
    for directory in ["notes", "node"]:
        directory = os.path.join(neutron, directory, "flows")
        for name in sorted(os.listdir(directory)):
            if name.endswith(".flows"):
                for line in open(os.path.join(directory, name)):
                    if line.strip() and not line.startswith("#"):
                        yield from once(line.strip())
    for flow in MORE:
        yield from once(flow)


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "s")
        listener = Listener(path)
        print("# Written by make_flow_mods.py, which tells the columns. ovs-ofctl 3.1.")
        lines = map(str.strip, open(sys.argv[1])) if sys.argv[1:] else flows()
        for flow in lines:
            for version in range(1, 7):
                listener.flow_mod = None
                args = ["ovs-ofctl", "-O", f"OpenFlow1{version - 1}", "--no-names"]
                if version == 1:
                    args += ["-F", "NXM+table_id"]
                done = subprocess.run(args + ["add-flow", f"unix:{path}", flow], capture_output=True)
                made = ["!", "-", "-"]
                if done.returncode == 0 and listener.flow_mod:
                    made = cells(*listener.flow_mod)
                elif done.returncode not in (0, 1):
                    made[0] = f"!{done.returncode}"
                print(version, *made, flow, sep="\t", flush=True)


if __name__ == "__main__":
    main()
