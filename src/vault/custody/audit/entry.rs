//! An entry as text: one line of JSON in the shape of the System Log (wire.md §7).

use crate::domain::actor::{Actor, RequestFacts};
use crate::domain::audit::{Event, Outcome, Target};
use crate::domain::caller::Credential;
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The members have the names and the order of the System Log. What the vault does not know of is null there, too.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    actor: ActorText,
    client: Client<'a>,
    device: (),
    authentication_context: AuthenticationContext,
    display_message: &'static str,
    event_type: &'static str,
    outcome: OutcomeText<'a>,
    published: String,
    security_context: Map<String, Value>,
    severity: &'static str,
    debug_context: Value,
    legacy_event_type: (),
    transaction: Transaction<'a>,
    uuid: String,
    version: &'static str,
    request: Request,
    target: Vec<TargetText<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActorText {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    alternate_id: String,
    display_name: String,
    detail_entry: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Client<'a> {
    user_agent: Option<UserAgent<'a>>,
    zone: (),
    device: (),
    id: Option<String>,
    ip_address: Option<String>,
    geographical_context: (),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserAgent<'a> {
    raw_user_agent: &'a str,
    os: (),
    browser: (),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationContext {
    authentication_provider: (),
    credential_provider: (),
    credential_type: Option<&'static str>,
    issuer: (),
    interface: (),
    authentication_step: u8,
    external_session_id: (),
}

#[derive(Serialize)]
struct OutcomeText<'a> {
    result: &'static str,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    detail: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    ip_chain: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetText<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    alternate_id: &'a str,
    display_name: &'a str,
    detail_entry: Option<Map<String, Value>>,
}

/// The text of an entry.
///
/// # Arguments
/// `id`: a UUID of the entry's own.
///
/// # Panics
/// Never: strings and numbers can be written as JSON.
pub fn text(org: &OrgId, actor: &Actor, event: &Event, published: Timestamp, id: uuid::Uuid) -> String {
    let (who, credential_type) = actor_text(actor);
    let request = match actor {
        Actor::Client { request, .. } => Some(request),
        Actor::Operator { .. } | Actor::Vault => None,
    };
    let address = request.and_then(|request| request.address).map(|address| address.to_string());
    let (result, reason) = match &event.outcome {
        Outcome::Success => ("SUCCESS", None),
        Outcome::Failure(reason) => ("FAILURE", Some(reason.as_str())),
        Outcome::Deny(reason) => ("DENY", Some(reason.as_str())),
    };
    let uuid = id.as_hyphenated().to_string();
    let entry = Entry {
        client: Client {
            user_agent: request.and_then(|request| {
                Some(UserAgent { raw_user_agent: request.user_agent.as_deref()?, os: (), browser: () })
            }),
            zone: (),
            device: (),
            id: match actor {
                Actor::Client { credential: Credential::ApiToken { id, .. }, .. } => Some(id.to_string()),
                Actor::Client { credential: Credential::ServiceApp(id), .. } => Some(id.to_string()),
                Actor::Client { credential: Credential::Issuer { .. }, .. } | Actor::Operator { .. } | Actor::Vault => {
                    None
                }
            },
            ip_address: address.clone(),
            geographical_context: (),
        },
        actor: who,
        device: (),
        authentication_context: AuthenticationContext {
            authentication_provider: (),
            credential_provider: (),
            credential_type,
            issuer: (),
            interface: (),
            authentication_step: 0,
            external_session_id: (),
        },
        display_message: event.kind.message(),
        event_type: event.kind.as_str(),
        outcome: OutcomeText { result, reason },
        published: published.to_wire(),
        security_context: Map::new(),
        severity: if reason.is_some() { "WARN" } else { "INFO" },
        debug_context: json!({ "debugData": debug_data(org, request.map(AsRef::as_ref), event.count) }),
        legacy_event_type: (),
        transaction: Transaction {
            kind: if request.is_some() { "WEB" } else { "JOB" },
            id: request.map_or(uuid.as_str(), |request| &request.id),
            detail: Map::new(),
        },
        version: "0",
        request: Request {
            ip_chain: address
                .map(|address| {
                    let version = if address.contains(':') { "V6" } else { "V4" };
                    json!({ "ip": address, "geographicalContext": null, "version": version, "source": null })
                })
                .into_iter()
                .collect(),
        },
        target: event.targets.iter().map(target_text).collect(),
        uuid: uuid.clone(),
    };
    serde_json::to_string(&entry).expect("strings and numbers can be written as JSON")
}

fn debug_data(org: &OrgId, request: Option<&RequestFacts>, count: u64) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("orgId".into(), org.as_str().into());
    if let Some(request) = request {
        data.insert("requestId".into(), request.id.as_str().into());
        data.insert("requestUri".into(), request.path.as_str().into());
        data.insert("requestMethod".into(), request.method.as_str().into());
    }
    if count > 1 {
        data.insert("count".into(), count.into());
    }
    data
}

fn actor_text(actor: &Actor) -> (ActorText, Option<&'static str>) {
    let plain = |id: &str, kind, name: &str| ActorText {
        id: id.to_owned(),
        kind,
        alternate_id: name.to_owned(),
        display_name: name.to_owned(),
        detail_entry: None,
    };
    match actor {
        Actor::Vault => (plain("hookvault", "SystemPrincipal", "hookvault"), None),
        Actor::Operator { user } => (plain(user, "Operator", user), None),
        Actor::Client { credential, .. } => match credential {
            Credential::ApiToken { id, name, user_id, .. } => {
                let detail_entry = Some(json!({ "apiTokenId": id.as_str() }));
                (ActorText { detail_entry, ..plain(user_id.as_str(), "User", name.as_str()) }, Some("API_TOKEN"))
            }
            Credential::ServiceApp(id) => {
                (plain(id.as_str(), "PublicClientApp", id.as_str()), Some("OAUTH_ACCESS_TOKEN"))
            }
            Credential::Issuer { issuer, subject } => {
                let detail_entry = Some(json!({ "issuer": issuer }));
                (ActorText { detail_entry, ..plain(subject, "User", subject) }, Some("OAUTH_ACCESS_TOKEN"))
            }
        },
    }
}

fn target_text(target: &Target) -> TargetText<'_> {
    let details: Map<_, _> =
        target.details.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    TargetText {
        id: &target.id,
        kind: target.kind,
        alternate_id: target.name.as_deref().unwrap_or(&target.id),
        display_name: target.name.as_deref().unwrap_or(&target.id),
        detail_entry: (!details.is_empty()).then_some(details),
    }
}
