//! The words of OAuth: errors of the token endpoint (RFC 6749, clause 5.2) and challenges of the API (RFC 6750, clause 3;
//! RFC 9449, clause 7.1). Their texts are published, and clients look for them (wire.md §5).

use super::answer::Answer;
use crate::domain::scope::Scope;
use crate::domain::verifying_key::JWS_ALGORITHMS;
use crate::vault::oauth::error::{AccessTokenError, ProofError, TokenRequestError};
use actix_web::http::StatusCode;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// For those who run the vault, too.
const ADDRESS_UNKNOWN: &str = "The server does not know its own address: HOOKVAULT_PUBLIC_URL is not set.";

/// An error of the token endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub struct OAuthErrorBody {
    #[schema(example = "invalid_client")]
    pub error: &'static str,
    #[schema(example = "The client_assertion token is expired.")]
    pub error_description: Cow<'static, str>,
}

/// What is wrong with a request to the token endpoint, or for what the org says of itself, before the vault hears of it.
#[derive(Debug, thiserror::Error)]
pub enum OAuthRequestError {
    #[error("the parameter {0} is given more than once")]
    Repeated(&'static str),
    #[error("the body is no form")]
    NotAForm,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the vault does not know its own address: set HOOKVAULT_PUBLIC_URL")]
    AddressUnknown,
}

/// Status and body for a request that is none.
pub fn request_answer(error: &OAuthRequestError) -> (StatusCode, OAuthErrorBody) {
    let (status, error_description) = match error {
        OAuthRequestError::Repeated(name) => {
            (StatusCode::BAD_REQUEST, format!("The parameter '{name}' must not be given more than once.").into())
        }
        OAuthRequestError::NotAForm => {
            (StatusCode::BAD_REQUEST, "The request body must be of the type application/x-www-form-urlencoded.".into())
        }
        OAuthRequestError::TooLarge { limit } => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("The request body is larger than {limit} bytes.").into())
        }
        OAuthRequestError::AddressUnknown => (StatusCode::BAD_REQUEST, ADDRESS_UNKNOWN.into()),
    };
    (status, OAuthErrorBody { error: "invalid_request", error_description })
}

/// In the form in which the log has it.
pub fn as_logged((status, body): (StatusCode, OAuthErrorBody)) -> Answer {
    Answer::new(status, body.error, body.error_description)
}

/// Status and body for a token request that is refused.
pub fn answer(error: &TokenRequestError) -> (StatusCode, OAuthErrorBody) {
    use TokenRequestError as E;
    let client = |text: &'static str| (StatusCode::UNAUTHORIZED, "invalid_client", text);
    let bad = |error, text: &'static str| (StatusCode::BAD_REQUEST, error, text);
    let (status, error, text) = match error {
        E::NoCredentials => client("No client credentials found."),
        E::Client(_) => {
            client("Client authentication failed. Either the client or the client credentials are invalid.")
        }
        E::Issuer => client("The issuer claim for client_assertion is not a valid client_id."),
        E::Audience { .. } => {
            client("The audience claim for client_assertion must be the endpoint invoked for the request.")
        }
        E::NoExpiration => client("The client_assertion must contain the 'exp' claim as seconds since epoch."),
        E::Expired => client("The client_assertion token is expired."),
        E::ExpiresTooLate => client("The client_assertion token has an expiration too far into the future."),
        E::AlreadyUsed => client("The client_assertion token has already been used."),
        E::Signature => client("The client_assertion signature is invalid."),
        E::Parsing => client("The parsing of the client_assertion failed."),
        E::KeyId => client("The client_assertion JWT kid is invalid."),
        E::Algorithm => client("The client_assertion JWT signature algorithm is invalid."),
        E::AssertionType => bad("invalid_request", "The client_assertion_type is invalid."),
        E::GrantType => bad(
            "unsupported_grant_type",
            "The authorization grant type is not supported. Supported grant types: [client_credentials].",
        ),
        E::NoScopes => bad("invalid_scope", "No scopes were requested."),
        E::UnknownScope => {
            bad("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
        }
        E::NoneAllowed => bad("consent_required", "You are not allowed any of the requested scopes."),
        E::Proof(ProofError::Nonce(_)) => bad("use_dpop_nonce", proof_text(&ProofError::Nonce(String::new()))),
        E::Proof(error) => bad("invalid_dpop_proof", proof_text(error)),
    };
    (status, OAuthErrorBody { error, error_description: text.into() })
}

/// What is wrong with a proof.
pub fn proof_text(error: &ProofError) -> &'static str {
    match error {
        ProofError::Missing => "The DPoP proof JWT header is missing.",
        ProofError::Several => "There must be one DPoP proof JWT header only.",
        ProofError::Parsing => "The parsing of the DPoP proof JWT failed.",
        ProofError::Type => "'typ' must be 'dpop+jwt' in the DPoP proof JWT.",
        ProofError::Algorithm => "The DPoP proof JWT signature algorithm is invalid.",
        ProofError::Key => "'jwk' in the DPoP proof JWT is invalid.",
        ProofError::Signature => "The DPoP proof JWT signature is invalid.",
        ProofError::Method => "'htm' claim in the DPoP proof JWT is invalid.",
        ProofError::Uri => "'htu' claim in the DPoP proof JWT is invalid.",
        ProofError::IssuedAt => "'iat' claim in the DPoP proof JWT is invalid.",
        ProofError::Id => "'jti' claim in the DPoP proof JWT is invalid.",
        ProofError::AlreadyUsed => "The DPoP proof JWT has already been used.",
        ProofError::TokenHash => "'ath' claim in the DPoP proof does not match the presented access_token.",
        ProofError::NotBound => "The access_token is not bound to the provided DPoP proof.",
        ProofError::Nonce(_) => "Authorization server requires nonce in DPoP proof.",
    }
}

/// What is wrong with an access token.
pub fn token_text(error: &AccessTokenError) -> &'static str {
    match error {
        AccessTokenError::AddressUnknown => ADDRESS_UNKNOWN,
        AccessTokenError::Parsing => "The access token cannot be parsed.",
        AccessTokenError::Key => "The access token was not signed by a known key of its issuer.",
        AccessTokenError::Signature => "The access token signature is invalid.",
        AccessTokenError::Issuer => "The access token was issued neither under this address nor by a trusted issuer.",
        AccessTokenError::Audience => "The access token is for another audience.",
        AccessTokenError::Time => "The access token is expired or not valid yet.",
        AccessTokenError::Client => "The client of the access token is deleted, deactivated, or was so meanwhile.",
        AccessTokenError::Bound => "The access token is bound to a key: it needs the scheme DPoP and a proof.",
        AccessTokenError::BoundOtherwise => "The access token is bound in a way that cannot be checked here.",
    }
}

/// A `WWW-Authenticate` for a bad access token.
pub fn token_challenge(realm: &str, error: &AccessTokenError) -> String {
    let scheme = if *error == AccessTokenError::Bound { dpop() } else { "Bearer ".to_owned() };
    format!("{scheme}realm=\"{realm}\", error=\"invalid_token\", error_description=\"{}\"", token_text(error))
}

/// A `WWW-Authenticate` for a bad proof.
pub fn proof_challenge(realm: &str, error: &ProofError) -> String {
    let text = proof_text(error);
    format!("{}realm=\"{realm}\", error=\"invalid_dpop_proof\", error_description=\"{text}\"", dpop())
}

/// A `WWW-Authenticate` for an access token without the scope that is needed.
pub fn scope_challenge(realm: &str, needed: Scope) -> String {
    format!(
        "Bearer realm=\"{realm}\", scope=\"{needed}\", error=\"insufficient_scope\", \
         error_description=\"The access token provided does not contain the required scopes.\""
    )
}

fn dpop() -> String {
    format!("DPoP algs=\"{}\", ", JWS_ALGORITHMS.join(" "))
}
