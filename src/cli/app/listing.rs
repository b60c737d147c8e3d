//! What a person or a program reads of apps.

use crate::crypto::jwk;
use crate::domain::org::Org;
use crate::domain::scope::Scope;
use crate::domain::service_app::{AppKey, ServiceApp};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppLine {
    client_id: String,
    name: String,
    org: String,
    status: &'static str,
    dpop: bool,
    scopes: Vec<&'static str>,
    created: String,
    last_updated: String,
    keys: Vec<KeyLine>,
}

#[derive(Serialize)]
struct KeyLine {
    kid: String,
    kind: String,
    created: String,
    jwk: Map<String, Value>,
}

impl AppLine {
    pub fn new(app: &ServiceApp, keys: &[AppKey], orgs: &[Org]) -> Self {
        let org = orgs.iter().find(|org| org.id == app.org_id);
        Self {
            client_id: app.id.to_string(),
            name: app.name.to_string(),
            org: org.map_or_else(|| app.org_id.to_string(), |org| org.name.to_string()),
            status: if app.active { "ACTIVE" } else { "INACTIVE" },
            dpop: app.dpop_bound,
            scopes: app.scopes.iter().map(Scope::as_str).collect(),
            created: app.created.to_wire(),
            last_updated: app.last_updated.to_wire(),
            keys: keys.iter().map(KeyLine::from).collect(),
        }
    }

    pub const COLUMNS: [&str; 7] = ["CLIENT ID", "NAME", "ORG", "STATUS", "DPOP", "KEYS", "SCOPES"];

    pub fn cells(self) -> [String; 7] {
        let (dpop, keys) = (if self.dpop { "yes" } else { "no" }, self.keys.len().to_string());
        [self.client_id, self.name, self.org, self.status.into(), dpop.into(), keys, self.scopes.join(" ")]
    }
}

impl From<&AppKey> for KeyLine {
    fn from(key: &AppKey) -> Self {
        Self {
            kid: key.kid.to_string(),
            kind: key.key.kind(),
            created: key.created.to_wire(),
            jwk: jwk::members(&key.key),
        }
    }
}

/// Keys by their `kid`, as in a sentence.
pub fn kids(keys: &[AppKey]) -> String {
    keys.iter().map(|key| format!("{} ({})", key.kid, key.key.kind())).collect::<Vec<_>>().join(", ")
}
