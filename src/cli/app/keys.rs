//! Keys for an app: given, or made here.

use super::listing::AppLine;
use crate::app::Parts;
use crate::cli::error::CliError;
use crate::cli::input::{self, MAX_KEY_LENGTH};
use crate::cli::output::{self, secret_text};
use crate::crypto::jwk::{self, NotAVerifyingKey};
use crate::crypto::private_jwk::{self, Generated};
use crate::domain::id::{ClientKid, PrefixedId as _};
use crate::domain::service_app::ServiceApp;
use clap::{ArgGroup, Args};
use std::path::Path;
use zeroize::Zeroizing;

#[derive(Args)]
#[command(group = ArgGroup::new("key").required(true).args(["public_key", "generate"]))]
pub struct KeyFlags {
    /// Its public key: a JWK, a set of them, or PEM; - for stdin
    #[arg(long, value_name = "FILE")]
    public_key: Option<String>,
    /// Make a key pair, and print the private key, which is not kept
    #[arg(long)]
    pub generate: bool,
    /// Print the private key as PEM, not as JWK
    #[arg(long, conflicts_with = "public_key")]
    pub pem: bool,
}

/// What an app is given, and what its owner gets.
pub struct Keys {
    pub public: Vec<jwk::Named>,
    pub private: Option<Generated>,
}

impl KeyFlags {
    pub fn obtain(&self) -> Result<Keys, CliError> {
        match &self.public_key {
            Some(file) => Ok(Keys { public: read_public_keys(file)?, private: None }),
            None => {
                let generated = private_jwk::generate(&Parts::real().random);
                Ok(Keys { public: vec![generated.public()], private: Some(generated) })
            }
        }
    }
}

fn read_public_keys(file: &str) -> Result<Vec<jwk::Named>, CliError> {
    // It may be a private key by mistake.
    let bytes = input::read(Path::new(file), MAX_KEY_LENGTH)
        .map_err(|error| CliError::new(format!("--public-key: {}", error.message), error.hint))?;
    let parsed = str::from_utf8(&bytes).map_err(|_| NotAVerifyingKey::Form).and_then(jwk::parse);
    let keys = parsed.map_err(|reason| {
        let hint = match reason {
            NotAVerifyingKey::Private => {
                "`openssl pkey -in FILE -pubout` writes the public half of a PEM; of a JWK leave out all but kty, kid, n, e or crv, x, y"
            }
            NotAVerifyingKey::Form => {
                "give a JWK, a JWK set or one block of PEM; `openssl x509 -in FILE -noout -pubkey` writes that of a certificate, `openssl pkey -pubin -inform DER -in FILE` that of DER"
            }
            _ => "give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM",
        };
        CliError::new(format!("--public-key: the key in {file} {reason}"), hint)
    })?;
    for kid in keys.iter().filter_map(|(kid, _)| kid.as_deref()) {
        ClientKid::parse(kid).map_err(|reason| {
            CliError::new(format!("--public-key: a kid in {file} {reason}"), "give the key another kid, or none")
        })?;
    }
    Ok(keys)
}

/// What the official SDKs read (wire.md §5): Node calls the `kid` KEYID, Go PRIVATEKEYID; a JWK has its own. With PEM also what
/// Terraform reads, which takes no JWK.
pub fn environment(app: &ServiceApp, private: &Generated, pem: bool) -> Zeroizing<String> {
    let (id, kid, scopes) = (app.id.as_str(), private.kid(), app.scopes.to_string());
    let (key, scopes_with_commas) = (text_of(private, pem), scopes.replace(' ', ","));
    // Name, quotation mark, value.
    let mut lines = vec![
        ("CLIENT_AUTHORIZATIONMODE", "", "PrivateKey"),
        ("CLIENT_CLIENTID", "", id),
        ("CLIENT_SCOPES", "'", &scopes),
        ("CLIENT_PRIVATEKEY", "'", key.trim_end()),
    ];
    if pem {
        lines.extend([
            ("CLIENT_KEYID", "", kid),
            ("CLIENT_PRIVATEKEYID", "", kid),
            ("API_CLIENT_ID", "", id),
            ("API_SCOPES", "", &scopes_with_commas),
            ("API_PRIVATE_KEY", "\"", "$OKTA_CLIENT_PRIVATEKEY"),
            ("API_PRIVATE_KEY_ID", "", kid),
        ]);
    }
    if app.dpop_bound {
        lines.push(("CLIENT_DPOPENABLED", "", "true"));
    }
    let parts = lines.iter().flat_map(|(name, mark, value)| ["export OKTA_", name, "=", mark, value, mark, "\n"]);
    secret_text(&parts.collect::<Vec<_>>())
}

/// An app as JSON, and its key: a JWK, or a text with PEM.
///
/// # Errors
/// Those of [`output::json_with`].
pub fn json(line: &AppLine, private: &Generated, pem: bool) -> Result<Zeroizing<String>, CliError> {
    let key = text_of(private, pem);
    let mut parts = Vec::new();
    if pem {
        // The line breaks are all that needs to be escaped.
        parts.push("\"");
        parts.extend(key.lines().flat_map(|line| [line, "\\n"]));
        parts.push("\"");
    } else {
        parts.push(&key);
    }
    output::json_with(line, "privateKey", &parts)
}

/// The key alone.
pub fn line(private: &Generated, pem: bool) -> Zeroizing<String> {
    secret_text(&[text_of(private, pem).trim_end(), "\n"])
}

fn text_of(private: &Generated, pem: bool) -> Zeroizing<String> {
    if pem { private.pem() } else { private.jwk() }
}
