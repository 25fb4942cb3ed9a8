//! Messages written to a real switch, in a bundle and one by one; what it holds afterwards is counted by ovs-ofctl.

use std::time::Duration;

use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::session::{Atomicity, Session, WriteError, Written};
use ovs::openflow::text::NoNames;
use ovs::openflow::version::{Version, Versions};
use ovs::transport::Endpoint;

use crate::common::Sandbox;
use crate::common::openflow::entries;

const BRIDGE: &str = "add-br br0 -- set bridge br0 fail_mode=secure \
    protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15";

const WITH_BUNDLES: [Version; 3] = [Version::V13, Version::V14, Version::V15];

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

async fn session(sandbox: &Sandbox, version: Version) -> Session {
    let endpoint = Endpoint::Unix(sandbox.run_dir().join("br0.mgmt"));
    let offer: Versions = [version].into_iter().collect();
    let limit = Some(Duration::from_secs(20));
    Session::connect(&endpoint, offer, limit).await.unwrap()
}

/// The message that adds the flow.
fn add(text: &str, version: Version) -> Vec<u8> {
    let change = FlowChange::parse(text, FlowCommand::Add, &NoNames, version).unwrap();
    change.message(0).unwrap()
}

/// Writes the flows until the switch refuses one.
async fn write(
    session: &mut Session,
    how: Atomicity,
    flows: impl Iterator<Item = String>,
) -> Result<Written, WriteError<()>> {
    let version = session.version();
    let written = session.write(how, async |outbox| {
        for flow in flows {
            if !outbox.put(|_| Ok(add(&flow, version))).await? {
                break;
            }
        }
        Ok(())
    });
    written.await
}

fn flows(sandbox: &Sandbox) -> Vec<String> {
    let words = ["-O", "OpenFlow15", "--no-stats", "dump-flows", "br0"];
    entries(&sandbox.ofctl(&words))
}

fn many(count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("priority={number},ip,nw_dst=10.0.0.1,actions=output:1"))
}

#[test]
fn a_bundle_takes_effect_as_a_whole() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in WITH_BUNDLES {
        let written = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            let first = write(&mut session, Atomicity::Bundle, many(5000)).await;
            assert_eq!(first.unwrap().sent, 5000);
            // The same connection takes the next bundle.
            let next = ["priority=7777,actions=drop".to_owned()];
            write(&mut session, Atomicity::Bundle, next.into_iter()).await
        });
        let written = written.unwrap();
        assert_eq!((written.sent, written.accepted()), (1, 1), "{version}");
        assert_eq!(flows(&sandbox).len(), 5001, "{version}");
        sandbox.ofctl(&["-O", "OpenFlow15", "del-flows", "br0"]);
    }
}

#[test]
fn a_refused_message_is_named_and_nothing_changes() {
    let sandbox = Sandbox::with(BRIDGE);
    // At the commit the group is missed; an option without a mapping is refused when the message comes.
    for (bad, name) in [
        ("priority=1,actions=group:77", "OFPBAC_BAD_OUT_GROUP"),
        ("tun_metadata7=5,actions=drop", "NXFMFC_INVALID_TLV_FIELD"),
    ] {
        for version in WITH_BUNDLES {
            for count in [0, 3000] {
                let flows_with_bad = many(count).chain([bad.to_owned()]).chain(many(3000));
                let (error, next) = runtime().block_on(async {
                    let mut session = session(&sandbox, version).await;
                    let error = write(&mut session, Atomicity::Bundle, flows_with_bad).await;
                    // The connection can be used afterwards.
                    let next = session.write(Atomicity::Bundle, async |_| Ok::<(), ()>(()));
                    (error.unwrap_err(), next.await)
                });
                let WriteError::Refused { index, error } = error else {
                    panic!("{version}: {error:?}");
                };
                assert_eq!(index, Some(count), "{version}: {error}");
                assert_eq!(error.name, Some(name), "{version}");
                assert_eq!(next.unwrap(), Written::default());
                assert_eq!(flows(&sandbox), [""; 0], "{version}");
            }
        }
    }
}

#[test]
fn a_producer_that_fails_leaves_nothing_of_a_bundle() {
    let sandbox = Sandbox::with(BRIDGE);
    for (how, kept) in [(Atomicity::Bundle, 0), (Atomicity::Each, 2000)] {
        let error = runtime().block_on(async {
            let mut session = session(&sandbox, Version::V14).await;
            let written = session.write(how, async |outbox| {
                for flow in many(2000) {
                    outbox
                        .put(|_| Ok::<_, &str>(add(&flow, Version::V14)))
                        .await?;
                }
                Err("line 2001")
            });
            written.await.unwrap_err()
        });
        let WriteError::Producer { error, written } = error else {
            panic!("{error:?}");
        };
        assert_eq!((error, written.accepted()), ("line 2001", kept));
        assert_eq!(flows(&sandbox).len(), kept);
    }
}

#[test]
fn no_bundles_before_1_3() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in [Version::V10, Version::V11, Version::V12] {
        let error = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            write(&mut session, Atomicity::Bundle, many(1)).await
        });
        let error = error.unwrap_err();
        assert!(
            matches!(error, WriteError::NoBundles(v) if v == version),
            "{error:?}"
        );
    }
    assert_eq!(flows(&sandbox), [""; 0]);
}

#[test]
fn one_by_one_stops_at_a_refusal() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in Version::ALL {
        // The last table is the switch's own.
        let bad = "table=254,actions=drop";
        let flows_with_bad = many(1000)
            .chain([bad.to_owned()])
            .chain(many(40_000).skip(1000));
        let written = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            write(&mut session, Atomicity::Each, flows_with_bad).await
        });
        let written = written.unwrap();
        let [(1000, _)] = written.refused.as_slice() else {
            panic!("{version}: {written:?}");
        };
        assert!(written.sent < 30_000, "{version}: {}", written.sent);
        assert_eq!(written.accepted(), flows(&sandbox).len(), "{version}");
        sandbox.ofctl(&["-O", "OpenFlow15", "del-flows", "br0"]);
    }
}

#[test]
fn openflow_1_0_writes_to_the_table() {
    let sandbox = Sandbox::with(BRIDGE);
    // In both encodings of a match.
    let both = [
        "table=3,actions=drop",
        "table=4,reg1=1,actions=drop",
        "table=0,actions=drop",
    ];
    let written = runtime().block_on(async {
        let mut session = session(&sandbox, Version::V10).await;
        write(
            &mut session,
            Atomicity::Each,
            both.map(str::to_owned).into_iter(),
        )
        .await
    });
    assert_eq!(written.unwrap().accepted(), 3);
    let found = flows(&sandbox).join("\n");
    assert!(found.contains("table=3,"), "{found}");
    assert!(found.contains("table=4, reset_counts reg1=0x1"), "{found}");
}
