//! Examples of errors for the documents, from the code that answers.

use super::{Answer, ApiError, call_answer, internal, invalid, unavailable, vault_answer};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::http_url::HttpUrl;
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::scope::Scope;
use crate::http::edge::extract::BODY_LIMIT;
use crate::vault::error::{CredentialError, VaultError};
use crate::vault::hooks::call::{CallError, Failure, Party};
use crate::vault::oauth::error::ProofError;

/// Which routes an error can come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RaisedBy {
    All,
    /// All but the probes.
    Limited,
    Guarded,
    /// Those that name something in their path.
    Named,
    /// Those that take a body.
    Body,
    /// A body that has a name in it.
    NameBody,
    CreateKey,
    DeleteKey,
    HookList,
    HookBody,
    DeleteHook,
    ExecuteHook,
    /// Those that write a use of a key.
    ReferenceWrite,
    Signing,
}

/// Examples for the documents, from the same code that answers.
///
/// # Arguments
/// `needed`: the scope that the route asks for.
#[must_use]
pub fn examples(needed: Option<Scope>) -> Vec<(&'static str, RaisedBy, Answer)> {
    let mut examples = vec![
        ("nameBlank", RaisedBy::NameBody, ApiError::NameMissing.answer()),
        ("nameTaken", RaisedBy::NameBody, vault_answer(&VaultError::NameTaken)),
        ("capReached", RaisedBy::CreateKey, vault_answer(&VaultError::CapReached)),
        ("privateKey", RaisedBy::CreateKey, invalid(&[Invalid::PrivateKey.at("d")])),
        ("unknownType", RaisedBy::HookList, invalid(&[Invalid::OneOf("com.okta.import.transform, …").at("type")])),
        ("ownConsumer", RaisedBy::ReferenceWrite, invalid(&[Invalid::Reserved.at("consumer")])),
        ("plainHttp", RaisedBy::HookBody, invalid(&[Invalid::PlainHttp.at("channel.config.uri")])),
        ("unknownKey", RaisedBy::HookBody, vault_answer(&VaultError::HookKeyUnknown { given: "my key".into() })),
        ("active", RaisedBy::DeleteHook, vault_answer(&VaultError::HookActive)),
        ("inactive", RaisedBy::ExecuteHook, vault_answer(&VaultError::HookInactive)),
        ("ownClaim", RaisedBy::Signing, invalid(&[Invalid::Reserved.at("claims.exp")])),
        (
            "malformed",
            RaisedBy::Body,
            ApiError::MalformedBody("name: invalid type: integer, expected a string".into()).answer(),
        ),
        ("mediaType", RaisedBy::Body, ApiError::MediaType.answer()),
        ("invalidToken", RaisedBy::Guarded, vault_answer(&VaultError::BadCredential(CredentialError::Unknown))),
        ("noCredential", RaisedBy::Guarded, vault_answer(&VaultError::NoCredential)),
        ("badProof", RaisedBy::Guarded, ApiError::Proof { error: ProofError::Uri, realm: String::new() }.answer()),
        (
            "notFound",
            RaisedBy::Named,
            vault_answer(&VaultError::NotFound { kind: "HookKey", id: "HKYr9awje8zXYgZF41d7".into() }),
        ),
        ("tooLarge", RaisedBy::Body, ApiError::BodyTooLarge { limit: BODY_LIMIT }.answer()),
        ("tooSlow", RaisedBy::Body, ApiError::BodyTooSlow.answer()),
        ("rateLimited", RaisedBy::Limited, ApiError::RateLimited.answer()),
        ("internal", RaisedBy::All, internal()),
        ("unavailable", RaisedBy::All, unavailable()),
    ];
    if let Some(needed) = needed {
        let error = ApiError::ScopeTooSmall { needed, realm: None };
        examples.push(("scopeTooSmall", RaisedBy::All, error.answer()));
    }
    let name = |text| Name::parse(text).ok();
    if let (Some(kind), Some(id), Some(hook)) = (name("inline hook"), name("cal7v2xu1m0dCtvO10g7"), name("My hook")) {
        let user = KeyReference {
            consumer_kind: kind,
            consumer_id: id,
            consumer_name: hook,
            since: Timestamp::EPOCH,
            last_used: None,
        };
        examples.push(("inUse", RaisedBy::DeleteKey, vault_answer(&VaultError::KeyInUse { users: vec![user] })));
    }
    if let Ok(url) = HttpUrl::parse("https://hooks.example.com/tokens") {
        for (title, failure) in [
            ("noAnswer", Failure::TimedOut { seconds: 3 }),
            ("errorAnswer", Failure::Status { status: 500, oauth: None }),
            ("badAnswer", Failure::Redirect { status: 302 }),
        ] {
            let error = CallError { party: Party::Hook, url: url.clone(), failure };
            examples.push((title, RaisedBy::ExecuteHook, call_answer(&error)));
        }
    }
    examples
}
