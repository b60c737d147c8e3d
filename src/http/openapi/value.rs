//! Values in the document, made from what the domain checks: where a list or a length changes there, it changes here.

use crate::domain::http_url::HttpUrl;
use crate::domain::inline_hook::draft::MAX_TEXT;
use crate::domain::inline_hook::{CHANNEL_VERSION, HookStatus, HookType, HookVersion};
use crate::domain::name::Name;
use crate::domain::scope::Scope;
use crate::domain::signing_key::Phase;
use crate::vault::keys::signing::{ASSERTION_TYPE, OWN_CLAIMS};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Object, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Without control characters, and with one that is no white space.
const SHOWS: &str = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$";

/// Printable ASCII (RFC 6749, appendix A), not all of it spaces.
const PRINTABLE: &str = "^[ -~]*[!-~][ -~]*$";

/// A named value: its type here, its name in the document, its schema.
macro_rules! named {
    ($($(#[$doc:meta])* $type:ident, $name:literal, $schema:expr;)*) => {$(
        $(#[$doc])*
        pub struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.build().into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

named! {
    /// See [`Name`].
    NameSchema, "Name", text()
        .min_length(Some(1))
        .max_length(Some(Name::MAX_LENGTH))
        .pattern(Some(SHOWS))
        .description(Some(
            "Characters of which one shows, none of them a control character. White space around them is dropped before \
             they are looked at; case counts.",
        ));
    /// See [`HookType`].
    HookTypeSchema, "InlineHookType", one_of(HookType::ALL.map(HookType::as_str))
        .description(Some("What a hook is called for."));
    /// A type of hooks, or an empty text: all types.
    TypeFilterSchema, "InlineHookTypeFilter", one_of(HookType::ALL.map(HookType::as_str).into_iter().chain([""]));
    /// Whether a key is used, in the documented dialect.
    IsUsedSchema, "IsUsedText", one_of(["true", "false"]);
    /// See [`HookVersion`].
    HookVersionSchema, "InlineHookVersion", one_of(HookVersion::ALL.map(HookVersion::as_str))
        .description(Some("The version of a hook's contract."));
    /// See [`HookStatus`].
    HookStatusSchema, "InlineHookStatus", one_of(HookStatus::ALL.map(HookStatus::as_str));
    /// See [`Phase`]: what is over is not shown.
    VersionStatusSchema, "HookKeyVersionStatus", one_of([Phase::Retired, Phase::Signing, Phase::Next].map(Phase::as_str))
        .description(Some("What a key of a hook key is doing."));
    /// See [`HttpUrl`].
    HookUrlSchema, "InlineHookUrl", text()
        .format(Some(SchemaFormat::Custom("uri".into())))
        .max_length(Some(HttpUrl::MAX_LENGTH))
        .pattern(Some(r"^[Hh][Tt][Tt][Pp][Ss]?:/*[^\s/?#@]+([/?][^\s#]*)?$"))
        .description(Some(
            "An absolute https URL without a user name and a fragment. Its host may be an address only if that is public. \
             `HOOKVAULT_HOOK_ALLOW` opens others, and plain http to them.",
        ));
    /// What is sent to token endpoints.
    PrintableSchema, "PrintableText", text()
        .min_length(Some(1))
        .max_length(Some(MAX_TEXT))
        .pattern(Some(PRINTABLE))
        .description(Some("Printable ASCII, not all of it spaces."));
    /// The name of a header: kept as it is sent (wire.md §6).
    HeaderNameSchema, "InlineHookHeaderName", text()
        .min_length(Some(1))
        .max_length(Some(MAX_TEXT))
        .pattern(Some(SHOWS))
        .description(Some(
            "Without control characters, and none of those that belong to the connection or to the vault (`Accept`, \
             `Content-Type`, `Host`, `User-Agent`, `Proxy-…` and their like). A name that HTTP does not know is kept, and \
             fails the call.",
        ));
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn one_of(values: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(values))
}

/// A member that has one value.
macro_rules! constants {
    ($($name:ident = $value:expr;)*) => {$(
        pub fn $name() -> Object {
            one_of([$value]).build()
        }
    )*};
}

constants! {
    rsa = "RSA";
    rs256 = "RS256";
    sig = "sig";
    post = "POST";
    http = "HTTP";
    oauth = "OAUTH";
    header = "HEADER";
    channel_version = CHANNEL_VERSION;
    client_secret_post = "client_secret_post";
    private_key_jwt = "private_key_jwt";
    active = "ACTIVE";
    ok = "ok";
    idx = "idx";
    client_credentials = "client_credentials";
    assertion_type = ASSERTION_TYPE;
}

/// A member that has one value or none.
macro_rules! optional_constants {
    ($($name:ident = $constant:ident;)*) => {$(
        pub fn $name() -> Object {
            or_null($constant())
        }
    )*};
}

optional_constants! {
    optional_post = post;
    optional_header = header;
    optional_channel_version = channel_version;
}

fn or_null(mut object: Object) -> Object {
    object.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    object.enum_values = object.enum_values.map(|values| values.into_iter().chain([serde_json::Value::Null]).collect());
    object
}

/// The public exponent: 65537, in keys that the vault makes.
pub fn exponent() -> Object {
    text().pattern(Some("^[A-Za-z0-9_-]+$")).examples(["AQAB"]).build()
}

/// The modulus: 2048 bits in keys that the vault makes, up to 4096 in imported ones.
pub fn modulus() -> Object {
    text().pattern(Some("^[A-Za-z0-9_-]{342,683}$")).build()
}

/// `DPoP` for a token that is bound to a key.
pub fn token_type() -> Object {
    one_of(["Bearer", "DPoP"]).build()
}

/// A member that belongs to something else: absent or null.
pub fn nothing() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}

pub fn auth_type() -> Object {
    one_of(["client_secret_post", "private_key_jwt"]).build()
}

pub fn optional_auth_type() -> Object {
    or_null(auth_type())
}

/// A secret: sent, and never shown.
pub fn secret() -> Object {
    text().min_length(Some(1)).pattern(Some("^[ -~]+$")).write_only(true).build()
}

pub fn optional_secret() -> Object {
    or_null(secret())
}

/// The value of a header, which may be empty.
pub fn header_value() -> Object {
    or_null(text().pattern(Some("^[ -~]*$")).build())
}

/// Scopes separated by spaces, for the token endpoint of the hook's own authorization server; blank is none.
pub fn hook_scope() -> Object {
    or_null(text().max_length(Some(MAX_TEXT)).pattern(Some("^[ -~]*$")).build())
}

/// Scopes of the vault, separated by spaces (RFC 6749, clause 3.3).
pub fn scopes() -> Object {
    let any = Scope::ALL.map(|scope| scope.as_str().replace('.', r"\.")).join("|");
    text().pattern(Some(format!("^({any})( ({any}))*$"))).build()
}

/// Something that is not blank.
pub fn not_blank() -> Object {
    text().min_length(Some(1)).pattern(Some(r"\S")).build()
}

/// All claims but those that the vault fills in.
pub fn claims() -> Object {
    let own = OWN_CLAIMS.map(|(name, _)| name).join("|");
    let name = text().pattern(Some(format!("^(?!({own})$)"))).build();
    ObjectBuilder::new().schema_type(Type::Object).property_names(Some(name)).build()
}
