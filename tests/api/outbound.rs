//! Where the vault calls, and where it does not: no address but public ones over https gets a connection, unless it is
//! opened by name. No row of these tables leaves this machine: what is refused is not tried, and what is tried is loopback.

use crate::support::answer::Answer;
use crate::support::app::{MANAGE, TestApp};
use crate::support::hook_server::{HookServer, Reply};
use hookvault::domain::outbound::OutboundPolicy;
use serde_json::{Value, json};

const HOOKS: &str = "/api/v1/inlineHooks";

fn hook(uri: &str) -> Value {
    json!({
        "name": uri.chars().take(255).collect::<String>(), "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": uri}},
    })
}

/// Hosts that are addresses, in every form that a URL has for them. Each is refused when the hook is made, and again when it
/// is called.
const ADDRESSES: [&str; 46] = [
    // Loopback: as usual, short, decimal, octal, hexadecimal, mixed, with an escape, with full-width digits and dots.
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "１２７.０.０.１",
    "127。0。0。1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    // An IPv4 address inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo.
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::10.0.0.1]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::1]",
    // This host, everybody, private and shared networks.
    "0.0.0.0",
    "0",
    "[::]",
    "255.255.255.255",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "0xc0a80101",
    "100.64.0.1",
    "[fc00::1]",
    "[fd00:ec2::254]",
    // Link-local and metadata services.
    "169.254.169.254",
    "2852039166",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "168.63.129.16",
    "100.100.100.200",
    // Benchmarks, documentation, multicast, reserved.
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "[ff02::1]",
];

/// What a name may resolve to, as a resolver of an attacker's says.
const RESOLVED: [&str; 16] = [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "::ffff:127.0.0.1",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "172.20.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "100.64.0.1",
];

fn open_to_all() -> OutboundPolicy {
    OutboundPolicy::parse("0.0.0.0/0, ::/0").unwrap()
}

async fn id(answer: Answer) -> String {
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Hooks that were made while everything was open, called by a vault for which nothing is. The listener has the port of all
/// of them on all addresses of this machine that are among them.
#[tokio::test]
async fn no_address_gets_a_connection_without_being_allowed() {
    let listener = HookServer::start_on("[::]:0", |_| Reply::Json(200, json!({}))).await;
    let port = listener.address.port();
    let open = TestApp::start_with(|config| config.outbound = open_to_all()).await;
    let closed = open.start_beside().await;
    let (maker, caller) = (open.token(MANAGE).await, closed.token(MANAGE).await);
    for (number, host) in ADDRESSES.into_iter().enumerate() {
        for scheme in ["https", "http"] {
            let uri = format!("{scheme}://{host}:{port}/");
            let refused = caller.post(HOOKS, hook(&uri)).await;
            assert_eq!(refused.failure(), "400 E0000001", "{uri}: {refused}");
            assert!(refused.cause().starts_with("channel.config.uri: The field has the address"), "{uri}: {refused}");

            let mut body = hook(&uri);
            body["name"] = json!(format!("{scheme} {number}"));
            let id = id(maker.post(HOOKS, body).await).await;
            let answer = caller.post(&format!("{HOOKS}/{id}/execute"), json!({})).await;
            assert_eq!(answer.failure(), "502 E0000134", "{uri}: {answer}");
            assert!(answer.cause().contains("is not a public one"), "{uri}: {answer}");
            // An org has room for 100.
            maker.post(&format!("{HOOKS}/{id}/lifecycle/deactivate"), json!({})).await;
            assert_eq!(maker.delete(&format!("{HOOKS}/{id}")).await.status, 204);
        }
    }
    for (number, ip) in RESOLVED.into_iter().enumerate() {
        let name = format!("hooks{number}.example.com");
        closed.names.set(&name, &[&[ip]]);
        let id = id(caller.post(HOOKS, hook(&format!("https://{name}:{port}/"))).await).await;
        let answer = caller.post(&format!("{HOOKS}/{id}/execute"), json!({})).await;
        assert_eq!(answer.failure(), "502 E0000134", "{ip}: {answer}");
        assert!(answer.cause().contains("is not a public one"), "{ip}: {answer}");
    }
    assert_eq!(listener.connections(), 0);

    // The listener would have told: where it is open, the same hook gets there.
    let id = id(maker.post(HOOKS, hook(&format!("http://127.1:{port}/"))).await).await;
    assert_eq!(maker.post(&format!("{HOOKS}/{id}/execute"), json!({})).await.status, 200);
    assert_eq!(listener.connections(), 1);
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let listener = HookServer::start(|_| Reply::Json(200, json!({}))).await;
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for (host, ip) in [("localhost", "127.0.0.1"), ("LOCALHOST.", "127.0.0.1"), ("a.localhost", "::1")] {
        app.names.set(&host.to_lowercase(), &[&[ip]]);
        let id = id(manager.post(HOOKS, hook(&format!("https://{host}:{}/", listener.address.port()))).await).await;
        let answer = manager.post(&format!("{HOOKS}/{id}/execute"), json!({})).await;
        assert!(answer.cause().contains(&format!("the address {ip} is not a public one")), "{answer}");
    }
    assert_eq!(listener.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_between_two_calls_is_judged_by_where_it_leads_now() {
    let (good, bad) = (HookServer::start_on("127.0.0.2:0", |_| Reply::Json(200, json!({}))).await, "127.0.0.1");
    let bad = HookServer::start_on(&format!("{bad}:{}", good.address.port()), |_| Reply::Json(200, json!({}))).await;
    let app = TestApp::start_with(|config| config.outbound = OutboundPolicy::parse("127.0.0.2").unwrap()).await;
    let manager = app.token(MANAGE).await;
    // https, as everywhere: the connection is made and then fails, because there is no TLS behind it.
    app.names.set("rebinding.example.com", &[&["127.0.0.2"], &["127.0.0.1"]]);
    let uri = format!("https://rebinding.example.com:{}/", good.address.port());
    let id = id(manager.post(HOOKS, hook(&uri)).await).await;
    let execute = || async { manager.post(&format!("{HOOKS}/{id}/execute"), json!({})).await.cause() };
    assert!(!execute().await.contains("is not a public one"));
    assert!(execute().await.contains("the address 127.0.0.1 is not a public one"));
    assert!(good.connections() > 0);
    // Of several addresses only those are tried that are allowed.
    app.names.set("rebinding.example.com", &[&["127.0.0.1", "127.0.0.2"]]);
    let before = good.connections();
    execute().await;
    assert!(good.connections() > before);
    assert_eq!(bad.connections(), 0);
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    const INSIDE: &str =
        "HTTP/1.1 307 x\r\nLocation: http://127.0.0.3/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = HookServer::start(|_| Reply::Raw(INSIDE)).await;
    let app = TestApp::start_with(|config| config.outbound = OutboundPolicy::default().with_loopback()).await;
    let manager = app.token(MANAGE).await;
    let id = id(manager.post(HOOKS, hook(&server.url("/"))).await).await;
    let answer = manager.post(&format!("{HOOKS}/{id}/execute"), json!({})).await;
    assert!(answer.cause().contains("it redirects (status 307), and redirects are not followed"), "{answer}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_is_opened_by_name_or_network_is_reached_and_the_token_endpoint_is_judged_alike() {
    let server = HookServer::start(|_| Reply::Json(200, json!({}))).await;
    let port = server.address.port();
    let app = TestApp::start_with(|config| config.outbound = OutboundPolicy::parse("hooks.corp").unwrap()).await;
    let manager = app.token(MANAGE).await;
    app.names.set("hooks.corp", &[&["127.0.0.1"]]);
    let open = id(manager.post(HOOKS, hook(&format!("http://hooks.corp:{port}/"))).await).await;
    assert_eq!(manager.post(&format!("{HOOKS}/{open}/execute"), json!({})).await.status, 200);
    let plain = manager.post(HOOKS, hook("http://other.corp/")).await;
    assert!(plain.cause().contains("does not begin with https://"), "{plain}");

    app.names.set("login.example.com", &[&["127.0.0.1"]]);
    let mut body = super::inline_hooks::client_secret("token");
    body["channel"]["config"]["tokenUrl"] = json!(format!("https://login.example.com:{port}/"));
    body["channel"]["config"]["uri"] = json!(format!("http://hooks.corp:{port}/"));
    let id = id(manager.post(HOOKS, body).await).await;
    let answer = manager.post(&format!("{HOOKS}/{id}/execute"), json!({})).await;
    assert!(answer.cause().contains("the token endpoint https://login.example.com"), "{answer}");
    assert!(answer.cause().contains("is not a public one"), "{answer}");
    assert_eq!(server.connections(), 1);
}
