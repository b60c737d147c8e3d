//! Looks at the members of a draft one by one, and collects what is wrong.

use super::channel::HeaderDraft;
use super::content::SecretSource;
use crate::domain::http_url::HttpUrl;
use crate::domain::inline_hook::Header;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::outbound::OutboundPolicy;
use crate::domain::secret::Secret;

/// In characters: client ids, scopes, names of headers.
pub const MAX_TEXT: usize = 1024;

/// How many headers a channel may have.
const MAX_HEADERS: usize = 32;

/// Collects what is wrong.
pub(super) struct Check<'a> {
    pub(super) errors: Vec<InvalidField>,
    pub(super) policy: &'a OutboundPolicy,
}

impl Check<'_> {
    /// The value as sent, else the one that stays, else an error.
    pub(super) fn parsed<T: Clone>(
        &mut self,
        field: &'static str,
        sent: Option<&str>,
        kept: Option<&T>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let parsed = match (sent, kept) {
            (Some(text), _) if text.trim().is_empty() => Err(Invalid::Blank),
            (Some(text), _) => parse(text),
            (None, Some(kept)) => Ok(kept.clone()),
            (None, None) => Err(Invalid::Blank),
        };
        parsed.map_err(|reason| self.errors.push(reason.at(field))).ok()
    }

    pub(super) fn url(&mut self, field: &'static str, sent: Option<&str>, kept: Option<&HttpUrl>) -> Option<HttpUrl> {
        let policy = self.policy;
        self.parsed(field, sent, kept, |text| {
            let url = HttpUrl::parse(text)?;
            policy.check_url(&url)?;
            Ok(url)
        })
    }

    /// Scopes; blank is none.
    pub(super) fn scope(&mut self, field: &'static str, sent: &str) -> Option<String> {
        let parsed = printable_text(sent).map_err(|reason| self.errors.push(reason.at(field))).ok();
        parsed.filter(|scope| !scope.trim().is_empty())
    }

    /// A member that need not be there and has one value.
    pub(super) fn constant(&mut self, field: &'static str, sent: Option<&str>, only: &'static str) {
        if sent.is_some_and(|sent| sent != only) {
            self.errors.push(Invalid::OneOf(only).at(field));
        }
    }

    pub(super) fn absent(&mut self, field: &'static str, is_there: bool) {
        if is_there {
            self.errors.push(Invalid::NotApplicable.at(field));
        }
    }

    /// A secret that was sent, else the one that stays, else an error.
    pub(super) fn secret(&mut self, field: &'static str, sent: Option<&Secret>, is_kept: bool) -> SecretSource {
        let form =
            |secret: &Secret| if secret.expose().is_empty() { Err(Invalid::Blank) } else { printable(secret.expose()) };
        let source = match sent {
            Some(secret) => form(secret).map(|()| SecretSource::Given),
            None if is_kept => Ok(SecretSource::Kept),
            None => Err(Invalid::Blank),
        };
        source.unwrap_or_else(|reason| {
            self.errors.push(reason.at(field));
            SecretSource::None
        })
    }

    pub(super) fn headers(&mut self, sent: &[HeaderDraft], reserved: &[&str]) -> Vec<Header> {
        const KEY: &str = "channel.config.headers.key";
        const VALUE: &str = "channel.config.headers.value";
        if sent.len() > MAX_HEADERS {
            self.errors.push(Invalid::TooMany { limit: MAX_HEADERS }.at("channel.config.headers"));
            return Vec::new();
        }
        let mut headers = Vec::new();
        for draft in sent {
            let key = self.parsed(KEY, draft.key.as_deref(), None, header_name);
            let value = draft.value.clone().unwrap_or_default();
            if let Err(reason) = printable(&value) {
                self.errors.push(reason.at(VALUE));
            }
            let Some(key) = key else { continue };
            if reserved.iter().any(|name| key.eq_ignore_ascii_case(name)) {
                self.errors.push(Invalid::ReservedHeader.at(KEY));
            }
            if headers.iter().any(|header: &Header| key.eq_ignore_ascii_case(&header.key)) {
                self.errors.push(Invalid::Duplicate.at(KEY));
            }
            headers.push(Header { key, value });
        }
        headers
    }
}

/// What belongs to the connection or is the vault's to say (RFC 9110, clauses 7 and 8; the reference names `Accept`).
const RESERVED: [&str; 14] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Kept as it is sent, as the live API does (wire.md §6): a name that is none in HTTP fails the call.
pub(super) fn header_name(text: &str) -> Result<String, Invalid> {
    if text.chars().count() > MAX_TEXT {
        Err(Invalid::TooLong { limit: MAX_TEXT })
    } else if text.chars().any(char::is_control) {
        Err(Invalid::ControlCharacter)
    } else if RESERVED.iter().any(|name| text.eq_ignore_ascii_case(name))
        || text.to_ascii_lowercase().starts_with("proxy-")
    {
        Err(Invalid::ReservedHeader)
    } else {
        Ok(text.to_owned())
    }
}

fn printable(text: &str) -> Result<(), Invalid> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) { Ok(()) } else { Err(Invalid::HeaderValue) }
}

/// As RFC 6749 (appendix A.1 and A.4) allows in client ids and scopes.
pub(super) fn printable_text(text: &str) -> Result<String, Invalid> {
    if text.len() > MAX_TEXT {
        return Err(Invalid::TooLong { limit: MAX_TEXT });
    }
    printable(text)?;
    Ok(text.to_owned())
}
