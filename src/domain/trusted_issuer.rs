//! Issuers outside the vault whose access tokens count as well.

use super::http_url::HttpUrl;
use super::scope::{Scope, Scopes};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// Compared as text with the claim `iss`, as it was given (RFC 8414, clause 3.3).
    pub issuer: HttpUrl,
    /// What must be in the claim `aud`.
    pub audience: String,
    /// The claim with the scopes: a text with spaces between them, or an array.
    pub scopes_claim: String,
    /// What a scope of the issuer's is called here. What is not in it must be a scope of ours to count.
    pub mapping: BTreeMap<String, Scopes>,
    /// Where the keys are; without it, where the issuer's metadata say.
    pub jwks_uri: Option<HttpUrl>,
    /// The org whose API its tokens open, by id, name or domain; without it, the default org.
    pub org: Option<String>,
}

impl TrustedIssuer {
    /// What these scopes of the issuer's allow here. Those that mean nothing here are left out.
    #[must_use]
    pub fn translate<'a>(&self, given: impl Iterator<Item = &'a str>) -> Scopes {
        given
            .flat_map(|name| match self.mapping.get(name) {
                Some(scopes) => scopes.iter().collect::<Vec<_>>(),
                None => Scope::parse(name).into_iter().collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_translated_and_what_means_nothing_is_left_out() {
        let issuer = TrustedIssuer {
            issuer: HttpUrl::parse("https://login.example.com").unwrap(),
            audience: "hookvault".into(),
            scopes_claim: "scope".into(),
            mapping: [("vault:read".to_owned(), Scopes::parse("okta.inlineHooks.read").unwrap())].into(),
            jwks_uri: None,
            org: None,
        };
        let translate = |text: &str| issuer.translate(text.split(' ')).to_string();
        assert_eq!(translate("openid vault:read hookvault.keys.use"), "okta.inlineHooks.read hookvault.keys.use");
        assert_eq!(translate("openid"), "");
    }
}
