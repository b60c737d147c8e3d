//! `HOOKVAULT_TRUSTED_ISSUERS`: a JSON array, because an issuer has several settings.

use super::sources::{ConfigError, Sources};
use super::variable;
use crate::domain::http_url::HttpUrl;
use crate::domain::invalid::Invalid;
use crate::domain::scope::Scopes;
use crate::domain::trusted_issuer::TrustedIssuer;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    issuer: String,
    audience: String,
    #[serde(default = "usual_scopes_claim")]
    scopes_claim: String,
    /// From a scope of the issuer's to one of ours, or several with spaces between them.
    #[serde(default)]
    scopes: BTreeMap<String, String>,
    jwks_uri: Option<String>,
    org: Option<String>,
}

/// RFC 9068, clause 2.2.3.
fn usual_scopes_claim() -> String {
    "scope".to_owned()
}

/// # Errors
/// [`ConfigError`].
pub fn from_sources(sources: &Sources) -> Result<Vec<TrustedIssuer>, ConfigError> {
    sources.parse(
        variable::TRUSTED_ISSUERS,
        "[]",
        r#"write it as [{"issuer":"https://login.example.com","audience":"hookvault"}]; .env.example has all members"#,
        parse,
    )
}

fn parse(text: &str) -> Result<Vec<TrustedIssuer>, String> {
    let entries: Vec<Entry> =
        serde_json::from_str(text).map_err(|error| format!("is not a list of issuers: {error}"))?;
    entries.into_iter().map(parse_entry).collect()
}

fn parse_entry(entry: Entry) -> Result<TrustedIssuer, String> {
    let url = |name: &str, text: &str| {
        HttpUrl::parse(text).map_err(|reason| match reason {
            Invalid::Url => {
                format!("has the {name} {text}, which is not an http or https URL without a user name and a fragment")
            }
            reason => format!("has a {name} that {reason}"),
        })
    };
    // RFC 8414, clause 2.
    if entry.issuer.contains('?') {
        return Err(format!("has the issuer {}, which has a query", entry.issuer));
    }
    if entry.audience.is_empty() {
        return Err("has an audience that is blank".into());
    }
    if entry.scopes_claim.trim().is_empty() {
        return Err("has a scopesClaim that is blank".into());
    }
    let mapping = entry.scopes.into_iter().map(|(theirs, ours)| {
        if theirs.trim().is_empty() {
            return Err("maps a scope that is blank".into());
        }
        let scopes =
            Scopes::parse(&ours).map_err(|reason| format!("gives {theirs} the scope {ours}, which {reason}"))?;
        Ok((theirs, scopes))
    });
    Ok(TrustedIssuer {
        issuer: url("issuer", &entry.issuer)?,
        audience: entry.audience,
        scopes_claim: entry.scopes_claim,
        mapping: mapping.collect::<Result<_, String>>()?,
        jwks_uri: entry.jwks_uri.map(|text| url("jwksUri", &text)).transpose()?,
        org: entry.org,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_needs_an_address_and_an_audience() {
        let found = parse(r#"[{"issuer": "https://login.example.com", "audience": "hookvault"}]"#).unwrap();
        assert_eq!((found[0].issuer.as_str(), found[0].scopes_claim.as_str()), ("https://login.example.com", "scope"));
        assert_eq!(parse("[]"), Ok(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_reason() {
        for (wrong, reason) in [
            ("https://login.example.com", "is not a list of issuers: expected value at line 1 column 1"),
            (
                r#"[{"issuer": "a", "audience": "b"}]"#,
                "has the issuer a, which is not an http or https URL without a user name and a fragment",
            ),
            (r#"[{"issuer": "https://a", "audience": ""}]"#, "has an audience that is blank"),
            (
                r#"[{"issuer": "https://a", "audience": "b", "scopes": {"read": "okta.read"}}]"#,
                "gives read the scope okta.read, which is not a known scope",
            ),
            (r#"[{"issuer": "https://a", "audience": "b", "scopesClaim": ""}]"#, "has a scopesClaim that is blank"),
            (
                r#"[{"issuer": "https://a", "audience": "b", "scopes": {" ": "okta.inlineHooks.read"}}]"#,
                "maps a scope that is blank",
            ),
        ] {
            assert_eq!(parse(wrong), Err(reason.to_owned()), "{wrong}");
        }
        assert!(
            parse(r#"[{"issuer": "https://a", "audience": "b", "scope": "c"}]"#).unwrap_err().contains("unknown field")
        );
    }
}
