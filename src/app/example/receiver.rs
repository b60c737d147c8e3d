//! What somebody who receives hooks has: a token endpoint that knows the vault by its key, and a hook that wants its token.

use crate::crypto::jws::Unverified;
use crate::domain::clock::Clock;
use crate::domain::hook_key::PublicKey;
use crate::domain::verifying_key::VerifyingKey;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

/// How long a client may keep the access token, in seconds.
const EXPIRES_IN: u64 = 60;

pub struct Receiver {
    key: VerifyingKey,
    client_id: &'static str,
    token_url: String,
    access_token: String,
    clock: Arc<dyn Clock>,
}

/// Of a token request (RFC 7523, clause 2.2), all that is looked at.
#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_assertion: String,
}

/// What a client says of itself (RFC 7523, clause 3).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
}

impl Receiver {
    /// # Arguments
    /// `access_token`: what a client gets that has proved who it is, and what the hook wants to see.
    pub fn new(
        key: PublicKey,
        client_id: &'static str,
        token_url: String,
        access_token: String,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { key: VerifyingKey::Rsa(key), client_id, token_url, access_token, clock }
    }

    /// Serves in the background.
    pub fn serve(self, listener: TcpListener) -> io::Result<()> {
        let receiver = web::Data::new(self);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(receiver.clone())
                .route("/token", web::post().to(token))
                .route("/hook", web::post().to(hook))
        });
        tokio::spawn(server.workers(1).disable_signals().listen(listener)?.run());
        Ok(())
    }

    fn knows(&self, assertion: &str) -> bool {
        let Ok(read) = Unverified::<Claims>::parse(assertion) else { return false };
        let Ok(claims) = read.verify(&self.key) else { return false };
        claims.iss == self.client_id
            && claims.sub == self.client_id
            && claims.aud == self.token_url
            && claims.exp > self.clock.now().unix()
    }
}

async fn token(form: web::Form<TokenRequest>, receiver: web::Data<Receiver>) -> HttpResponse {
    if form.grant_type != "client_credentials" || !receiver.knows(&form.client_assertion) {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    HttpResponse::Ok().json(json!({
        "access_token": receiver.access_token, "token_type": "Bearer", "expires_in": EXPIRES_IN,
    }))
}

async fn hook(request: HttpRequest, receiver: web::Data<Receiver>) -> HttpResponse {
    let expected = format!("Bearer {}", receiver.access_token);
    match request.headers().get(AUTHORIZATION) {
        Some(given) if given.as_bytes() == expected.as_bytes() => HttpResponse::Ok().json(json!({"commands": []})),
        _ => HttpResponse::Unauthorized().json(json!({"error": "invalid_token"})),
    }
}
