//! Ten thousand ports: what names one port stays quick, what lists them all stays correct.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use ovs::sandbox::Options;
use serde_json::{Value, json};

use crate::common::Sandbox;

const PORTS: usize = 10_000;

fn name(number: usize) -> String {
    format!("qvo{number:08x}-{:02x}", number % 256)
}

/// Writes the ports into the database in one transaction, as a client of its own; ovs-vswitchd is not
/// there to open them all.
fn fill(sandbox: &Sandbox) {
    let mut operations = vec![json!("Open_vSwitch")];
    let mut ports = Vec::new();
    for number in 1..=PORTS {
        operations.push(json!({
            "op": "insert", "table": "Interface", "uuid-name": format!("i{number}"),
            "row": {"name": name(number), "ofport": number},
        }));
        operations.push(json!({
            "op": "insert", "table": "Port", "uuid-name": format!("p{number}"),
            "row": {
                "name": name(number), "interfaces": ["named-uuid", format!("i{number}")],
                "tag": number % 4000 + 1,
            },
        }));
        ports.push(json!(["named-uuid", format!("p{number}")]));
    }
    operations.push(json!({
        "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
        "mutations": [["ports", "insert", ["set", ports]]],
    }));
    let request = json!({"method": "transact", "params": operations, "id": 1});
    let mut stream = UnixStream::connect(sandbox.db_socket()).unwrap();
    stream.write_all(request.to_string().as_bytes()).unwrap();
    let mut reply = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the server closed the connection");
        reply.extend_from_slice(&buffer[..length]);
        // Only the whole message ends so; its last member is the id or the error.
        if reply.ends_with(b"}")
            && let Ok(reply) = serde_json::from_slice::<Value>(&reply)
        {
            assert_eq!(reply["error"], Value::Null);
            let results = reply["result"].as_array().unwrap();
            assert_eq!(results.len(), 2 * PORTS + 1);
            return;
        }
    }
}

#[test]
fn ten_thousand_ports() {
    let sandbox = Sandbox::start(Options {
        vswitchd: false,
        ..Options::default()
    });
    vsctl!(sandbox, "--no-wait add-br br0");
    fill(&sandbox);

    let listed = ovs!(sandbox, "port list br0 --columns ofport,port,tag").out();
    let expected: String = (1..=PORTS)
        .map(|number| {
            [
                number.to_string(),
                name(number),
                (number % 4000 + 1).to_string(),
            ]
            .join("\t")
                + "\n"
        })
        .collect();
    // The bridge's own port has no number yet, and comes last.
    assert!(listed == expected + "-\tbr0\t-\n");

    let show: Value = serde_json::from_str(&ovs!(sandbox, "show --json").out()).unwrap();
    assert_eq!(
        show["bridges"][0]["ports"].as_array().unwrap().len(),
        PORTS + 1
    );
    ovs!(sandbox, "bridge list -g ports").prints(format!("{PORTS}\n"));
    assert_eq!(ovs!(sandbox, "tag list").out().lines().count(), 4000);

    let pair = format!("{}\t777\n", name(777));
    ovs!(sandbox, "port resolve br0 777").prints(&pair);
    ovs!(sandbox, "port resolve br0 {}", name(777)).prints(&pair);
    ovs!(sandbox, "port show br0/777 -g port").prints(&(name(777) + "\n"));
    ovs!(sandbox, "port show qvo00000309-0")
        .exits(3)
        .says_only(format!(
            "ovs: port \"qvo00000309-0\" not found (did you mean \"{}\"?)\n\
             hint: `ovs port list` lists the ports\n",
            name(0x309)
        ));
}
