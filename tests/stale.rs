//! No answer is of a state that is over: what one process, a command or another program changes, the very next request at another server
//! sees, whatever that keeps in memory.

use crate::api::inline_hooks::private_key;
use crate::support::database::{POSTGRES, other_program};
use crate::support::process::{Client, Installation, Served, hookvault, run};
use crate::support::rounds;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe};

/// Two servers of one vault, and somebody with SQL. Changes are made at the one, and looked for at the other.
struct Scene {
    installation: Installation,
    _servers: [Served; 2],
    reader: Client,
    writer: Client,
    sql: AnyConnection,
    key: Value,
}

impl Scene {
    async fn new() -> Self {
        let installation = Installation::new();
        let servers = [(); 2].map(|()| Served::start(&mut installation.serve()));
        let [reader, writer] = servers.each_ref().map(|server| server.client(&installation.token));
        let key = json_of(writer.create("key 0").await);
        let sql = other_program(&installation.database()).await;
        Self { installation, _servers: servers, reader, writer, sql, key }
    }

    fn id(&self) -> &str {
        self.key["id"].as_str().unwrap()
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.sql).await.unwrap();
    }

    /// Takes the rows of a table away, and `seen` sees to it that they are gone; then puts them back.
    async fn without(&mut self, table: &str, seen: &str) {
        self.run(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        self.run(&format!("DELETE FROM {table}")).await;
        assert_eq!(self.read().await, seen, "{table}");
        let own = if POSTGRES.is_some() { "OVERRIDING SYSTEM VALUE" } else { "" };
        self.run(&format!("INSERT INTO {table} {own} SELECT * FROM kept; DROP TABLE kept")).await;
    }

    /// What the reader's server says of the key by itself, in the list of keys and in the key set.
    async fn read(&self) -> String {
        let (status, body) = self.reader.get(&format!("/api/v1/hook-keys/{}", self.id())).await.unwrap();
        let (listed, list) = self.reader.list().await.unwrap();
        let (_, set) = self.reader.get("/.well-known/jwks.json").await.unwrap();
        let key: Value = serde_json::from_str(&body).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let own = list.as_array().into_iter().flatten().find(|other| other["id"] == self.key["id"]);
        let shown = |key: &Value| format!("{} {}", key["name"].as_str().unwrap_or("-"), key["isUsed"]);
        format!(
            "{status} {}, {listed} {}, published {}",
            shown(&key),
            own.map(shown).unwrap_or_default(),
            set.contains(self.key["keyId"].as_str().unwrap())
        )
        .replace(" OK", "")
    }
}

fn json_of(reply: crate::support::process::Reply) -> Value {
    let (status, body) = reply.unwrap();
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// `STALE_ROUNDS` says how many changes.
#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_changes_the_next_request_at_another_server_sees() {
    let mut scene = Scene::new().await;
    let mut name = "key 0".to_owned();
    let known = |name: &str| format!("200 {name} \"false\", 200 {name} \"false\", published true");
    let used = |name: &str| format!("200 {name} \"true\", 200 {name} \"true\", published true");
    for round in 0..rounds("STALE_ROUNDS", 120) {
        // Twice, so that the second one is of what was kept, if anything is.
        assert_eq!([scene.read().await, scene.read().await], [known(&name), known(&name)], "round {round}");
        match round % 6 {
            0 => {
                name = format!("key {round}");
                json_of(scene.writer.rename(scene.id(), &name).await);
            }
            1 => {
                let reference = format!("/vault/v1/hook-keys/{}/references/program", scene.id());
                json_of(scene.writer.put(&reference, &json!({ "kind": "program", "name": "a program" })).await);
                assert_eq!(scene.read().await, used(&name), "round {round}");
                assert_eq!(scene.writer.delete_at(&reference).await.unwrap().0, 204);
            }
            2 => {
                let body = private_key("hook", scene.id());
                let hook =
                    format!("/api/v1/inlineHooks/{}", json_of(scene.writer.hook(&body).await)["id"].as_str().unwrap());
                assert_eq!(scene.read().await, used(&name), "round {round}");
                json_of(scene.writer.post(&format!("{hook}/lifecycle/deactivate"), &json!({})).await);
                assert_eq!(scene.writer.delete_at(&hook).await.unwrap().0, 204);
            }
            3 => scene.without("hook_key", "404 Not Found - null, 200 , published false").await,
            4 => scene.without("api_token", "401 Unauthorized - null, 401 Unauthorized , published true").await,
            _ => {
                scene.run("UPDATE hook_key SET name = name || '!'").await;
                let damaged = "500 Internal Server Error - null, 500 Internal Server Error , published false";
                assert_eq!(scene.read().await, damaged, "round {round}");
                scene.run(&format!("UPDATE hook_key SET name = '{name}'")).await;
            }
        }
    }
}

/// `STALE_ROUNDS / 60` of each: a command takes as long as a hundred requests.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_changes_the_next_request_sees() {
    let mut scene = Scene::new().await;
    let folder = scene.installation.folder.path().to_owned();
    let call = |arguments: &[&str]| {
        let screen = run(hookvault(&folder).args(arguments));
        assert_eq!(screen.code, 0, "{arguments:?}: {}", screen.stderr);
        screen.stdout.trim().to_owned()
    };
    for round in 0..rounds("STALE_ROUNDS", 120) / 60 {
        let scopes = ["--scope", "okta.inlineHooks.manage"];
        let token = call(&[&["token", "create", "--name", &format!("token {round}")], &scopes[..]].concat());
        let reader = scene.reader.clone().with_token(token);
        assert_eq!([reader.list().await.unwrap().0, reader.list().await.unwrap().0], [200, 200]);
        call(&["token", "revoke", &format!("token {round}")]);
        assert_eq!(reader.list().await.unwrap().0, 401, "round {round}");

        let key = json_of(scene.writer.create("passing").await);
        scene.key = key;
        assert!(scene.read().await.starts_with("200 passing"));
        call(&["key", "rename", "passing", "gone soon"]);
        assert!(scene.read().await.starts_with("200 gone soon"), "round {round}");
        call(&["key", "delete", "gone soon"]);
        assert_eq!(scene.read().await, "404 Not Found - null, 200 , published false", "round {round}");
    }
}
