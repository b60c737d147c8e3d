//! Input that is wrong: each gets a clear error in the one form, and nothing is lost.

use crate::support::answer::Answer;
use crate::support::app::{Caller, MANAGE, TestApp};
use crate::support::raw::{Then, exchange};
use crate::support::reseal::reseal;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

async fn post(caller: &Caller<'_>, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    caller.send(Method::POST, KEYS, Some((media_type, body.into()))).await
}

async fn post_json(caller: &Caller<'_>, body: impl Into<Vec<u8>>) -> Answer {
    post(caller, "application/json", body).await
}

#[tokio::test]
async fn names_that_break_a_rule_are_refused_with_the_rule() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for blank in
        [json!({}), json!({"name": null}), json!({"name": ""}), json!({"name": " \t\u{a0}"}), json!({"Name": "a"})]
    {
        let answer = manager.post(KEYS, blank.clone()).await;
        assert_eq!(answer.failure(), "400 E0000001", "{blank}");
        assert_eq!(answer.cause(), "name: The field cannot be left blank", "{blank}");
    }
    assert_snapshot!(manager.post(KEYS, json!({"name": "x".repeat(256)})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorLink":"E0000001","errorId":"oaerYi5Foh0L4ItU9ABvid3Ug","errorCauses":[{"errorSummary":"name: The field is too long"}]}"#);
    assert_snapshot!(manager.post(KEYS, json!({"name": "a\u{0}b"})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorLink":"E0000001","errorId":"oaeDjN2vCgEHTEryAre_DS4Jg","errorCauses":[{"errorSummary":"name: The field cannot contain control characters"}]}"#);
    for control in ["a\nb", "\u{1b}[31m", "a\u{7f}", "a\u{9f}"] {
        assert_eq!(manager.post(KEYS, json!({"name": control})).await.failure(), "400 E0000001", "{control:?}");
    }
    assert_eq!(manager.get(KEYS).await.body, "[]", "nothing was made");
}

#[tokio::test]
async fn a_name_that_shows_nothing_is_blank_and_one_that_is_there_already_is_still_read() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for nothing in ["\u{200b}", "\u{feff}\u{200d}", "\u{3164}"] {
        let answer = manager.post(KEYS, json!({"name": nothing})).await;
        assert_eq!(answer.cause(), "name: The field cannot be left blank", "{nothing:?}");
    }
    let key = manager.create("a").await;
    let mut other = app.other_program().await;
    sqlx::query("UPDATE hook_key SET name = '\u{200b}'").execute(&mut other).await.unwrap();
    reseal(&mut other, "hook_key").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    assert_eq!(manager.get(&path).await.json()["name"], "\u{200b}");
    assert_eq!(manager.get("/vault/v1/hook-keys/%E2%80%8B/references").await.body, "[]", "it is found by that name");
    assert_eq!(manager.put(&path, json!({"name": "b"})).await.json()["name"], "b");
}

#[tokio::test]
async fn a_private_key_is_refused_and_not_answered_with_another_one() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let jwk = |member: &str| json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", member: "c2VjcmV0"});
    for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        let mut body = jwk(member);
        body["name"] = json!("mine");
        for body in [body, json!({"name": "mine", "_embedded": {"keys": [jwk(member)]}})] {
            let answer = manager.post(KEYS, body).await;
            assert_eq!(
                (answer.failure().as_str(), answer.body.contains("c2VjcmV0")),
                ("400 E0000001", false),
                "{answer}"
            );
            assert!(answer.cause().starts_with(&format!("{member}: The field holds a private key")), "{answer}");
        }
    }
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n";
    assert_snapshot!(manager.post(KEYS, json!({"name": "mine", "key": {"pem": pem}})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: body","errorLink":"E0000001","errorId":"oaeyeuTkpyswXYGzWP_N7UaJA","errorCauses":[{"errorSummary":"body: The field holds a private key or a part of one, and the vault makes its keys itself: send the name alone, and use that key no more, since it was sent"}]}"#);
    assert_eq!(manager.get(KEYS).await.body, "[]", "nothing was made");
    // What clients echo has no private half.
    let key = manager.create("made here").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    assert_eq!(manager.put(&path, key).await.status, 200);
    assert_eq!(manager.put(&path, json!({"name": "mine", "_embedded": jwk("d")})).await.failure(), "400 E0000001");
}

#[tokio::test]
async fn names_that_are_unusual_come_back_as_they_were_sent() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let names =
        ["🔑 👩‍👩‍👧", "مفتاح\u{200f}", "a\u{202e}b", "</script>", "'; DROP TABLE hook_key; --", "\"\\/", &"é".repeat(255)];
    for name in names {
        assert_eq!(manager.create(name).await["name"], name);
    }
    let listed = manager.get(KEYS).await.json();
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(listed, names);
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let deep = format!(r#"{{"name":"a","more":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"name\"",
        br#"{"name":"a"} {"name":"b"}"#,
        br#"{"name":"a",}"#,
        b"{\"name\":\"\xff\xfe\"}",
        br#"{"name":"\ud800"}"#,
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = post_json(&manager, body).await;
        assert_eq!(answer.failure(), "400 E0000003", "{:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
        assert!(!answer.cause().is_empty(), "{answer}");
    }
    assert_snapshot!(post_json(&manager, "").await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaeUa6D4WvTk9sKV33NDk90tw","errorCauses":[{"errorSummary":"The request body is empty."}]}"#);
    assert_snapshot!(post_json(&manager, "[]").await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaexWLo1PXffBb86j9lMrQ0-A","errorCauses":[{"errorSummary":"The request body is not a JSON object: it is not an object"}]}"#);
    assert_snapshot!(post_json(&manager, deep).await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaeB4SdcFCjg_sKdGoPCOjq4Q","errorCauses":[{"errorSummary":"The request body is not a JSON object: recursion limit exceeded at line 1 column 146"}]}"#);
    assert_snapshot!(post_json(&manager, r#"{"name":"\ud800"}"#).await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oae7_yK3r4WhEKK10EifWOk_Q","errorCauses":[{"errorSummary":"The request body is not a JSON object: a lone surrogate is half of a pair, and no character at line 1 column 16"}]}"#);
    for half in [r"\ud800", r"\ud83d\n", r"\ud83d\u0041", r"\udc00", r"\udc00\ud800", r"\ud800 \udc00"] {
        let cause = post_json(&manager, format!(r#"{{"name":"a{half}"}}"#)).await.cause();
        assert!(
            cause.contains("a lone surrogate is half of a pair, and no character at line 1 column "),
            "{half} {cause}"
        );
    }
    assert_eq!(manager.get(KEYS).await.body, "[]", "nothing was made");
    assert_eq!(post_json(&manager, r#"{"name":"\ud83d\udd11"}"#).await.json()["name"], "🔑");
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    assert_snapshot!(manager.post(KEYS, json!({"name": 7})).await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"name: invalid type: integer, expected a string"}]}"#);
    assert_eq!(manager.post(KEYS, json!({"name": {"name": "a"}})).await.failure(), "400 E0000003");
    assert_eq!(manager.post(KEYS, json!({"name": true})).await.failure(), "400 E0000003");
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let body = r#"{"name":"a"}"#;
    assert_snapshot!(post(&manager, "text/plain", body).await.brief(), @r#"400 {"errorCode":"E0000021","errorSummary":"Bad request. Accept and/or Content-Type headers likely do not match supported values.","errorLink":"E0000021","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"Send a body with `Content-Type: application/json`, in UTF-8."}]}"#);
    for media_type in ["application/x-www-form-urlencoded", "application/jsonp", "application/xml", ""] {
        assert_eq!(post(&manager, media_type, body).await.failure(), "400 E0000021", "{media_type}");
    }
    assert_eq!(post(&manager, "Application/JSON; charset=utf-8", body).await.status, 200);
}

#[tokio::test]
async fn a_body_in_another_charset_is_refused_and_not_read_as_utf_8() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let body = r#"{"name":"a"}"#;
    assert_snapshot!(post(&manager, "application/json; charset=utf-16", body).await.brief(), @r#"400 {"errorCode":"E0000021","errorSummary":"Bad request. Accept and/or Content-Type headers likely do not match supported values.","errorLink":"E0000021","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"Send a body with `Content-Type: application/json`, in UTF-8."}]}"#);
    for charset in ["iso-8859-1", "UTF-16LE", "utf-7", "\"utf-32\"", "", "utf-8; charset=utf-16"] {
        let media_type = format!("application/json;charset={charset}");
        assert_eq!(post(&manager, &media_type, body).await.failure(), "400 E0000021", "{charset}");
    }
    assert_eq!(manager.get(KEYS).await.body, "[]", "nothing was made");
    for (name, parameter) in
        ["charset=UTF-8", "Charset = \"utf-8\"", "charset=us-ascii", "profile=\"a\"", ""].iter().enumerate()
    {
        let body = format!(r#"{{"name":"{name}"}}"#);
        assert_eq!(post(&manager, &format!("application/json; {parameter}"), body).await.status, 200, "{parameter}");
    }
    // A form has none, and old clients say the one of their platform: what it holds is ASCII (RFC 6749, appendix B).
    let form = ("application/x-www-form-urlencoded; charset=ISO-8859-1", "grant_type=password".into());
    let answer = app.anon().send(Method::POST, "/oauth2/v1/token", Some(form)).await;
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused_and_one_at_the_limit_is_read() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let body = |size: usize| {
        let frame = r#"{"name":"a","more":""}"#.len();
        format!(r#"{{"name":"a","more":"{}"}}"#, "x".repeat(size - frame))
    };
    assert_eq!(post_json(&manager, body(64 * 1024)).await.status, 200);
    assert_snapshot!(post_json(&manager, body(64 * 1024 + 1)).await.brief(), @r#"413 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[{"errorSummary":"The request body is larger than 65536 bytes."}]}"#);
    // Without a declared length it is counted on the way.
    let mut chunked = format!(
        "POST {KEYS} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        app.new_token(None, MANAGE).await
    );
    chunked.push_str(&format!("{:x}\r\n{}\r\n0\r\n\r\n", 65 * 1024, "x".repeat(65 * 1024)));
    let answer = exchange(app.address, chunked.into_bytes(), Then::Wait).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found_and_named_as_it_was_sent() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    assert_snapshot!(manager.get(&format!("{KEYS}/HKY00000000000000000")).await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: HKY00000000000000000 (HookKey)","errorLink":"E0000007","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[]}"#);
    for (sent, shown) in [
        ("none", "none"),
        ("a%2Fb", "a/b"),
        ("%2e%2e%2f", "../"),
        ("a%2541", "a%41"),
        ("%00", "\0"),
        ("a%20b+c", "a b+c"),
        ("%F0%9F%94%91", "🔑"),
        ("public", "public"),
    ] {
        let answer = manager.get(&format!("{KEYS}/{sent}")).await;
        assert_eq!(answer.failure(), "404 E0000007", "{sent}");
        let summary = format!("Not found: Resource not found: {shown} (HookKey)");
        assert_eq!(answer.json()["errorSummary"], Value::from(summary), "{sent}");
    }
    for sent in ["%ff%fe", &"x".repeat(8000), &key["id"].as_str().unwrap().to_lowercase()] {
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(manager.send(method, &format!("{KEYS}/{sent}"), None).await.failure(), "404 E0000007", "{sent}");
        }
        assert_eq!(manager.put(&format!("{KEYS}/{sent}"), json!({"name": "b"})).await.failure(), "404 E0000007");
    }
    // A percent escape of a letter is that letter (RFC 3986, clause 2.3).
    let escaped = key["id"].as_str().unwrap().replacen('H', "%48", 1);
    assert_eq!(manager.get(&format!("{KEYS}/{escaped}")).await.json()["name"], "a");
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_told_apart() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    assert_snapshot!(manager.get("/api/v1/hook-keys/a/b").await.brief(), @r#"404 {"errorCode":"E0000008","errorSummary":"The requested path was not found","errorLink":"E0000008","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[]}"#);
    for path in ["/api", "/api/v1/hook-keys/", "/api/v1", "//api/v1/hook-keys", "/docs/none"] {
        assert_eq!(manager.get(path).await.failure(), "404 E0000008", "{path}");
        assert_eq!(app.anon().get(path).await.failure(), "404 E0000008", "{path}");
    }
    let answer = manager.send(Method::PATCH, KEYS, None).await;
    assert_eq!(answer.header("allow"), "GET, POST");
    assert_snapshot!(answer.brief(), @r#"405 {"errorCode":"E0000022","errorSummary":"The endpoint does not support the provided HTTP method","errorLink":"E0000022","errorId":"oaexWLo1PXffBb86j9lMrQ0-A","errorCauses":[]}"#);
    let answer = manager.post(&format!("{KEYS}/HKY00000000000000000"), json!({})).await;
    assert_eq!((answer.failure().as_str(), answer.header("allow")), ("405 E0000022", "GET, PUT, DELETE"));
}

/// Status line and body of a raw answer.
fn brief(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    for name in ["content-type: application/json", "x-okta-request-id: ", "x-rate-limit-reset: ", "date: "] {
        assert_eq!(head.matches(&format!("\r\n{name}")).count(), 1, "{name} in {head}");
    }
    format!("{}\n{body}", head.lines().next().unwrap())
}

#[tokio::test]
async fn requests_that_are_no_http_get_the_one_form_too() {
    let app = TestApp::start().await;
    let send = |bytes: String| exchange(app.address, bytes.into_bytes(), Then::Wait);
    let headers: String = (0..100).map(|number| format!("x-{number}: a\r\n")).collect();
    let many = send(format!("GET {KEYS} HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
    assert_snapshot!(brief(&many), @r#"
    HTTP/1.1 431 Request Header Fields Too Large
    {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"The head of the request is too large, or has more than 96 headers."}]}
    "#);
    assert_snapshot!(brief(&send("no http\r\n\r\n".to_owned()).await), @r#"
    HTTP/1.1 400 Bad Request
    {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[{"errorSummary":"The request is not well-formed HTTP."}]}
    "#);
    let both = format!("GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\nGET {KEYS} HTTP/1.1\r\nhost a\r\n\r\n");
    let both = send(both).await;
    assert_eq!((both.matches("E0000008").count(), both.matches("E0000003").count()), (2, 2), "{both}");
}

#[tokio::test]
async fn fewer_headers_than_the_limit_are_no_trouble() {
    let app = TestApp::start().await;
    let headers: String = (0..90).map(|number| format!("x-{number}: a\r\n")).collect();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    let answer = exchange(app.address, request.into_bytes(), Then::Wait).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_told_so() {
    let app = TestApp::start_with(|config| config.server.client_timeout = Duration::from_secs(1)).await;
    let token = app.new_token(None, MANAGE).await;
    let head = format!("POST {KEYS} HTTP/1.1\r\nhost: a\r\n");
    let slow_head = exchange(app.address, head.clone().into_bytes(), Then::Wait).await;
    assert_snapshot!(brief(&slow_head), @r#"
    HTTP/1.1 408 Request Timeout
    {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"The request did not arrive in time."}]}
    "#);
    let body = format!("authorization: SSWS {token}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{{");
    let slow_body = exchange(app.address, format!("{head}{body}").into_bytes(), Then::Wait).await;
    assert_snapshot!(brief(&slow_body), @r#"
    HTTP/1.1 408 Request Timeout
    {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[{"errorSummary":"The request body did not arrive in time."}]}
    "#);
}

#[tokio::test]
async fn a_client_that_closes_its_half_still_gets_its_answer() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let request = format!(
        "POST {KEYS} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {token}\r\ncontent-type: application/json\r\n\
         content-length: 12\r\n\r\n{{\"name\":\"a\"}}"
    );
    let answer = exchange(app.address, request.into_bytes(), Then::CloseHalf).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(app.token(MANAGE).await.get(KEYS).await.json()[0]["name"], "a");
}

#[tokio::test]
async fn a_body_that_ends_early_makes_nothing() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let request = format!(
        "POST {KEYS} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {token}\r\ncontent-type: application/json\r\n\
         content-length: 13\r\n\r\n{{\"name\":\"a\"}}"
    );
    let answer = exchange(app.address, request.into_bytes(), Then::CloseHalf).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(app.token(MANAGE).await.get(KEYS).await.body, "[]");
}

#[tokio::test]
async fn a_query_is_never_an_error() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    for query in ["expand=a&expand=publickey", "expand=x,publickey", "expand=PublicKey", "expand=publickey&%ff=%00&&="]
    {
        assert_eq!(manager.get(&format!("{path}?{query}")).await.json(), key, "{query}");
    }
    for query in ["", "expand", "expand=", "expand=public%20key", "publickey"] {
        assert_eq!(manager.get(&format!("{path}?{query}")).await.json()["_embedded"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn what_is_open_to_all_can_be_asked_for_its_head() {
    let app = TestApp::start().await;
    let anon = app.anon();
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        let answer = anon.send(Method::HEAD, path, None).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
    let answer = anon.send(Method::HEAD, KEYS, None).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"));
    assert_eq!(anon.send(Method::POST, "/healthz", None).await.header("allow"), "GET, HEAD");
}
