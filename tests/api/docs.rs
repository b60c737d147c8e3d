//! The document. `tests/clients` holds the document against a strict validator.

use crate::support::app::{MANAGE, TestApp, USE};
use insta::assert_snapshot;
use serde_json::Value;

#[tokio::test]
async fn the_document_says_what_is_checked() {
    let app = TestApp::start().await;
    let document = app.anon().get("/openapi.json").await.json();
    let schema = |name: &str| document["components"]["schemas"][name].to_string();
    assert_snapshot!(schema("Name"), @r#"{"description":"Characters of which one shows, none of them a control character. White space around them is dropped before they are looked at; case counts.","maxLength":255,"minLength":1,"pattern":"^[^\\u0000-\\u001F\\u007F-\\u009F]*[^\\s\\u0000-\\u001F\\u007F-\\u009F][^\\u0000-\\u001F\\u007F-\\u009F]*$","type":"string"}"#);
    assert_snapshot!(schema("InlineHookType"), @r#"{"description":"What a hook is called for.","enum":["com.okta.import.transform","com.okta.oauth2.tokens.transform","com.okta.saml.tokens.transform","com.okta.telephony.provider","com.okta.user.credential.password.import","com.okta.user.pre-registration"],"type":"string"}"#);
    assert_snapshot!(schema("InlineHookVersion"), @r#"{"description":"The version of a hook's contract.","enum":["1.0.0","1.0.1","1.0.2"],"type":"string"}"#);
    assert_snapshot!(schema("InlineHookStatus"), @r#"{"enum":["ACTIVE","INACTIVE"],"type":"string"}"#);
    assert_snapshot!(schema("InlineHookUrl"), @r#"{"description":"An absolute https URL without a user name and a fragment. Its host may be an address only if that is public. `HOOKVAULT_HOOK_ALLOW` opens others, and plain http to them.","format":"uri","maxLength":1024,"pattern":"^[Hh][Tt][Tt][Pp][Ss]?:/*[^\\s/?#@]+([/?][^\\s#]*)?$","type":"string"}"#);
    assert_snapshot!(schema("InlineHookCreate"), @r##"{"description":"A hook that is to be.","properties":{"channel":{"$ref":"#/components/schemas/InlineHookChannelRequest"},"name":{"$ref":"#/components/schemas/Name","description":"Unique in the org."},"type":{"$ref":"#/components/schemas/InlineHookType","description":"Cannot be changed afterwards."},"version":{"$ref":"#/components/schemas/InlineHookVersion"}},"required":["name","type","version","channel"],"type":"object"}"##);
    assert_snapshot!(schema("InlineHookChannelRequest"), @r##"{"description":"Where a hook is called, and how the vault proves who it is.","oneOf":[{"description":"Without proof, or with a secret in a header.","properties":{"config":{"$ref":"#/components/schemas/InlineHookHttpConfigRequest"},"type":{"enum":["HTTP"],"type":"string"},"version":{"enum":["1.0.0",null],"type":["string","null"]}},"required":["config","type"],"type":"object"},{"description":"With an access token from a token endpoint.","properties":{"config":{"$ref":"#/components/schemas/InlineHookOAuthConfigRequest"},"type":{"enum":["OAUTH"],"type":"string"},"version":{"enum":["1.0.0",null],"type":["string","null"]}},"required":["config","type"],"type":"object"}]}"##);
    assert_snapshot!(schema("InlineHookHttpConfigRequest"), @r##"{"properties":{"authScheme":{"oneOf":[{"$ref":"#/components/schemas/InlineHookAuthSchemeRequest"},{"type":"null"}]},"authType":{"type":"null"},"clientId":{"type":"null"},"clientSecret":{"type":"null"},"headers":{"oneOf":[{"$ref":"#/components/schemas/InlineHookHeadersRequest"},{"type":"null"}]},"hookKeyId":{"type":"null"},"method":{"enum":["POST",null],"type":["string","null"]},"tokenUrl":{"type":"null"},"uri":{"$ref":"#/components/schemas/InlineHookUrl"}},"required":["uri"],"type":"object"}"##);
    assert_snapshot!(schema("InlineHookClientSecretConfigRequest"), @r##"{"description":"The client of the token endpoint has a secret (RFC 6749, clause 2.3.1).","properties":{"authScheme":{"type":"null"},"authType":{"enum":["client_secret_post"],"type":"string"},"clientId":{"$ref":"#/components/schemas/PrintableText"},"clientSecret":{"minLength":1,"pattern":"^[ -~]+$","type":"string","writeOnly":true},"headers":{"oneOf":[{"$ref":"#/components/schemas/InlineHookHeadersRequest"},{"type":"null"}]},"hookKeyId":{"type":"null"},"method":{"enum":["POST",null],"type":["string","null"]},"scope":{"maxLength":1024,"pattern":"^[ -~]*$","type":["string","null"]},"tokenUrl":{"$ref":"#/components/schemas/InlineHookUrl"},"uri":{"$ref":"#/components/schemas/InlineHookUrl"}},"required":["uri","authType","clientId","clientSecret","tokenUrl"],"type":"object"}"##);
    assert_snapshot!(schema("InlineHookPrivateKeyConfigRequest"), @r##"{"description":"The client of the token endpoint signs with a hook key (RFC 7523).","properties":{"authScheme":{"type":"null"},"authType":{"enum":["private_key_jwt"],"type":"string"},"clientId":{"$ref":"#/components/schemas/PrintableText"},"clientSecret":{"type":"null"},"headers":{"oneOf":[{"$ref":"#/components/schemas/InlineHookHeadersRequest"},{"type":"null"}]},"hookKeyId":{"$ref":"#/components/schemas/Name","description":"The id of a hook key, or its name."},"method":{"enum":["POST",null],"type":["string","null"]},"scope":{"maxLength":1024,"pattern":"^[ -~]*$","type":["string","null"]},"tokenUrl":{"$ref":"#/components/schemas/InlineHookUrl"},"uri":{"$ref":"#/components/schemas/InlineHookUrl"}},"required":["uri","authType","clientId","tokenUrl","hookKeyId"],"type":"object"}"##);
    assert_snapshot!(schema("InlineHookChannel"), @r##"{"description":"Without its secret.","oneOf":[{"properties":{"config":{"$ref":"#/components/schemas/InlineHookHttpConfig"},"type":{"enum":["HTTP"],"type":"string"},"version":{"enum":["1.0.0"],"type":"string"}},"required":["version","config","type"],"type":"object"},{"properties":{"config":{"$ref":"#/components/schemas/InlineHookOAuthConfig"},"type":{"enum":["OAUTH"],"type":"string"},"version":{"enum":["1.0.0"],"type":"string"}},"required":["version","config","type"],"type":"object"}]}"##);
    assert_snapshot!(schema("InlineHookOAuthConfig"), @r##"{"properties":{"authScheme":{"type":"null"},"authType":{"enum":["client_secret_post","private_key_jwt"],"type":"string"},"clientId":{"type":"string"},"headers":{"items":{"$ref":"#/components/schemas/InlineHookHeader"},"type":"array"},"hookKeyId":{"description":"With `private_key_jwt`.","pattern":"^HKY[0-9A-Za-z]{17}$","type":"string"},"method":{"enum":["POST"],"type":"string"},"scope":{"type":["string","null"]},"tokenUrl":{"format":"uri","type":"string"},"uri":{"format":"uri","type":"string"}},"required":["uri","headers","method","authScheme","clientId","tokenUrl","authType","scope"],"type":"object"}"##);
    assert_snapshot!(schema("JwtRequest"), @r##"{"properties":{"claims":{"propertyNames":{"pattern":"^(?!(iat|exp|jti)$)","type":"string"},"type":"object"},"consumer":{"oneOf":[{"$ref":"#/components/schemas/Name","description":"The id of a registered consumer of the key, whose use is then recorded."},{"type":"null"}]},"ttl":{"description":"In seconds, at most 3600; 300 where nothing is said.","example":300,"format":"int64","maximum":3600,"minimum":1,"type":["integer","null"]}},"required":["claims"],"type":"object"}"##);
    assert_snapshot!(schema("KeyReferenceRequest"), @r##"{"description":"What uses the key, in words.","properties":{"kind":{"$ref":"#/components/schemas/Name","description":"Such as `service`; `inline hook` is the vault's."},"name":{"$ref":"#/components/schemas/Name"}},"required":["kind","name"],"type":"object"}"##);
    let hooks = &document["paths"]["/api/v1/inlineHooks"];
    assert_snapshot!(hooks["get"]["parameters"].to_string(), @r#"[{"description":"Only hooks of this type; of all where it is empty","in":"query","name":"type","required":false,"schema":{"enum":["com.okta.import.transform","com.okta.oauth2.tokens.transform","com.okta.saml.tokens.transform","com.okta.telephony.provider","com.okta.user.credential.password.import","com.okta.user.pre-registration",""],"type":"string"}}]"#);
    let execute = &document["paths"]["/api/v1/inlineHooks/{id}/execute"]["post"];
    assert_snapshot!(execute["requestBody"]["content"]["application/json"]["schema"].to_string(), @r#"{"type":"object"}"#);
    let consumer = &document["paths"]["/vault/v1/hook-keys/{key}/references/{consumer}"]["put"]["parameters"];
    assert_snapshot!(consumer.to_string(), @r##"[{"description":"The key's `id` or name","in":"path","name":"key","required":true,"schema":{"$ref":"#/components/schemas/Name"}},{"description":"The consumer's id","in":"path","name":"consumer","required":true,"schema":{"$ref":"#/components/schemas/Name"}}]"##);
}

#[tokio::test]
async fn what_the_document_shows_as_a_body_is_taken() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let document = app.anon().get("/openapi.json").await.json();
    let example = |path: &str, method: &str| {
        document["paths"][path][method]["requestBody"]["content"]["application/json"]["example"].clone()
    };
    let key = manager.post("/api/v1/hook-keys", example("/api/v1/hook-keys", "post")).await;
    assert_eq!(key.status, 200, "{key}");
    let hook = manager.post("/api/v1/inlineHooks", example("/api/v1/inlineHooks", "post")).await;
    assert_eq!(hook.status, 200, "{hook}");
    let (key, hook) = (key.json()["id"].clone(), hook.json()["id"].clone());
    let one = "/api/v1/inlineHooks/{id}";
    let path = one.replace("{id}", hook.as_str().unwrap());
    assert_eq!(manager.post(&path, example(one, "post")).await.status, 200);
    assert_eq!(manager.put(&path, example(one, "put")).await.status, 200);
    let one = "/vault/v1/hook-keys/{key}/references/{consumer}";
    let path = one.replace("{key}", key.as_str().unwrap()).replace("{consumer}", "billing-1");
    assert_eq!(manager.put(&path, example(one, "put")).await.status, 200);
    let user = app.token(USE).await;
    for one in ["/vault/v1/hook-keys/{key}/client-assertions", "/vault/v1/hook-keys/{key}/jwts"] {
        let path = one.replace("{key}", key.as_str().unwrap());
        assert_eq!(user.post(&path, example(one, "post")).await.status, 200, "{one}");
    }
}

#[tokio::test]
async fn the_document_says_how_each_operation_fails_with_examples_from_the_code() {
    let app = TestApp::start().await;
    let answer = app.anon().get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let create = &document["paths"]["/api/v1/hook-keys"]["post"];
    let statuses: Vec<_> = create["responses"].as_object().unwrap().keys().cloned().collect();
    assert_snapshot!(statuses.join(" "), @"200 400 401 403 408 413 429 500 503");
    let taken = &create["responses"]["400"]["content"]["application/json"]["examples"]["nameTaken"]["value"];
    let manager = app.token(MANAGE).await;
    manager.create("a").await;
    let real = manager.post("/api/v1/hook-keys", serde_json::json!({"name": "a"})).await.json();
    let without_id = |error: &Value| {
        let mut error = error.clone();
        error.as_object_mut().unwrap().remove("errorId").unwrap();
        error
    };
    assert_eq!(without_id(taken), without_id(&real));
}
