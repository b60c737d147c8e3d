//! `/vault/v1/hook-keys/{key}/rotate` and `/rotation`: another key pair for a hook key, from its publication to the end of its grace.

use crate::api::signing::verify;
use crate::support::answer::Answer;
use crate::support::app::{Caller, LOGS, MANAGE, TestApp, USE};
use crate::support::hook_server::{HookServer, Reply};
use futures_util::future::join_all;
use hookvault::domain::outbound::OutboundPolicy;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

/// A vault with one hook key, everybody who asks about it, and short names for its key pairs: A, B and so on, as they are met.
struct Scene {
    app: TestApp,
    id: String,
    tokens: [String; 2],
    kids: Vec<String>,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let tokens = [app.new_token(None, MANAGE).await, app.new_token(None, USE).await];
        let mut scene = Self { app, id: String::new(), tokens, kids: Vec::new() };
        let key = scene.manager().create("Orders").await;
        scene.id = key["id"].as_str().unwrap().to_owned();
        scene.meet(key["keyId"].as_str().unwrap());
        scene
    }

    fn meet(&mut self, kid: &str) {
        if !self.kids.iter().any(|known| known == kid) {
            self.kids.push(kid.to_owned());
        }
    }

    fn named(&self, text: &str) -> String {
        let named =
            self.kids.iter().zip('A'..).fold(text.to_owned(), |text, (kid, name)| text.replace(kid, &name.to_string()));
        named.replace(&self.id, "HKY…")
    }

    fn caller<'a>(app: &'a TestApp, token: &str) -> Caller<'a> {
        app.anon().with("authorization", &format!("SSWS {token}"))
    }

    fn manager(&self) -> Caller<'_> {
        Self::caller(&self.app, &self.tokens[0])
    }

    fn path(&self, rest: &str) -> String {
        format!("/vault/v1/hook-keys/{}/{rest}", self.id)
    }

    async fn rotate(&mut self, how: Value) -> Answer {
        let answer = self.manager().post(&self.path("rotate"), how).await;
        self.met_in(&answer);
        answer
    }

    fn met_in(&mut self, answer: &Answer) {
        if answer.status == 200 {
            let kids: Vec<_> =
                answer.json()["versions"].as_array().unwrap().iter().map(|one| one["keyId"].clone()).collect();
            kids.iter().for_each(|kid| self.meet(kid.as_str().unwrap()));
        }
    }

    /// Time passes, and a server does what is due.
    async fn after(&mut self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
        self.app.vault.hook_key_upkeep().await.unwrap();
        let seen = self.manager().get(&self.path("rotation")).await;
        self.met_in(&seen);
    }

    /// What each face shows, on this server.
    async fn faces(&self, app: &TestApp) -> String {
        let manager = Self::caller(app, &self.tokens[0]);
        let key = manager.get(&format!("{KEYS}/{}?expand=publickey", self.id)).await.json();
        assert_eq!(key["keyId"], key["_embedded"]["kid"]);
        assert_eq!(manager.get(KEYS).await.json()[0]["keyId"], key["keyId"]);
        let set = app.anon().get(&self.path("jwks.json")).await.json();
        assert_eq!(app.anon().get("/.well-known/jwks.json").await.json(), set, "the org has this key alone");
        let pem = app.anon().get(&self.path("jwks.pem")).await.body;
        let in_pem: Vec<_> = pem.lines().filter_map(|line| line.strip_prefix("kid: ")).collect();
        let jwks = set["keys"].as_array().unwrap();
        let in_set: Vec<_> = jwks.iter().map(|jwk| jwk["kid"].as_str().unwrap()).collect();
        assert_eq!(in_pem, in_set);
        let mut found = Vec::new();
        for kid in &self.kids {
            let answer = manager.get(&format!("{KEYS}/public/{kid}")).await;
            assert_eq!(answer.status == 200, in_set.contains(&kid.as_str()), "{answer}");
            if answer.status == 200 {
                let jwk = jwks.iter().find(|jwk| jwk["kid"] == kid.as_str()).unwrap();
                assert_eq!((&answer.json()["n"], &answer.json()["kid"]), (&jwk["n"], &jwk["kid"]));
                found.push(kid.as_str());
            }
        }
        let signed = Self::caller(app, &self.tokens[1]).post(&self.path("jwts"), json!({"claims": {}})).await.json();
        let (header, _) = verify(signed["jwt"].as_str().unwrap(), &jwks[0]);
        assert_eq!(header["kid"], jwks[0]["kid"], "the first of the set signs");
        self.named(&format!(
            "keyId {} since {}\nset {}\nfound {}\n{}",
            key["keyId"].as_str().unwrap(),
            key["lastUpdated"].as_str().unwrap(),
            in_set.join(" "),
            found.join(" "),
            manager.get(&self.path("rotation")).await.body.replace("{\"keyId\"", "\n{\"keyId\"")
        ))
    }
}

#[tokio::test]
async fn the_next_key_is_published_signs_and_the_one_before_it_goes_when_its_grace_ends() {
    let mut scene = Scene::new().await;
    // Another server on the same database. What the one does the other shows.
    let beside = scene.app.start_beside().await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId A since 2025-10-24T13:06:07.000Z
    set A
    found A
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"A","status":"signing","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":null}]}
    "#);
    scene.app.clock.advance(Duration::from_secs(100));
    assert_eq!(scene.rotate(json!({})).await.status, 200);
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId A since 2025-10-24T13:06:07.000Z
    set A B
    found A B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":"2025-10-24T14:07:47.000Z","versions":[
    {"keyId":"A","status":"signing","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":null},
    {"keyId":"B","status":"next","signsFrom":"2025-10-24T14:07:47.000Z","publishedUntil":null}]}
    "#);
    assert_eq!(scene.faces(&beside).await, scene.faces(&scene.app).await);
    let published = scene.faces(&scene.app).await;
    scene.after(3599).await;
    assert_eq!(scene.faces(&scene.app).await, published, "a second before");
    scene.after(1).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-24T14:07:47.000Z
    set B A
    found A B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"A","status":"retired","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":"2025-10-24T15:12:47.000Z"},
    {"keyId":"B","status":"signing","signsFrom":"2025-10-24T14:07:47.000Z","publishedUntil":null}]}
    "#);
    // The other one has signed with A, and has that parsed.
    assert_eq!(scene.faces(&beside).await, scene.faces(&scene.app).await);
    beside.vault.hook_key_upkeep().await.unwrap();
    let in_grace = scene.faces(&scene.app).await;
    scene.after(3899).await;
    assert_eq!(scene.faces(&scene.app).await, in_grace, "a second before");
    scene.after(1).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-24T14:07:47.000Z
    set B
    found B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"B","status":"signing","signsFrom":"2025-10-24T14:07:47.000Z","publishedUntil":null}]}
    "#);
    assert_eq!(scene.faces(&beside).await, scene.faces(&scene.app).await);
    beside.stop().await;
}

#[tokio::test]
async fn the_trail_tells_of_each_step_and_who_did_it() {
    let mut scene = Scene::new().await;
    let rotation = scene.path("rotation");
    scene.manager().put(&rotation, json!({"rotateEvery": 86_400})).await;
    // What it is already is no change.
    scene.manager().put(&rotation, json!({"rotateEvery": 86_400})).await;
    scene.rotate(json!({"publishAhead": 120, "grace": 300})).await;
    scene.after(120).await;
    scene.after(300).await;
    scene.rotate(json!({"emergency": true})).await;
    let trail = scene.app.token(LOGS).await.get("/api/v1/logs").await.json();
    let line = |entry: &Value| {
        let kind = entry["eventType"].as_str().unwrap();
        let mut told = entry["target"][0]["detailEntry"].clone();
        let told = told.as_object_mut()?;
        told.retain(|name, _| !name.starts_with("hook_key"));
        let by = &entry["actor"]["displayName"].as_str().unwrap();
        kind.starts_with("system.hook.key.").then(|| format!("{kind} by {by}: {}", json!(told)))
    };
    let lines: Vec<_> = trail.as_array().unwrap().iter().filter_map(line).collect();
    assert_snapshot!(scene.named(&lines.join("\n")), @r#"
    system.hook.key.created by token 0: {"key_id":"A","last_updated":"2025-10-24T13:06:07.000Z","rotate_every":"never"}
    system.hook.key.scheduled by token 0: {"last_updated":"2025-10-24T13:06:07.000Z","rotate_every":"86400"}
    system.hook.key.rotated by token 0: {"key_id":"B","signs_from":"2025-10-24T13:08:07.000Z"}
    system.hook.key.promoted by hookvault: {"key_id":"B","last_updated":"2025-10-24T13:08:07.000Z","previous_key_id":"A","rotate_every":"86400"}
    system.hook.key.withdrawn by hookvault: {"key_id":"A"}
    system.hook.key.rotated by token 0: {"emergency":"true","key_id":"C","last_updated":"2025-10-24T13:13:07.000Z","rotate_every":"86400","signs_from":"2025-10-24T13:13:07.000Z"}
    system.hook.key.withdrawn by token 0: {"key_id":"B"}
    "#);
}

#[tokio::test]
async fn hooks_of_the_key_work_on_through_a_rotation() {
    let app = TestApp::start_with(|config| config.outbound = OutboundPolicy::default().with_loopback()).await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("key").await;
    let path = format!("/vault/v1/hook-keys/{}", key["id"].as_str().unwrap());
    // The token endpoint gives nothing out twice, so that each call is signed for.
    let server = HookServer::start(|seen| match seen.path.as_str() {
        "/token" => Reply::Json(200, json!({"access_token": "t0k3n", "token_type": "Bearer", "expires_in": 1})),
        _ => Reply::Json(200, json!({"commands": []})),
    })
    .await;
    let hook = json!({
        "name": "keyed", "type": "com.okta.user.pre-registration", "version": "1.0.0",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": server.url("/hook"), "authType": "private_key_jwt", "clientId": "me", "hookKeyId": key["id"],
            "tokenUrl": server.url("/token"),
        }},
    });
    let hook = manager.post("/api/v1/inlineHooks", hook).await.json();
    let hook = format!("/api/v1/inlineHooks/{}/execute", hook["id"].as_str().unwrap());
    assert_eq!(manager.post(&format!("{path}/rotate"), json!({"publishAhead": 120, "grace": 300})).await.status, 200);
    let mut signers = Vec::new();
    for step in [119, 1, 299, 1] {
        // As an endpoint that looks at the set a moment before.
        let set = app.anon().get(&format!("{path}/jwks.json")).await.json();
        app.clock.advance(Duration::from_secs(step));
        app.vault.hook_key_upkeep().await.unwrap();
        assert_eq!(manager.post(&hook, json!({})).await.status, 200);
        let seen = server.seen();
        let asked = seen.iter().rfind(|seen| seen.path == "/token").unwrap();
        let assertion = asked.form().remove("client_assertion").unwrap();
        let kid = jwt_header(&assertion)["kid"].clone();
        let jwk = set["keys"].as_array().unwrap().iter().find(|jwk| jwk["kid"] == kid).expect("it is known in time");
        verify(&assertion, jwk);
        signers.push(kid == key["keyId"]);
    }
    assert_eq!(signers, [true, false, false, false]);
    let used = manager.get(&format!("{KEYS}/{}", key["id"].as_str().unwrap())).await.json();
    assert_eq!(used["isUsed"], "true");
}

fn jwt_header(jwt: &str) -> Value {
    use base64::Engine as _;
    let header = jwt.split('.').next().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn in_an_emergency_the_new_key_signs_at_once_and_all_others_are_withdrawn() {
    let mut scene = Scene::new().await;
    let beside = scene.app.start_beside().await;
    scene.rotate(json!({"publishAhead": 120})).await;
    scene.after(120).await;
    scene.rotate(json!({})).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-24T13:08:07.000Z
    set B C A
    found A B C
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":"2025-10-24T14:08:07.000Z","versions":[
    {"keyId":"A","status":"retired","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":"2025-10-24T14:13:07.000Z"},
    {"keyId":"B","status":"signing","signsFrom":"2025-10-24T13:08:07.000Z","publishedUntil":null},
    {"keyId":"C","status":"next","signsFrom":"2025-10-24T14:08:07.000Z","publishedUntil":null}]}
    "#);
    assert_eq!(scene.faces(&beside).await, scene.faces(&scene.app).await);
    assert_snapshot!(scene.rotate(json!({"emergency": true})).await.brief().replace(&scene.kids.last().unwrap().clone(), "D"), @r#"
    200 {"id":"HKYtJWWszQoFib2a6Gr7","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[{"keyId":"D","status":"signing","signsFrom":"2025-10-24T13:08:07.000Z","publishedUntil":null}]}
    "#);
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId D since 2025-10-24T13:08:07.000Z
    set D
    found D
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"D","status":"signing","signsFrom":"2025-10-24T13:08:07.000Z","publishedUntil":null}]}
    "#);
    assert_eq!(scene.faces(&beside).await, scene.faces(&scene.app).await);
    // Nothing of what was under way comes after it.
    scene.after(100_000).await;
    assert_eq!(scene.kids.len(), 4);
    beside.stop().await;
}

#[tokio::test]
async fn what_would_leave_verifiers_without_a_key_is_refused_with_the_reason() {
    let mut scene = Scene::new().await;
    let rotation = scene.path("rotation");
    let mut refused = Vec::new();
    for how in [
        json!({"publishAhead": 119}),
        json!({"grace": 299}),
        json!({"publishAhead": 2_592_001}),
        json!({"publishAhead": 120.5}),
        json!({"emergency": true, "publishAhead": 120, "grace": 300}),
        json!({"emergency": "yes"}),
        json!({"emergncy": true}),
    ] {
        let answer = scene.rotate(how).await;
        refused.push(format!("{} {}", answer.failure(), answer.cause()));
    }
    for schedule in [json!({}), json!({"rotateEvery": 86_399}), json!({"rotateEvery": "90d"})] {
        let answer = scene.manager().put(&rotation, schedule).await;
        refused.push(format!("{} {}", answer.failure(), answer.cause()));
    }
    // It could be done at once; then the second cannot.
    assert_eq!(scene.rotate(json!({"publishAhead": 120, "grace": 300})).await.status, 200);
    let before = scene.faces(&scene.app).await;
    let answer = scene.rotate(json!({})).await;
    refused.push(format!("{} {}", answer.failure(), answer.cause()));
    assert_snapshot!(refused.join("\n"), @"
    400 E0000001 publishAhead: The field is not a number of seconds from 120 to 2592000: verifiers keep the key set of before for up to a minute
    400 E0000001 grace: The field is not a number of seconds from 300 to 2592000: what the key has signed must not outlive it
    400 E0000001 publishAhead: The field is not a number of seconds from 120 to 2592000: verifiers keep the key set of before for up to a minute
    400 E0000003 publishAhead: expected a whole number, from 0 on
    400 E0000001 publishAhead: The field does not apply here, and must be null
    400 E0000003 emergency: invalid type: string, expected a boolean
    400 E0000003 emergncy: unknown field, expected one of `publishAhead`, `grace`, `emergency`
    400 E0000003 rotateEvery: missing; send a number of seconds, or null for never
    400 E0000001 rotateEvery: The field is not a number of seconds from 86400 to 315360000: verifiers need time for each key
    400 E0000003 rotateEvery: invalid type: string, expected a JSON number
    400 E0000001 The next key is there already, and signs from 2025-10-24T13:08:07.000Z on. Rotate again after that; if a key is in wrong hands, send `emergency`.
    ");
    assert_eq!(scene.faces(&scene.app).await, before);
    assert_eq!(scene.manager().post("/vault/v1/hook-keys/none/rotate", json!({})).await.failure(), "404 E0000007");
    assert_eq!(
        scene.manager().put("/vault/v1/hook-keys/none/rotation", json!({"rotateEvery": null})).await.status,
        404
    );
    assert_eq!(scene.manager().get("/vault/v1/hook-keys/none/rotation").await.failure(), "404 E0000007");
}

#[tokio::test]
async fn ten_retired_keys_are_published_at_the_most() {
    let mut scene = Scene::new().await;
    let slow = json!({"publishAhead": 120, "grace": 2_592_000});
    for _ in 0..10 {
        assert_eq!(scene.rotate(slow.clone()).await.status, 200);
        scene.after(120).await;
    }
    let refused = scene.rotate(slow.clone()).await;
    assert_snapshot!(format!("{} {}", refused.failure(), refused.cause()), @"
    400 E0000001 You have reached the maximum number of retired keys that are published (10). The first of them is withdrawn at 2025-11-23T13:08:07.000Z. Rotate again after that; if a key is in wrong hands, send `emergency`.
    ");
    scene.after(2_592_000 - 9 * 120).await;
    assert_eq!(scene.rotate(slow).await.status, 200);
    assert_eq!(scene.rotate(json!({"emergency": true})).await.status, 200);
}

#[tokio::test]
async fn no_body_at_all_rotates_as_usual() {
    let scene = Scene::new().await;
    let answer = scene.manager().send(reqwest::Method::POST, &scene.path("rotate"), None).await;
    assert_eq!((answer.status, answer.json()["nextRotation"].as_str()), (200, Some("2025-10-24T14:06:07.000Z")));
}

#[tokio::test]
async fn a_key_rotates_by_itself_as_often_as_it_was_told() {
    let mut scene = Scene::new().await;
    let rotation = scene.path("rotation");
    let day = 24 * 3600;
    let set = scene.manager().put(&rotation, json!({"rotateEvery": day})).await;
    assert_snapshot!(scene.named(&set.brief()), @r#"
    200 {"id":"HKY…","name":"Orders","rotateEvery":86400,"nextRotation":"2025-10-25T13:06:07.000Z","versions":[{"keyId":"A","status":"signing","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":null}]}
    "#);
    scene.after(day - 3601).await;
    assert_eq!(scene.kids.len(), 1);
    scene.after(1).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId A since 2025-10-24T13:06:07.000Z
    set A B
    found A B
    {"id":"HKY…","name":"Orders","rotateEvery":86400,"nextRotation":"2025-10-25T13:06:07.000Z","versions":[
    {"keyId":"A","status":"signing","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":null},
    {"keyId":"B","status":"next","signsFrom":"2025-10-25T13:06:07.000Z","publishedUntil":null}]}
    "#);
    // Another look finds nothing more to do.
    scene.after(1800).await;
    assert_eq!(scene.kids.len(), 2);
    scene.after(1800).await;
    scene.after(day).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-25T13:06:07.000Z
    set B C
    found B C
    {"id":"HKY…","name":"Orders","rotateEvery":86400,"nextRotation":"2025-10-26T14:06:07.000Z","versions":[
    {"keyId":"B","status":"signing","signsFrom":"2025-10-25T13:06:07.000Z","publishedUntil":null},
    {"keyId":"C","status":"next","signsFrom":"2025-10-26T14:06:07.000Z","publishedUntil":null}]}
    "#);
    // What is under way goes on; after that it is over.
    assert_eq!(scene.manager().put(&rotation, json!({"rotateEvery": null})).await.status, 200);
    scene.after(10 * day).await;
    scene.after(10 * day).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId C since 2025-11-05T13:06:07.000Z
    set C
    found C
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"C","status":"signing","signsFrom":"2025-11-05T13:06:07.000Z","publishedUntil":null}]}
    "#);
}

#[tokio::test]
async fn a_server_that_was_away_does_at_its_start_what_was_due_and_takes_no_key_from_anybody() {
    let mut scene = Scene::new().await;
    scene.rotate(json!({"publishAhead": 120, "grace": 300})).await;
    let Scene { app, id, tokens, kids } = scene;
    let clock = app.clock.clone();
    let folder = app.stop().await;
    clock.advance(Duration::from_secs(24 * 3600));
    let app = TestApp::start_on(folder, clock).await;
    app.vault.hook_key_upkeep().await.unwrap();
    let mut scene = Scene { app, id, tokens, kids };
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-25T13:06:07.000Z
    set B A
    found A B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"A","status":"retired","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":"2025-10-25T13:11:07.000Z"},
    {"keyId":"B","status":"signing","signsFrom":"2025-10-25T13:06:07.000Z","publishedUntil":null}]}
    "#);
    scene.after(300).await;
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId B since 2025-10-25T13:06:07.000Z
    set B
    found B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":null,"versions":[
    {"keyId":"B","status":"signing","signsFrom":"2025-10-25T13:06:07.000Z","publishedUntil":null}]}
    "#);
}

#[tokio::test]
async fn a_next_key_that_a_wrong_clock_has_made_is_none() {
    let mut scene = Scene::new().await;
    // Thirty days is the most that one waits. This one was made where it is a year later.
    let ahead = scene.app.start_beside_ahead(Duration::from_secs(365 * 86_400)).await;
    assert_eq!(Scene::caller(&ahead, &scene.tokens[0]).post(&scene.path("rotate"), json!({})).await.status, 200);
    ahead.stop().await;
    assert_eq!(scene.rotate(json!({"publishAhead": 120, "grace": 300})).await.status, 200);
    assert_snapshot!(scene.faces(&scene.app).await, @r#"
    keyId A since 2025-10-24T13:06:07.000Z
    set A B
    found A B
    {"id":"HKY…","name":"Orders","rotateEvery":null,"nextRotation":"2025-10-24T13:08:07.000Z","versions":[
    {"keyId":"A","status":"signing","signsFrom":"2025-10-24T13:06:07.000Z","publishedUntil":null},
    {"keyId":"B","status":"next","signsFrom":"2025-10-24T13:08:07.000Z","publishedUntil":null}]}
    "#);
    scene.after(120).await;
    assert_eq!(
        scene.named(&scene.manager().get(&format!("{KEYS}/{}", scene.id)).await.json()["keyId"].to_string()),
        "\"B\""
    );
}

#[tokio::test]
async fn servers_that_come_at_once_do_each_thing_once() {
    let mut scene = Scene::new().await;
    let beside = [scene.app.start_beside().await, scene.app.start_beside().await];
    for _ in 0..5 {
        let callers = [&scene.app, &beside[0], &beside[1]].map(|app| Scene::caller(app, &scene.tokens[0]));
        let path = scene.path("rotate");
        let asked = callers.iter().map(|caller| caller.post(&path, json!({"publishAhead": 120, "grace": 300})));
        let mut statuses: Vec<_> = join_all(asked).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400]);
        for seconds in [120, 300] {
            scene.app.clock.advance(Duration::from_secs(seconds));
            for done in join_all([&scene.app, &beside[0], &beside[1]].map(|app| app.vault.hook_key_upkeep())).await {
                done.unwrap();
            }
        }
        scene.after(0).await;
    }
    let rotation = scene.manager().get(&scene.path("rotation")).await.json();
    assert_eq!(rotation["versions"].as_array().unwrap().len(), 1);
    let trail = scene.app.token(LOGS).await.get("/api/v1/logs").await.json();
    let count = |kind: &str| trail.as_array().unwrap().iter().filter(|entry| entry["eventType"] == kind).count();
    let steps = ["rotated", "promoted", "withdrawn"].map(|step| count(&format!("system.hook.key.{step}")));
    assert_eq!(steps, [5, 5, 5]);
    for app in beside {
        app.stop().await;
    }
}

#[tokio::test]
async fn a_rename_that_comes_between_is_kept() {
    let mut scene = Scene::new().await;
    scene.rotate(json!({"publishAhead": 120, "grace": 300})).await;
    scene.app.clock.advance(Duration::from_secs(120));
    let path = format!("{KEYS}/{}", scene.id);
    let manager = scene.manager();
    let (renamed, turned) =
        tokio::join!(manager.put(&path, json!({"name": "Bills"})), scene.app.vault.hook_key_upkeep());
    turned.unwrap();
    assert_eq!(renamed.status, 200);
    let key = scene.manager().get(&path).await.json();
    assert_eq!((&key["name"], key["keyId"] == scene.kids[1].as_str()), (&json!("Bills"), true));
    assert!(scene.app.vault.examine().await.unwrap().damaged.is_empty());
}

#[tokio::test]
async fn a_hook_key_that_rotates_can_be_deleted_and_renamed_and_counts_once() {
    let mut scene = Scene::new().await;
    for number in 1..50 {
        scene.manager().create(&format!("key {number}")).await;
    }
    assert_eq!(scene.rotate(json!({})).await.status, 200);
    let full = scene.manager().post(KEYS, json!({"name": "one more"})).await;
    assert_eq!(full.failure(), "400 E0000001");
    assert_eq!(scene.manager().delete(&format!("{KEYS}/{}", scene.id)).await.status, 204);
    for kid in &scene.kids {
        assert_eq!(scene.manager().get(&format!("{KEYS}/public/{kid}")).await.status, 404);
    }
    scene.manager().create("one more").await;
}

/// The seal tells one column from the other.
#[tokio::test]
async fn how_often_a_key_rotates_cannot_pass_for_when_it_began_to_sign() {
    let scene = Scene::new().await;
    let path = scene.path("rotation");
    assert_eq!(scene.manager().put(&path, json!({"rotateEvery": 86_400})).await.status, 200);
    let moved = "UPDATE hook_key SET signs_from = rotate_every, rotate_every = NULL";
    sqlx::raw_sql(moved).execute(&mut scene.app.other_program().await).await.unwrap();
    assert_eq!(scene.manager().get(&path).await.failure(), "500 E0000009");
    assert_eq!(scene.app.vault.examine().await.unwrap().damaged.len(), 1);
}
