//! The words for what the vault refuses, or cannot do (wire.md §2, §6).

use super::answer::{Answer, bad_credential, forbidden, internal, invalid, unavailable, validation};
use super::oauth;
use crate::domain::hook_key::{KeyReference, MAX_KEYS_PER_ORG, MAX_REFERENCES_PER_KEY};
use crate::domain::hook_key_version::MAX_RETIRED_PER_KEY;
use crate::domain::inline_hook::MAX_HOOKS_PER_ORG;
use crate::vault::error::{Conflict, CredentialError, Kind, VaultError, related};
use crate::vault::hooks::call::{CallError, Failure, Party};
use actix_web::http::StatusCode;

/// For those who have a token and send it in another way.
const HOW_TO_AUTHENTICATE: &str =
    "Send an API token as `Authorization: SSWS <token>`, or an access token as `Authorization: Bearer <token>`.";

pub fn answer(error: &VaultError) -> Answer {
    match error {
        VaultError::NotFound { kind, id } => Answer::new(
            StatusCode::NOT_FOUND,
            "E0000007",
            format!("Not found: Resource not found: {id} ({})", resource(*kind)),
        ),
        VaultError::Name(reason) => invalid(&[reason.at("name")]),
        VaultError::Invalid(fields) => invalid(fields),
        VaultError::HookKeyUnknown { given } => validation("channel.config.hookKeyId")
            .because(format!("channel.config.hookKeyId: There is no hook key '{given}' in the current organization")),
        VaultError::Conflict(conflict) => conflict_answer(*conflict),
        VaultError::Import(reason) => validation("key").because(format!("key: The key {reason}")),
        VaultError::ImportRelated { kinship, kid, name } => {
            validation("key").because(format!("key: The key {}", related(*kinship, kid, name)))
        }
        VaultError::Unwrap(reason) => validation("jwe").because(format!("jwe: The JWE {reason}")),
        VaultError::HookActive => forbidden()
            .because("The inline hook is active. Only inactive inline hooks can be deleted: deactivate it first."),
        VaultError::HookInactive => validation("status")
            .because("status: The inline hook is inactive, which blocks its execution: activate it first."),
        VaultError::Call(error) => call_answer(error),
        VaultError::KeyInUse { users } => users.iter().fold(forbidden(), |answer, user| answer.because(use_of(user))),
        VaultError::HookKeyRotating { signs_from } => validation("HookKey").because(format!(
            "The next key is there already, and signs from {} on. Rotate again after that; if a key is in wrong hands, send `emergency`.",
            signs_from.to_wire()
        )),
        VaultError::HookKeyRetiredCap { until } => validation("HookKey").because(format!(
            "You have reached the maximum number of retired keys that are published ({MAX_RETIRED_PER_KEY}). The first of them is withdrawn \
             at {}. Rotate again after that; if a key is in wrong hands, send `emergency`.",
            until.to_wire()
        )),
        VaultError::NoCredential => {
            Answer::new(StatusCode::FORBIDDEN, "E0000005", "Invalid session").because(HOW_TO_AUTHENTICATE)
        }
        VaultError::BadCredential(CredentialError::Malformed) => bad_credential().because(HOW_TO_AUTHENTICATE),
        // Which of these it is would help who guesses.
        VaultError::BadCredential(
            CredentialError::Unknown | CredentialError::OtherOrg | CredentialError::Expired | CredentialError::Revoked,
        ) => bad_credential().because(
            "The token is unknown, expired, revoked, or of another org. The server's log says which, beside this errorId.",
        ),
        VaultError::AccessToken(_) | VaultError::Proof(_) => bad_credential(),
        VaultError::TokenRequest(error) => oauth::as_logged(oauth::answer(error)),
        VaultError::IssuerUnavailable(_) => unavailable()
            .because("The keys of the access token's issuer cannot be fetched, so the token cannot be checked now."),
        VaultError::HostUnsure { .. } => unavailable().because(
            "No sound org has this host, and an org is damaged or missing, so the host may be that one's. The log and `hookvault check` say \
             which one it is.",
        ),
        VaultError::Busy(_) | VaultError::Full(_) | VaultError::Unavailable(_) => unavailable(),
        VaultError::Damaged(_)
        | VaultError::Store(_)
        | VaultError::AppActive
        | VaultError::RotationUnderWay { .. }
        | VaultError::Ambiguous { .. }
        | VaultError::Task(_)
        | VaultError::KeyUnusable(_)
        | VaultError::KeyCannotSign(_)
        | VaultError::KeyDamaged { .. }
        | VaultError::Sign(_)
        | VaultError::PublicKey(_)
        | VaultError::Checkpoint(_)
        | VaultError::TrailBroken { .. }
        | VaultError::Empty => internal(),
    }
}

/// A rule of the database. Those of the shell's commands are not met here.
fn conflict_answer(conflict: Conflict) -> Answer {
    match conflict {
        Conflict::HookKeyName | Conflict::InlineHookName => {
            validation("name").because("name: An object with this field already exists in the current organization")
        }
        Conflict::HookKeyCap => validation("HookKey").because(format!(
            "You have reached the maximum number of keys allowed ({MAX_KEYS_PER_ORG}). \
             To add another key, you must first delete an existing one."
        )),
        Conflict::InlineHookCap => validation("InlineHook").because(format!(
            "You have reached the maximum number of inline hooks allowed ({MAX_HOOKS_PER_ORG}). \
             To add another inline hook, you must first delete an existing one."
        )),
        Conflict::KeyReferenceCap => validation("HookKeyReference").because(format!(
            "You have reached the maximum number of registered uses of a key ({MAX_REFERENCES_PER_KEY}). \
             To register another one, you must first end an existing one."
        )),
        Conflict::HookKeyMissing
        | Conflict::HookKeyNext
        | Conflict::OrgName
        | Conflict::OrgDomain
        | Conflict::OrgDefault
        | Conflict::ApiTokenName
        | Conflict::ServiceAppName
        | Conflict::ClientKid
        | Conflict::SigningKeyGeneration
        | Conflict::MasterKey => internal(),
    }
}

/// What the API calls a kind of thing (wire.md §2).
fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::Org => "Org",
        Kind::HookKey => "HookKey",
        Kind::KeyReference => "HookKeyReference",
        Kind::InlineHook => "InlineHook",
        Kind::ApiToken => "ApiToken",
        Kind::ServiceApp => "ServiceApp",
        Kind::ClientKey => "ClientKey",
        Kind::User => "User",
        Kind::AuditEntry => "LogEvent",
    }
}

/// A hook that was called in vain (wire.md §6): no answer in time, an answer that is an error, or none that can be used.
fn call_answer(error: &CallError) -> Answer {
    let answer = match (error.party, &error.failure) {
        (_, Failure::TimedOut { .. }) => {
            Answer::new(StatusCode::GATEWAY_TIMEOUT, "E0000137", "Okta did not receive a response from an inline hook.")
        }
        (Party::Hook, Failure::Status { .. }) => {
            Answer::new(StatusCode::BAD_REQUEST, "E0000135", "An inline hook responded with an error.")
        }
        (Party::TokenEndpoint, Failure::Status { .. })
        | (
            _,
            Failure::Outbound(_)
            | Failure::Redirect { .. }
            | Failure::NotAnObject(_)
            | Failure::NoAccessToken
            | Failure::TokenType(_),
        ) => Answer::new(
            StatusCode::BAD_GATEWAY,
            "E0000134",
            "Okta could not communicate correctly with an inline hook.",
        ),
    };
    answer.because(format!("The call failed at {error}."))
}

fn use_of(user: &KeyReference) -> String {
    let KeyReference { consumer_kind, consumer_id, consumer_name, .. } = user;
    format!(
        "The key is used by {consumer_kind} '{consumer_name}' ({consumer_id}). Only keys that aren't used can be deleted."
    )
}
