//! How routes refuse, each with an example made by the code that answers.

use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, KeyReference};
use crate::domain::hook_key_version::{Rotation, rotate_every};
use crate::domain::http_url::HttpUrl;
use crate::domain::inline_hook::HookType;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::name::Name;
use crate::domain::scope::Scope;
use crate::http::edge::error::ApiError;
use crate::http::edge::error::answer::{Answer, internal, unavailable};
use crate::http::edge::error::oauth::OAuthRequestError;
use crate::http::edge::extract::BODY_LIMIT;
use crate::vault::error::{Conflict, CredentialError, ImportError, Kind, Kinship, VaultError};
use crate::vault::hooks::call::{CallError, Failure, Party};
use crate::vault::oauth::error::{ProofError, TokenRequestError};
use actix_web::http::StatusCode;
use serde_json::Value;

/// A reason of a route's own; what follows from its other facts is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NameBlank,
    NameTaken,
    PrivateKey,
    KeyCapReached,
    KeyInUse,
    UnknownKey,
    UnknownHookType,
    PlainHttp,
    UnknownHookKey,
    HookCapReached,
    HookActive,
    HookInactive,
    CallFailed,
    UnknownHook,
    UseOfVault,
    UseCapReached,
    UnknownUse,
    ClaimOfVault,
    TokenRequest,
    AddressUnknown,
    NoUser,
    BadQuery,
    BadKey,
    RotationUnderWay,
    RotationTooFast,
    RotatesTooOften,
}

/// An example of a refusal.
pub struct Example {
    pub name: &'static str,
    pub status: StatusCode,
    /// The name of the body's schema.
    pub schema: &'static str,
    pub value: Option<Value>,
}

impl Example {
    fn of(name: &'static str, error: &ApiError) -> Self {
        let answer = error.answer();
        match error.oauth_body() {
            Some(body) => {
                Self { name, status: answer.status, schema: "OAuthError", value: serde_json::to_value(body).ok() }
            }
            None => Self::plain(name, &answer),
        }
    }

    fn plain(name: &'static str, answer: &Answer) -> Self {
        let body = answer.body("oaegRIfbw2PTMWy0XIIvWM_bg".to_owned());
        Self { name, status: answer.status, schema: "Error", value: serde_json::to_value(body).ok() }
    }
}

impl Refusal {
    /// At least one.
    #[must_use]
    pub fn examples(self) -> Vec<Example> {
        let one = |name, error: VaultError| vec![Example::of(name, &error.into())];
        let field = |name, field: InvalidField| one(name, VaultError::Invalid(vec![field]));
        let missing = |kind, id: &str| one("notFound", VaultError::NotFound { kind, id: id.to_owned() });
        match self {
            Self::NameBlank => vec![Example::of("nameBlank", &ApiError::NameMissing)],
            Self::NameTaken => one("nameTaken", Conflict::HookKeyName.into()),
            Self::PrivateKey => field("privateKey", Invalid::PrivateKey.at("d")),
            Self::KeyCapReached => one("capReached", Conflict::HookKeyCap.into()),
            Self::KeyInUse => one("inUse", VaultError::KeyInUse { users: user().into_iter().collect() }),
            Self::UnknownKey => missing(Kind::HookKey, "HKYr9awje8zXYgZF41d7"),
            Self::UnknownHookType => HookType::parse("com.okta.unknown")
                .err()
                .map_or_else(Vec::new, |unknown| field("unknownType", unknown.at("type"))),
            Self::PlainHttp => field("plainHttp", Invalid::PlainHttp.at("channel.config.uri")),
            Self::UnknownHookKey => one("unknownKey", VaultError::HookKeyUnknown { given: "my key".into() }),
            Self::HookCapReached => one("capReached", Conflict::InlineHookCap.into()),
            Self::HookActive => one("active", VaultError::HookActive),
            Self::HookInactive => one("inactive", VaultError::HookInactive),
            Self::CallFailed => calls(),
            Self::UnknownHook => missing(Kind::InlineHook, "cal7v2xu1m0dCtvO10g7"),
            Self::UseOfVault => field("ownConsumer", Invalid::Reserved.at("consumer")),
            Self::UseCapReached => one("capReached", Conflict::KeyReferenceCap.into()),
            Self::UnknownUse => missing(Kind::KeyReference, "billing-1"),
            Self::ClaimOfVault => field("ownClaim", Invalid::Reserved.at("claims.exp")),
            Self::TokenRequest => token_requests(),
            Self::AddressUnknown => {
                vec![Example::of("addressUnknown", &OAuthRequestError::AddressUnknown.into())]
            }
            Self::NoUser => missing(Kind::User, "me"),
            Self::BadKey => {
                let HookKey { key_id: kid, name, .. } = HookKey::example();
                let related = VaultError::ImportRelated { kinship: Kinship::CommonFactor, kid, name };
                let bad = VaultError::Import(ImportError::EvenModulus);
                [one("badKey", bad), one("relatedKey", related)].into_iter().flatten().collect()
            }
            Self::RotationUnderWay => [
                one("underWay", VaultError::HookKeyRotating { signs_from: Timestamp::EPOCH }),
                one("retiredCap", VaultError::HookKeyRetiredCap { until: Timestamp::EPOCH }),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Self::RotationTooFast => Rotation::new(Some(30), None, false)
                .err()
                .map_or_else(Vec::new, |fields| one("tooFast", VaultError::Invalid(fields))),
            Self::RotatesTooOften => rotate_every(60).err().map_or_else(Vec::new, |invalid| field("tooOften", invalid)),
            Self::BadQuery => field("badQuery", Invalid::Filter.at("filter")),
        }
    }
}

/// What every route can answer with.
#[must_use]
pub fn of_all() -> Vec<Example> {
    vec![Example::plain("internal", &internal()), Example::plain("unavailable", &unavailable())]
}

/// What every route can answer with that is counted.
#[must_use]
pub fn of_counted() -> Vec<Example> {
    vec![Example::of("rateLimited", &ApiError::RateLimited)]
}

/// What every guarded route can answer with.
///
/// # Arguments
/// `needed`: the scope that it asks for.
#[must_use]
pub fn of_guarded(needed: Option<Scope>) -> Vec<Example> {
    let mut examples = vec![
        Example::of("invalidToken", &VaultError::BadCredential(CredentialError::Unknown).into()),
        Example::of("noCredential", &VaultError::NoCredential.into()),
        Example::of("badProof", &ApiError::Proof { error: ProofError::Uri, realm: String::new() }),
    ];
    let too_small = |needed| Example::of("scopeTooSmall", &ApiError::ScopeTooSmall { needed, realm: None });
    examples.extend(needed.map(too_small));
    examples
}

/// What every route can answer with that takes JSON.
#[must_use]
pub fn of_json() -> Vec<Example> {
    vec![
        Example::of("malformed", &ApiError::MalformedBody("name: invalid type: integer, expected a string".into())),
        Example::of("mediaType", &ApiError::MediaType),
        Example::of("tooLarge", &ApiError::BodyTooLarge { limit: BODY_LIMIT }),
        Example::of("tooSlow", &ApiError::BodyTooSlow),
    ]
}

fn user() -> Option<KeyReference> {
    Some(KeyReference {
        consumer_kind: Name::parse("inline hook").ok()?,
        consumer_id: Name::parse("cal7v2xu1m0dCtvO10g7").ok()?,
        consumer_name: Name::parse("My hook").ok()?,
        since: Timestamp::EPOCH,
        last_used: None,
    })
}

fn calls() -> Vec<Example> {
    let Ok(url) = HttpUrl::parse("https://hooks.example.com/tokens") else { return Vec::new() };
    let call = |(name, failure)| {
        let error = CallError { party: Party::Hook, url: url.clone(), failure };
        Example::of(name, &VaultError::Call(Box::new(error)).into())
    };
    let failures = [
        ("noAnswer", Failure::TimedOut { seconds: 3 }),
        ("errorAnswer", Failure::Status { status: 500, oauth: None }),
        ("badAnswer", Failure::Redirect { status: 302 }),
    ];
    failures.into_iter().map(call).collect()
}

/// All errors of the token endpoint.
fn token_requests() -> Vec<Example> {
    use TokenRequestError as E;
    let refused = [
        ("noCredentials", E::NoCredentials),
        ("client", E::Client("")),
        ("issuer", E::Issuer),
        ("audience", E::Audience { expected: String::new() }),
        ("noExpiration", E::NoExpiration),
        ("expired", E::Expired),
        ("expiresTooLate", E::ExpiresTooLate),
        ("alreadyUsed", E::AlreadyUsed),
        ("signature", E::Signature),
        ("parsing", E::Parsing),
        ("kid", E::KeyId),
        ("algorithm", E::Algorithm),
        ("assertionType", E::AssertionType),
        ("grantType", E::GrantType),
        ("noScopes", E::NoScopes),
        ("unknownScope", E::UnknownScope),
        ("noneAllowed", E::NoneAllowed),
        ("proofMissing", E::Proof(ProofError::Missing)),
        ("nonceWanted", E::Proof(ProofError::Nonce(String::new()))),
    ];
    let before = [
        ("repeated", OAuthRequestError::Repeated("scope")),
        ("mediaType", OAuthRequestError::NotAForm),
        ("tooLarge", OAuthRequestError::TooLarge { limit: BODY_LIMIT }),
        ("addressUnknown", OAuthRequestError::AddressUnknown),
    ];
    let refused = refused.into_iter().map(|(name, error)| Example::of(name, &VaultError::TokenRequest(error).into()));
    let before = before.into_iter().map(|(name, error)| Example::of(name, &error.into()));
    refused.chain(before).chain([Example::of("tooSlow", &ApiError::BodyTooSlow)]).collect()
}
