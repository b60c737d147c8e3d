//! `/api/v1/logs`: the audit trail in the shape of the System Log (wire.md §7).

use crate::domain::audit::EventKind;
use crate::domain::clock::Timestamp;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::http::edge::authentication::{Granted, LogsRead};
use crate::http::edge::error::ApiError;
use crate::http::edge::host::host;
use crate::http::edge::org_url::org_url;
use crate::http::shared::Shared;
use crate::vault::custody::audit::reading::{AuditEntry, AuditQuery};
use crate::vault::error::VaultError;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use std::time::Duration;
use url::form_urlencoded::Serializer;
use utoipa::IntoParams;

const PATH: &str = "/api/v1/logs";

/// How many entries an answer has unless something else is asked for, and at the most.
const LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

/// How many words may be looked for, and how many characters each may have.
const WORDS: usize = 10;
const WORD_LENGTH: usize = 40;

/// How far back an answer begins unless something else is asked for.
const USUAL_SPAN: Duration = Duration::from_hours(7 * 24);

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes query parameters for the documents")]
struct LogParams {
    /// Entries from this moment on; without it, of the last seven days.
    #[param(example = "2025-10-24T13:06:07.000Z", format = DateTime)]
    since: Option<String>,
    /// Entries before this moment.
    #[param(example = "2025-10-25T13:06:07.000Z", format = DateTime)]
    until: Option<String>,
    /// `eventType eq "…"`, several joined by `or`.
    #[param(example = "eventType eq \"system.hook.key.created\"", pattern = "^eventType eq \"[a-z._]+\"$")]
    filter: Option<String>,
    /// Words, each of which occurs in an entry, in whatever case: up to 10 of up to 40 characters.
    #[param(example = "terraform", pattern = "^ *[^ ]{0,40}( +[^ ]{1,40}){0,9} *$")]
    q: Option<String>,
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Oldest first, unless it is DESCENDING.
    #[param(rename = "sortOrder", pattern = "^(ASCENDING|DESCENDING)$")]
    sort_order: Option<String>,
    /// From the `next` link of an earlier answer.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
}

/// The pairs of a query, in their order.
type Query = web::Query<Vec<(String, String)>>;

/// List entries of the log
///
/// Changes, uses of keys, and refusals for lack of rights, as the System Log shows them. The `Link` header with `rel="next"` leads on; without
/// `until` it is always there, so that newer entries can be asked for later.
#[utoipa::path(get, path = "/api/v1/logs", tag = "Log", operation_id = "listLogEvents", params(LogParams),
    responses((status = 200, description = "Entries", body = [serde_json::Value])))]
pub async fn list(
    granted: Granted<LogsRead>,
    request: HttpRequest,
    query: Query,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let org = &granted.caller().org;
    let asked = asked(&query, shared.vault.clock().now()).map_err(VaultError::from)?;
    let words = words(&query).map_err(VaultError::from)?;
    let registry = shared.vault.registry();
    let (entries, goes_on) = match words.as_slice() {
        [] => (registry.audit_list(&org.id, &asked).await?, None),
        words => registry.audit_search(&org.id, &asked, words).await?,
    };
    let base = org_url(&shared, org, host(&request));
    let mut response = HttpResponse::Ok();
    response.append_header(link(&base, &query, None, "self"));
    if let Some(after) = goes_on.or_else(|| next(&asked, &entries)) {
        response.append_header(link(&base, &query, Some(after), "next"));
    }
    // As they were written: each is an object already.
    let texts: Vec<_> = entries.iter().filter_map(|entry| entry.text.as_deref()).collect();
    Ok(response.insert_header((CONTENT_TYPE, "application/json")).body(format!("[{}]", texts.join(","))))
}

fn asked(query: &Query, now: Timestamp) -> Result<AuditQuery, InvalidField> {
    let given = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str());
    let time = |name: &'static str| {
        given(name).map(|text| Timestamp::parse(text).map_err(|reason| reason.at(name))).transpose()
    };
    let after = given("after").map(|text| text.parse::<u64>().map_err(|_| Invalid::Cursor.at("after"))).transpose()?;
    let usual = || Timestamp::from_unix(now.unix().saturating_sub_unsigned(USUAL_SPAN.as_secs())).ok();
    let until = time("until")?;
    Ok(AuditQuery {
        from: after,
        is_descending: match given("sortOrder") {
            None | Some("ASCENDING") => false,
            Some("DESCENDING") => true,
            Some(_) => return Err(Invalid::OneOf("ASCENDING, DESCENDING").at("sortOrder")),
        },
        since: time("since")?.or_else(|| if after.is_some() || until.is_some() { None } else { usual() }),
        until,
        kinds: given("filter").map(kinds).transpose()?.unwrap_or_default(),
        limit: match given("limit").map(str::parse) {
            None => LIMIT,
            Some(Ok(limit @ 1..=MAX_LIMIT)) => limit,
            Some(_) => return Err(Invalid::Limit { limit: MAX_LIMIT }.at("limit")),
        },
    })
}

/// What is looked for, in small letters.
fn words(query: &Query) -> Result<Vec<String>, InvalidField> {
    let text = query.iter().find(|(name, _)| name == "q").map_or("", |(_, text)| text.as_str());
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() > WORDS || words.iter().any(|word| word.chars().count() > WORD_LENGTH) {
        return Err(Invalid::Words { words: WORDS, characters: WORD_LENGTH }.at("q"));
    }
    Ok(words.into_iter().map(str::to_lowercase).collect())
}

/// The event types that a filter names.
fn kinds(filter: &str) -> Result<Vec<String>, InvalidField> {
    let one = |part: &str| {
        let rest = part.trim().strip_prefix("eventType")?.trim_start().strip_prefix("eq")?;
        let kind = rest.trim().strip_prefix('"')?.strip_suffix('"')?;
        (!kind.contains('"')).then(|| kind.to_owned())
    };
    filter.split(" or ").map(|part| one(part).ok_or(Invalid::Filter.at("filter"))).collect()
}

/// Where the next answer begins, if there may be one.
fn next(asked: &AuditQuery, entries: &[AuditEntry]) -> Option<u64> {
    let is_full = entries.len() >= asked.limit as usize;
    match (asked.is_descending, entries.last()) {
        (true, Some(last)) => is_full.then_some(last.number),
        (false, Some(last)) if is_full || asked.until.is_none() => Some(last.number + 1),
        (false, None) if asked.until.is_none() => asked.from,
        _ => None,
    }
}

fn link(base: &str, query: &Query, after: Option<u64>, rel: &str) -> (HeaderName, HeaderValue) {
    let mut pairs = Serializer::new(String::new());
    // All that was asked stays; where it goes on is said anew.
    for (name, value) in query.iter().filter(|(name, _)| after.is_none() || name != "after") {
        pairs.append_pair(name, value);
    }
    if let Some(after) = after {
        pairs.append_pair("after", &after.to_string());
    }
    let query = pairs.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    let text = format!("<{base}{PATH}{mark}{query}>; rel=\"{rel}\"");
    let value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    (HeaderName::from_static("link"), value)
}

/// Examples of answers.
pub mod example {
    use super::EventKind;
    use serde_json::{Value, json};

    pub fn list() -> [Value; 1] {
        [json!({
            "eventType": EventKind::HookKeyCreated.as_str(),
            "displayMessage": EventKind::HookKeyCreated.message(),
            "published": "2025-10-24T13:06:07.000Z",
            "severity": "INFO",
            "actor": { "id": "00uK9p2Wb5Rcx7LmYt1v", "type": "User", "alternateId": "terraform", "displayName": "terraform" },
            "outcome": { "result": "SUCCESS", "reason": null },
            "target": [{ "id": "HKYr9awje8zXYgZF41d7", "type": "HookKey", "displayName": "My hook key" }],
        })]
    }
}
