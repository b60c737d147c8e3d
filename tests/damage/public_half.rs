//! A public half in the database that does not belong to the private one, as whoever can write to the file may put it there.

use crate::support::app::{MANAGE, TestApp};
use crate::support::oauth::{ServiceClient, anon};
use crate::support::reseal::reseal;

#[tokio::test]
async fn another_public_half_of_a_hook_key_is_never_published() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let (key, other) = (manager.create("key").await, manager.create("other").await);
    let text = |member: &str| key[member].as_str().unwrap().to_owned();
    let one = format!("/api/v1/hook-keys/{}", text("id"));
    let published = [
        one.clone(),
        format!("{one}?expand=publickey"),
        format!("/api/v1/hook-keys/public/{}", text("keyId")),
        "/.well-known/jwks.json".to_owned(),
        "/.well-known/jwks.pem".to_owned(),
        format!("/vault/v1/hook-keys/{}/jwks.json", text("id")),
        "/vault/v1/hook-keys/key/jwks.pem".to_owned(),
    ];
    for path in &published {
        assert_eq!(manager.get(path).await.status, 200, "{path}");
    }
    // That it was compared before does not help: it is another half now.
    for change in [
        "UPDATE hook_key SET modulus = (SELECT modulus FROM hook_key WHERE name = 'other') WHERE name = 'key'",
        "UPDATE hook_key SET exponent = (SELECT id FROM master_key) WHERE name = 'key'",
    ] {
        let mut other = app.other_program().await;
        sqlx::raw_sql(change).execute(&mut other).await.unwrap();
        let no_seal = format!(
            "the database is damaged: the row {} of hook_key was altered, moved or inserted by another hand: its seal does not fit",
            text("id")
        );
        let wrong_half = format!("{} (key): the private key does not belong to the public key beside it", text("id"));
        // A seal that fits does not help, either.
        for expected in [no_seal, wrong_half] {
            for path in &published {
                assert_eq!(manager.get(path).await.failure(), "500 E0000009", "{path}");
            }
            let renamed = manager.put(&one, serde_json::json!({"name": "key"})).await;
            assert_eq!(renamed.failure(), "500 E0000009");
            let examination = app.vault.examine().await.unwrap();
            assert_eq!(examination.damaged.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
            reseal(&mut other, "hook_key").await;
        }
    }
    // What shows no public half, and what is sound, goes on.
    assert_eq!(manager.get("/api/v1/hook-keys").await.json().as_array().unwrap().len(), 2);
    let sound = format!("/api/v1/hook-keys/{}?expand=publickey", other["id"].as_str().unwrap());
    assert_eq!(manager.get(&sound).await.json()["_embedded"], other["_embedded"]);
}

#[tokio::test]
async fn another_public_half_of_a_signing_key_verifies_no_token_and_is_not_published() {
    const KEYS: &str = "/oauth2/v1/keys";
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, MANAGE).await;
    let caller = client.caller(&app).await;
    assert_eq!((caller.get("/api/v1/hook-keys").await.status, anon(&app).get(KEYS).await.status), (200, 200));
    let mut other = app.other_program().await;
    sqlx::query("UPDATE signing_key SET modulus = $1").bind(vec![0xd5; 256]).execute(&mut other).await.unwrap();
    for _ in ["no seal", "a seal that fits"] {
        // The token is not to blame.
        assert_eq!(caller.get("/api/v1/hook-keys").await.failure(), "500 E0000009");
        assert_eq!(anon(&app).get(KEYS).await.failure(), "500 E0000009");
        reseal(&mut other, "signing_key").await;
    }
}
