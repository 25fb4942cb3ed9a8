//! The database client against a real ovsdb-server, and against a peer that misbehaves.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ovs::ovsdb::client::OPEN_VSWITCH;
use ovs::ovsdb::operation::Columns;
use ovs::ovsdb::{Atom, Client, Datum, Error, Function, Mutator, Operation, Outcome, Select, Uuid};
use ovs::sandbox::Options;
use ovs::transport::framing::MAX_NESTING;
use ovs::transport::{ConnectErrorKind, Connection, Endpoint, Patience, json_rpc};
use ovsdb_client::rpc::RpcClient;
use ovsdb_client::schema::MonitorRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::common::Sandbox;
use crate::common::server::until;

const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// A private ovsdb-server without ovs-vswitchd, and a client of it.
async fn server() -> (Sandbox, Client) {
    let server = Sandbox::start(Options {
        vswitchd: false,
        ..Options::default()
    });
    let endpoint = Endpoint::Unix(server.db_socket());
    let client = Client::connect(&endpoint, LIMIT).await.unwrap();
    (server, client)
}

#[tokio::test]
async fn a_real_server_answers() {
    let (server, client) = server().await;
    let mut databases = client.list_databases().await.unwrap();
    databases.sort();
    assert_eq!(databases, ["Open_vSwitch", "_Server"]);
    let schema = client.schema(OPEN_VSWITCH).await.unwrap();
    assert!(schema.tables["Port"].columns.contains_key("tag"));

    vsctl!(
        server,
        "--no-wait add-br br-int -- add-port br-int p1 tag=5"
    );
    let selects = vec![
        Select::columns("Bridge", &["_uuid", "name", "ports"]),
        Select::columns("Port", &["_uuid", "name", "tag"]).when("name", Function::Equal, "p1"),
        Select::columns("Port", &["name"]).when("name", Function::Equal, "nope"),
    ];
    let answers = client.select(OPEN_VSWITCH, selects).await.unwrap();
    let [bridges, ports, none] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(bridges[0].string("name").unwrap(), "br-int");
    assert_eq!(bridges[0].uuids("ports").unwrap().len(), 2);
    assert_eq!(ports[0].optional_integer("tag").unwrap(), Some(5));
    let uuid = vsctl!(server, "--no-wait get Port p1 _uuid");
    assert_eq!(ports[0].uuid("_uuid").unwrap().to_string(), uuid.trim());
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_real_server_refuses() {
    let (_server, client) = server().await;
    let error = client.schema("nodb").await.map(|_| ()).unwrap_err();
    let Error::Rpc(rpc) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(rpc.error, "unknown database");
    assert!(rpc.details.as_deref().unwrap().contains("nodb"));

    let operations = [
        Operation::Comment {
            comment: "trying".into(),
        },
        Select::columns("Bridge", &["nope"]).into(),
        Select::columns("Port", &["name"]).into(),
    ];
    let error = client
        .transact(OPEN_VSWITCH, &operations)
        .await
        .unwrap_err();
    let Error::Operation(refused) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(refused.index, Some(1));
    assert_eq!(
        error.to_string(),
        "the database refused: select from Bridge: syntax error: nope is not a valid column name"
    );

    // A row that the commit finds missing.
    let operation = Operation::Mutate {
        table: "Open_vSwitch".into(),
        when: Vec::new(),
        mutations: vec![("bridges".into(), Mutator::Insert, Uuid(1).into())],
    };
    let error = client.transact(OPEN_VSWITCH, &[operation]).await;
    let Err(Error::Operation(refused)) = &error else {
        panic!("{error:?}")
    };
    assert_eq!((refused.index, &*refused.operation), (None, "commit"));
    assert_eq!(refused.error, "referential integrity violation");

    // The connection survives all of it.
    let comment = &operations[..1];
    let done = client.transact(OPEN_VSWITCH, comment).await.unwrap();
    assert_eq!(done, [Outcome::Done]);
}

#[tokio::test]
async fn the_rpc_trait_is_callable() {
    let (server, client) = server().await;
    let request = MonitorRequest {
        columns: Some(vec!["next_cfg".into()]),
        select: None,
    };
    let requests = HashMap::from([("Open_vSwitch".to_owned(), request)]);
    let initial = client.rpc().monitor(OPEN_VSWITCH, None, requests);
    let initial = client.answer(initial).await.unwrap();
    let row = initial["Open_vSwitch"].values().next().unwrap();
    assert!(row["new"]["next_cfg"].is_i64());
    // An update arrives and disturbs nothing.
    vsctl!(server, "--no-wait set Open_vSwitch . next_cfg=7");
    let rows = vec![Select::columns("Open_vSwitch", &["next_cfg"])];
    let rows = client.select(OPEN_VSWITCH, rows).await.unwrap();
    assert_eq!(rows[0][0].integer("next_cfg").unwrap(), 7);
}

/// Inserts of one bridge with `count` ports, each with its interface.
fn many_ports(count: usize) -> Vec<Operation> {
    let insert = |table: &str, name: String, row: Vec<(&str, Datum)>| Operation::Insert {
        table: table.into(),
        row: Columns(row.into_iter().map(|(c, d)| (c.to_owned(), d)).collect()),
        uuid_name: Some(name),
    };
    let named = |name: String| Atom::NamedUuid(name);
    let ports = Datum::set((0..count).map(|n| named(format!("p{n}"))));
    let bridge = vec![("name", "br-int".into()), ("ports", ports)];
    let switch = Operation::Mutate {
        table: "Open_vSwitch".into(),
        when: Vec::new(),
        mutations: vec![("bridges".into(), Mutator::Insert, named("b".into()).into())],
    };
    (0..count)
        .flat_map(|n| {
            let name = format!("qvo{n}");
            let interface = vec![
                ("name", name.clone().into()),
                ("type", "internal".into()),
                ("external_ids", Datum::map([("iface-id", "x{}\"")])),
            ];
            let port = vec![
                ("name", name.into()),
                ("interfaces", named(format!("i{n}")).into()),
            ];
            [
                insert("Interface", format!("i{n}"), interface),
                insert("Port", format!("p{n}"), port),
            ]
        })
        .chain([insert("Bridge", "b".into(), bridge), switch])
        .collect()
}

#[tokio::test]
async fn ten_thousand_interfaces() {
    const COUNT: usize = 10_000;
    const COLUMNS: [&str; 13] = [
        "_uuid",
        "name",
        "type",
        "ofport",
        "ofport_request",
        "error",
        "admin_state",
        "link_state",
        "mac_in_use",
        "mtu",
        "options",
        "status",
        "external_ids",
    ];
    let (_server, client) = server().await;
    let inserts = many_ports(COUNT);
    client.transact(OPEN_VSWITCH, &inserts).await.unwrap();
    let begun = Instant::now();
    let selects = vec![Select::columns("Interface", &COLUMNS)];
    let rows = client.select(OPEN_VSWITCH, selects).await.unwrap();
    println!("{COUNT} interfaces in {:?}", begun.elapsed());
    assert_eq!(rows[0].len(), COUNT);
    let ids = rows[0][0].map("external_ids").unwrap();
    assert_eq!(ids["iface-id"], "x{}\"");
}

/// What ovsdb-server 3.1 sent for `{"method":"list_dbs","params":[],"id":0}`.
const REPLY: &str = r#"{"id":0,"result":["Open_vSwitch","_Server"],"error":null}"#;
/// What it sends to a client that was silent for five seconds.
const ECHO: &str = r#"{"id":"echo","method":"echo","params":[]}"#;
const ECHO_ANSWER: &str = r#"{"id":"echo","result":[],"error":null}"#;
/// What no client answers but with an error.
const STEAL: &str = r#"{"id":1,"method":"steal","params":[]}"#;
const STEAL_ANSWER: &str = r#"{"id":1,"result":null,"error":"unknown method"}"#;

const SOON: Duration = Duration::from_secs(1);

/// A peer that hears one request, then does what the test says; and where it listens.
fn peer<F, Fut>(act: F) -> (Endpoint, JoinHandle<String>)
where
    F: FnOnce(UnixStream, String) -> Fut + Send + 'static,
    Fut: Future<Output = String> + Send + 'static,
{
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(dir);
        let heard = hear(&mut stream).await;
        act(stream, heard).await
    });
    (Endpoint::Unix(path), peer)
}

/// Asks a peer for its databases; once it has heard that, it does what the test says.
async fn ask<F, Fut>(act: F) -> (Result<Vec<String>, Error>, JoinHandle<String>)
where
    F: FnOnce(UnixStream) -> Fut + Send + 'static,
    Fut: Future<Output = String> + Send + 'static,
{
    let (endpoint, peer) = peer(|stream, heard| async move {
        assert_eq!(heard, r#"{"method":"list_dbs","params":[],"id":0}"#);
        act(stream).await
    });
    let client = Client::connect(&endpoint, Some(SOON)).await;
    (client.unwrap().list_databases().await, peer)
}

/// What comes in one read.
async fn hear(stream: &mut UnixStream) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// The answer when the peer sends these pieces, a moment apart, and then waits for us to go.
async fn after(pieces: &[&str]) -> Result<Vec<String>, Error> {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|p| p.as_bytes().to_vec()).collect();
    let (answer, _) = ask(|mut stream| async move {
        for piece in pieces {
            stream.write_all(&piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        hear(&mut stream).await
    })
    .await;
    answer
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let bytes: Vec<String> = REPLY.chars().map(String::from).collect();
    let pieces: Vec<&str> = bytes.iter().map(String::as_str).collect();
    assert_eq!(after(&pieces).await.unwrap(), ["Open_vSwitch", "_Server"]);
}

#[tokio::test]
async fn slow_but_steady_is_progress() {
    // Longer in all than the limit, never silent that long.
    let begun = Instant::now();
    let (answer, _) = ask(|mut stream| async move {
        for piece in REPLY.as_bytes().chunks(4) {
            stream.write_all(piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        String::new()
    })
    .await;
    assert_eq!(answer.unwrap().len(), 2);
    assert!(begun.elapsed() > SOON);
}

#[tokio::test]
async fn two_messages_in_one_read() {
    let update = r#"{"id":null,"method":"update","params":[null,{}]}"#;
    let both = format!("{update}{REPLY}");
    assert_eq!(after(&[&both]).await.unwrap().len(), 2);
    let (one, two) = both.split_at(60);
    assert_eq!(after(&[one, two]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_request_of_the_server_is_answered_wherever_it_comes() {
    let glued = format!("{ECHO}{REPLY}");
    let (begin, end) = glued.split_at(70);
    let pieces = |pieces: &[&str]| pieces.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
    for (pieces, expected) in [
        (pieces(&[&glued]), ECHO_ANSWER),
        (pieces(&[ECHO, REPLY]), ECHO_ANSWER),
        (pieces(&[begin, end]), ECHO_ANSWER),
        (pieces(&[STEAL, REPLY]), STEAL_ANSWER),
    ] {
        let (answer, peer) = ask(|mut stream| async move {
            let mut pieces = pieces.into_iter();
            stream
                .write_all(pieces.next().unwrap().as_bytes())
                .await
                .unwrap();
            let heard = hear(&mut stream).await;
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
            }
            heard
        })
        .await;
        assert_eq!(answer.unwrap().len(), 2);
        assert_eq!(peer.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn error_replies_keep_their_words() {
    let answer = after(&[r#"{"id":0,"error":"unknown method"}"#]).await;
    let Err(Error::Rpc(rpc)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((rpc.error.as_str(), rpc.details), ("unknown method", None));
    let object =
        r#"{"syntax":"[\"nodb\"]","details":"unknown database nodb","error":"unknown database"}"#;
    let answer = after(&[&format!("{{\"id\":0,\"error\":{object}}}")]).await;
    let Err(Error::Rpc(rpc)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(rpc.json, object);
    assert_eq!(rpc.to_string(), "unknown database: unknown database nodb");
}

#[tokio::test]
async fn silence_times_out_and_echoes_are_no_progress() {
    for noise in ["", ECHO, "\n"] {
        let begun = Instant::now();
        let (answer, _) = ask(move |mut stream| async move {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if stream.write_all(noise.as_bytes()).await.is_err() {
                    return String::new();
                }
            }
        })
        .await;
        assert!(matches!(answer, Err(Error::TimedOut(_))), "{answer:?}");
        assert!(begun.elapsed() < SOON * 10);
    }
}

#[tokio::test]
async fn a_closed_connection_is_reported() {
    for (sent, in_message) in [("", false), (REPLY.split_at(20).0, true), (ECHO, false)] {
        let (answer, _) = ask(move |mut stream| async move {
            stream.write_all(sent.as_bytes()).await.unwrap();
            String::new()
        })
        .await;
        let Err(Error::Closed { in_message: said }) = answer else {
            panic!("{sent}: {answer:?}")
        };
        assert_eq!(said, in_message, "{sent}");
    }
}

#[tokio::test]
async fn what_is_not_ovsdb_is_said_to_be_none() {
    let deep = format!("{{\"id\":0,\"result\":{}", "[".repeat(MAX_NESTING));
    for (sent, words) in [
        ("garbage", "it sent \"garbage\""),
        (
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
            "it sent \"HTTP/1.1 400 Bad Request\\r\\nConnection: c",
        ),
        (deep.as_str(), "nested more than"),
        ("{\"id\":0,]", "not JSON-RPC"),
        (r#"{"id":0,"result":5,"error":null}"#, "a malformed reply"),
        (
            r#"{"id":7,"result":[],"error":null}"#,
            "a request that was not sent",
        ),
        (
            r#"{"id":"0","result":[],"error":null}"#,
            "a request that was not sent",
        ),
        (r#"{"result":[],"error":null}"#, "reply to no request"),
        (
            r#"{"error":"x","id":null}"#,
            "an error without a request: \"x\"",
        ),
        (r#"{"id":1,"id":2}"#, "duplicate field"),
    ] {
        let answer = after(&[sent]).await;
        let Err(Error::Protocol(said)) = &answer else {
            panic!("{sent}: {answer:?}")
        };
        assert!(said.contains(words), "{sent}: {said}");
    }
}

#[tokio::test]
async fn malformed_replies_to_a_transaction() {
    for (result, words) in [
        ("null", "a malformed reply"),
        ("{}", "a malformed reply"),
        ("[]", "0 replies to 1 operations"),
        ("[null]", "no outcome in the reply to select from Port"),
        ("[{}]", "no rows in the reply to select from Port"),
        (r#"[{"rows":[5]}]"#, "expected a row"),
        (
            r#"[{"rows":[{"tag":null}]}]"#,
            "column \"tag\": invalid type",
        ),
        (
            r#"[{"rows":[{"tag":1,"name":"a","tag":2}]}]"#,
            "column \"tag\" is there twice",
        ),
        (
            r#"[{"rows":[{"_uuid":["uuid","x"]}]}]"#,
            "\"x\" is not a UUID",
        ),
        (
            r#"[{"rows":[{"tag":["set",[["set",[]]]]}]}]"#,
            "a set where",
        ),
    ] {
        let reply = format!(r#"{{"id":0,"result":{result},"error":null}}"#);
        let (endpoint, _) = peer(|mut stream, heard| async move {
            assert_eq!(
                heard,
                r#"{"method":"transact","params":["Open_vSwitch",{"op":"select","table":"Port","where":[],"columns":["tag"]}],"id":0}"#
            );
            stream.write_all(reply.as_bytes()).await.unwrap();
            hear(&mut stream).await
        });
        let client = Client::connect(&endpoint, Some(SOON)).await.unwrap();
        let selects = vec![Select::columns("Port", &["tag"])];
        let answer = client.select(OPEN_VSWITCH, selects).await;
        let Err(Error::Protocol(said)) = &answer else {
            panic!("{result}: {answer:?}")
        };
        assert!(said.contains(words), "{result}: {said}");
    }
}

#[tokio::test]
async fn a_missing_socket_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Unix(dir.path().join("db.sock"));
    let error = Client::connect(&endpoint, LIMIT).await.map(|_| ());
    let Err(Error::Connect(error)) = error else {
        panic!("{error:?}")
    };
    assert!(matches!(error.kind, ConnectErrorKind::NotFound));
    assert_eq!(
        error.to_string(),
        format!("cannot connect to {endpoint}: the socket does not exist")
    );
}

/// ovs-appctl(8): the method is the command, the parameters are its arguments, result and error are texts.
#[tokio::test]
async fn a_control_socket_answers() {
    let sandbox = Sandbox::empty();
    let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let socket = format!("ovs-vswitchd.{}.ctl", pid.trim());
    let endpoint = Endpoint::Unix(sandbox.run_dir().join(socket));
    let stream = endpoint.connect(LIMIT).await.unwrap();
    let connection = Connection::new(stream, Patience::new(LIMIT));
    let call = async |command: &str, arguments: &[&str]| {
        let text = |json: &str| serde_json::from_str::<String>(json).unwrap();
        match connection.call(command, &arguments).await {
            Ok(result) => Ok(text(result.get())),
            Err(json_rpc::Error::Refused(error)) => Err(text(error.get())),
            Err(error) => panic!("{error}"),
        }
    };
    let commands = call("list-commands", &[]).await.unwrap();
    assert!(commands.contains("\n  ofproto/trace "), "{commands}");
    // Several at once, and one that is refused among them.
    let (version, refused, unknown) = tokio::join!(
        call("version", &[]),
        call("bond/show", &["no\"such"]),
        call("nope", &[]),
    );
    assert!(version.unwrap().starts_with("ovs-vswitchd (Open vSwitch)"));
    assert_eq!(refused.unwrap_err().trim_end(), "no such bond");
    assert!(
        unknown
            .unwrap_err()
            .starts_with("\"nope\" is not a valid command")
    );
}

/// ovsdb-server since 3.2 keeps the initial rows of a monitor while any client has one with the same columns.
#[tokio::test]
async fn tables_are_as_they_are_now_while_others_read_the_same() {
    let (server, first) = server().await;
    let endpoint = Endpoint::Unix(server.db_socket());
    let second = Client::connect(&endpoint, LIMIT).await.unwrap();
    let names = async |client: &Client| {
        let select = vec![Select::columns("Bridge", &["name"])];
        let tables = client.tables(OPEN_VSWITCH, select).await.unwrap();
        let names = tables[0].iter().map(|row| row.string("name").unwrap());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&first).await, [""; 0]);
    vsctl!(server, "--no-wait add-br br0");
    assert_eq!(names(&second).await, ["br0"]);
    vsctl!(server, "--no-wait del-br br0");
    assert_eq!(names(&second).await, [""; 0]);
}

/// ovsdb-server sends an echo to a client that was silent for the probe interval, and closes the connection when
/// as long passes without a reply. The second echo is sent after a reply to the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_real_server_does_not_hang_up_on_a_silent_client() {
    let (server, _) = server().await;
    let socket = server.run_dir().join("probed.sock");
    let target = format!("punix:{}", socket.display());
    // The shortest interval that it accepts, in milliseconds.
    vsctl!(
        server,
        "--no-wait set-manager {target} -- set Manager {target} inactivity_probe=1000"
    );
    for command in [
        "ovsdb-server/add-remote db:Open_vSwitch,Open_vSwitch,manager_options",
        "vlog/set jsonrpc:file:dbg",
    ] {
        appctl!(server, "-t ovsdb-server {command}");
    }
    until("the server listens", || socket.exists());
    let endpoint = Endpoint::Unix(socket);
    let client = Client::connect(&endpoint, LIMIT).await.unwrap();
    until("it was probed twice", || {
        let log = std::fs::read_to_string(server.run_dir().join("ovsdb-server.log")).unwrap();
        log.matches("send request, method=\"echo\"").count() >= 2
    });
    assert_eq!(client.list_databases().await.unwrap().len(), 2);
}
