//! A connection has one request under way; what was sent with it waits, and none of it is lost.

use crate::support::app::{MANAGE, TestApp};
use crate::support::raw::{Then, connect, exchange, exchange_parts, next_answer};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::io::{BufReader, Write as _};

const KEYS: &str = "/api/v1/hook-keys";

/// A head, with a token, and a body of JSON where there is one.
fn request(line: &str, token: &str, body: Option<&Value>) -> String {
    let head = format!("{line} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {token}\r\n");
    match body.map(Value::to_string) {
        None => format!("{head}\r\n"),
        Some(body) => {
            format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        }
    }
}

/// A create whose body comes in two chunks (RFC 9112, clause 7.1).
fn chunked(token: &str, name: &str) -> String {
    let (begin, end) = ("{\"name\":\"", format!("{name}\"}}"));
    format!(
        "POST {KEYS} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {token}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{begin}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        begin.len(),
        end.len()
    )
}

/// Five requests of each kind, and the statuses that they get.
fn all_kinds(token: &str) -> (String, Vec<u16>) {
    let (mut bytes, mut statuses) = (String::new(), Vec::new());
    for number in 0..5 {
        let name = json!({ "name": format!("key {number}") });
        for (request, status) in [
            (request("GET /healthz", token, None), 200),
            (request(&format!("POST {KEYS}"), token, Some(&name)), 200),
            (request(&format!("GET {KEYS}"), token, None), 200),
            (chunked(token, &format!("chunked {number}")), 200),
            (request(&format!("POST {KEYS}"), token, Some(&json!({ "name": "a\n\nb" }))), 400),
            (request("GET /nowhere", token, None), 404),
            (request(&format!("POST {KEYS}"), token, Some(&name)), 400),
        ] {
            bytes.push_str(&request);
            statuses.push(status);
        }
    }
    (bytes, statuses)
}

/// The statuses of the answers on one connection to what is sent in these pieces.
async fn statuses(app: &TestApp, pieces: Vec<Vec<u8>>, count: usize) -> Vec<u16> {
    let address = app.address;
    let exchange = move || {
        let mut connection = BufReader::new(connect(address));
        for piece in pieces {
            connection.get_mut().write_all(&piece).unwrap();
        }
        (0..count).map(|_| next_answer(&mut connection).unwrap().status).collect()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test]
async fn requests_in_one_piece_are_all_answered_in_their_order() {
    let app = TestApp::start().await;
    let (bytes, expected) = all_kinds(&app.new_token(None, MANAGE).await);
    assert_eq!(statuses(&app, vec![bytes.into_bytes()], expected.len()).await, expected);
    assert_eq!(app.token(MANAGE).await.get(KEYS).await.json().as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn so_are_requests_in_pieces_that_end_anywhere() {
    let app = TestApp::start().await;
    let (bytes, expected) = all_kinds(&app.new_token(None, MANAGE).await);
    let pieces = bytes.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
    assert_eq!(statuses(&app, pieces, expected.len()).await, expected);
    assert_eq!(app.token(MANAGE).await.get(KEYS).await.json().as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_body_that_nobody_wants_holds_nothing_up() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let unwanted = json!({ "name": "x".repeat(60_000) });
    for line in ["POST /nowhere", "GET /api/v1/hook-keys", "DELETE /api/v1/hook-keys/none", "POST /healthz"] {
        let address = app.address;
        let bytes = request(line, &token, Some(&unwanted)) + &request("GET /healthz", &token, None);
        let answers = tokio::task::spawn_blocking(move || {
            let mut connection = BufReader::new(connect(address));
            // The server may close as soon as it has answered (RFC 9112, clause 9.6).
            let _ = connection.get_mut().write_all(bytes.as_bytes());
            let first = next_answer(&mut connection).unwrap();
            (!first.is_last).then(|| next_answer(&mut connection).unwrap().status)
        });
        assert!([None, Some(200)].contains(&answers.await.unwrap()), "{line}");
    }
    let chunked = "POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let both = (chunked.to_owned() + &request("GET /healthz", &token, None)).into_bytes();
    assert_eq!(statuses(&app, vec![both], 2).await, [404, 200]);
}

#[tokio::test]
async fn a_body_whose_chunks_are_malformed_is_told_so() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let head = format!(
        "POST {KEYS} HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {token}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    let answer = exchange(app.address, format!("{head}zz\r\n{{}}\r\n0\r\n\r\n").into_bytes(), Then::Wait).await;
    let (head_of_answer, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_snapshot!(format!("{}\n{body}", head_of_answer.lines().next().unwrap()), @r#"
    HTTP/1.1 400 Bad Request
    {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"The request body ends before it is complete, or its chunks are malformed."}]}
    "#);
    let parts = vec![head.into_bytes(), b"2\r\n{}".to_vec(), b"\r\nzz\r\n".to_vec()];
    let in_pieces = exchange_parts(app.address, parts, Then::Wait).await;
    assert!(in_pieces.starts_with("HTTP/1.1 400 ") && in_pieces.contains("E0000003"), "{in_pieces}");
    assert_eq!(app.token(MANAGE).await.get(KEYS).await.body, "[]");
}
