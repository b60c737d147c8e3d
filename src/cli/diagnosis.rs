//! What to do about a hook that was called in vain.

use crate::domain::inline_hook::{ChannelAuth, OAuthClient};
use crate::domain::outbound::NotAllowed;
use crate::vault::hooks::call::{CallError, Failure, HookCall, OAuthError, OutboundError, Party};

pub fn hint(error: &CallError, call: &HookCall) -> String {
    match &error.failure {
        Failure::Outbound(failure) => unreachable_hint(error, failure),
        Failure::TimedOut { .. } => timed_out(error.party, call),
        Failure::Redirect { .. } => format!("make the address of {} the one that it redirects to", error.party),
        Failure::Status { status, oauth } => match error.party {
            Party::TokenEndpoint => refused_token(*status, oauth.as_ref(), call),
            Party::Hook => refused_call(*status, call),
        },
        Failure::NotAnObject(_) if error.party == Party::Hook => {
            "let the hook answer with a JSON object, such as {\"commands\":[]}, or with nothing".into()
        }
        Failure::NotAnObject(_) | Failure::NoAccessToken => {
            "check tokenUrl: a token endpoint answers with a JSON object that has an access_token (RFC 6749, clause 5.1)".into()
        }
        Failure::TokenType(_) => "let the token endpoint give this client Bearer tokens, not bound to a key or certificate".into(),
    }
}

fn unreachable_hint(error: &CallError, failure: &OutboundError) -> String {
    let party = error.party;
    let host = error.url.as_url().host_str().unwrap_or_default();
    match failure {
        OutboundError::NotAllowed(NotAllowed::Address(ip)) => format!(
            "if the vault may call {ip}, open it with HOOKVAULT_HOOK_ALLOW={ip} (or the host {host}, or a network)"
        ),
        OutboundError::NotAllowed(NotAllowed::PlainHttp) => {
            format!("give {party} an https address, or open its host with HOOKVAULT_HOOK_ALLOW={host}")
        }
        OutboundError::Header(_) => "give the header another name, or take it out of the hook's channel".into(),
        OutboundError::Unresolvable(_) => format!("check the host name {host}, and the name servers of this machine"),
        OutboundError::Connect(_) => {
            format!("check that {party} is running, and that its address and port are {}", origin(error))
        }
        OutboundError::Tls(_) => format!(
            "check that {} speaks TLS with a certificate for {host} that this machine trusts \
             (SSL_CERT_FILE can name a file with your own authority)",
            origin(error)
        ),
        OutboundError::Closed(_) => format!("look into the log of {party}: it ended the connection in the middle"),
        OutboundError::TooLarge => format!("let {party} answer with less"),
    }
}

fn origin(error: &CallError) -> String {
    error.url.as_url().origin().ascii_serialization()
}

fn timed_out(party: Party, call: &HookCall) -> String {
    let slowest = call.steps.iter().max_by_key(|step| step.took).map_or("", |step| step.title.as_str());
    format!(
        "make {party} faster: token request and hook call together have 3 s. The longest step was: {slowest}. \
         A connection that is not even refused often ends in a firewall"
    )
}

/// Endpoints do not tell a stranger which of these it is, so all that can be compared is listed.
fn refused_token(status: u16, oauth: Option<&OAuthError>, call: &HookCall) -> String {
    let Some(client) = call.hook.channel.auth.client() else { return "see the answer above".into() };
    match oauth.map(|error| error.code.as_str()) {
        Some("invalid_client" | "unauthorized_client") => unknown_client(client, call),
        None if matches!(status, 401 | 403) => unknown_client(client, call),
        Some("invalid_scope") => match &client.scope {
            Some(scope) => {
                format!("grant the client {} the scope `{scope}` there, or ask for another", client.client_id)
            }
            None => "set a scope in the hook: this endpoint wants one".into(),
        },
        Some("unsupported_grant_type") => {
            format!("allow the client {} the grant type client_credentials there", client.client_id)
        }
        _ if status == 404 => format!("check tokenUrl: there is no token endpoint at {}", client.token_url.shown()),
        _ if status >= 500 => "look into the log of the token endpoint: the failure is its own".into(),
        _ => "see the answer above: the token endpoint takes requests of another form".into(),
    }
}

fn unknown_client(client: &OAuthClient, call: &HookCall) -> String {
    let mut lines = vec![
        "the token endpoint knows no such client with such a key or secret; compare with what is registered there:"
            .to_owned(),
        format!("  client id    {}", client.client_id),
    ];
    match (&call.hook.channel.auth, call.key_id) {
        (ChannelAuth::PrivateKeyJwt { hook_key_id, .. }, Some(kid)) => {
            lines.push("  method       private_key_jwt, RS256".to_owned());
            lines.push(format!("  key          kid {kid}, registered itself or by the address of its set,"));
            lines.push(format!(
                "               /vault/v1/hook-keys/{hook_key_id}/jwks.json at this vault's URL, which the"
            ));
            lines.push(
                "               endpoint must reach (some fetch from no private address), and may cache for a"
                    .to_owned(),
            );
            lines.push("               minute: a new key takes as long".to_owned());
            lines.push(format!("  audience     {}", client.token_url.shown()));
            lines.push("  time         the clocks of both machines".to_owned());
        }
        _ => lines.push("  method       client_secret_post, and the secret".to_owned()),
    }
    lines.join("\n")
}

fn refused_call(status: u16, call: &HookCall) -> String {
    match (status, &call.hook.channel.auth) {
        (401 | 403, ChannelAuth::Header { key }) => {
            format!(
                "the hook does not accept the secret in the header {key}: compare it with what the hook expects, or set it again"
            )
        }
        (401 | 403, ChannelAuth::None) => {
            "the hook wants a credential: give the channel an authScheme or make it OAUTH".into()
        }
        (401 | 403, auth) => {
            let scope = auth.client().and_then(|client| client.scope.as_deref()).unwrap_or("(none)");
            format!(
                "the hook does not accept the access token: check that it trusts the token endpoint's issuer and keys, which \
                 audience it expects, and whether the token has the scope it needs (asked for: {scope}; the token \
                 endpoint's answer above names what was given)"
            )
        }
        (404 | 405, _) => format!("check the hook's uri: nothing takes a POST at {}", call.hook.channel.uri.shown()),
        (500.., _) => "look into the log of the hook: the failure is its own".into(),
        _ => "see the answer above: the hook wants something else in the request".into(),
    }
}
