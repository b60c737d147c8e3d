//! Calls to hooks and token endpoints. The policy decides on the address that is connected to: it stands between the look-up
//! of a name and the connection, so there is no second look-up that could tell something else.

pub mod resolver;

use crate::domain::http_url::HttpUrl;
use crate::domain::outbound::{NotAllowed, OutboundPolicy};
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{RequestBuilder, redirect};
use resolver::{Guard, Resolver, Unresolvable};
use std::error::Error;
use std::sync::Arc;

/// The longest answer that is read, in bytes (wire.md §6).
pub const ANSWER_LIMIT: usize = 256 * 1024;

/// The only way out.
pub struct Outbound {
    policy: Arc<OutboundPolicy>,
    client: reqwest::Client,
}

/// What is sent.
pub enum Body {
    Json(Vec<u8>),
    Form(Vec<(&'static str, String)>),
}

/// What came back, whatever its status. There is no `Debug`: tokens come this way.
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub cache_control: Option<String>,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("the header `{0}` cannot be sent: in HTTP, a name has letters, digits and hyphens")]
    Header(String),
    #[error("the host name cannot be resolved: {0}")]
    Unresolvable(String),
    #[error("there is no connection: {0}")]
    Connect(String),
    #[error("TLS fails: {0}")]
    Tls(String),
    #[error("the connection ended before the answer did: {0}")]
    Closed(String),
    #[error("the answer has more than {ANSWER_LIMIT} bytes")]
    TooLarge,
}

impl Outbound {
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(policy: OutboundPolicy, resolver: Arc<dyn Resolver>) -> reqwest::Result<Self> {
        let policy = Arc::new(policy);
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("hookvault/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                // A proxy would connect to addresses that nobody here looked at.
                .no_proxy()
                .referer(false)
                // A connection that the other side has closed meanwhile would cost a call.
                .pool_max_idle_per_host(0)
                .dns_resolver(Arc::new(Guard { policy: policy.clone(), resolver: resolver.clone() }))
        };
        let client = builder().build().or_else(|error| {
            tracing::warn!(error = %chain(&error), "no certificates to trust were found: calls over https will fail");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { policy, client })
    }

    #[must_use]
    pub fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    /// Posts and reads the whole answer. There is no time-out here: the caller has one for all it does.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn post(&self, url: &HttpUrl, headers: &[(String, String)], body: Body) -> Result<Answer, OutboundError> {
        let request = self.client.post(url.as_url().clone());
        let request = match body {
            Body::Json(bytes) => request.header(CONTENT_TYPE, "application/json").body(bytes),
            Body::Form(fields) => request.form(&fields),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            // Names are kept as they were written, whatever they are (wire.md §6).
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                return Err(OutboundError::Header(name.clone()));
            };
            map.insert(name, value);
        }
        map.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.send(url, request.headers(map)).await
    }

    /// As [`Self::post`], with GET.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn get(&self, url: &HttpUrl) -> Result<Answer, OutboundError> {
        let request = self.client.get(url.as_url().clone());
        self.send(url, request.header(ACCEPT, HeaderValue::from_static("application/json"))).await
    }

    async fn send(&self, url: &HttpUrl, request: RequestBuilder) -> Result<Answer, OutboundError> {
        // A host that is an address is not looked up, so it is checked here.
        self.policy.check_url(url)?;
        let mut response = request.send().await.map_err(|error| classify(&error))?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, location, cache_control) = (text(CONTENT_TYPE), text(LOCATION), text(CACHE_CONTROL));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| OutboundError::Closed(chain(&error)))? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(OutboundError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, content_type, location, cache_control, body })
    }
}

fn classify(error: &reqwest::Error) -> OutboundError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(reason) = cause.downcast_ref::<NotAllowed>() {
            return OutboundError::NotAllowed(*reason);
        }
        if let Some(Unresolvable(reason)) = cause.downcast_ref::<Unresolvable>() {
            return OutboundError::Unresolvable(reason.to_string());
        }
        next = cause.source();
    }
    let text = chain(error);
    if !error.is_connect() {
        OutboundError::Closed(text)
    } else if ["certificate", "tls", "handshake", "corrupt message"]
        .iter()
        .any(|mark| text.to_lowercase().contains(mark))
    {
        OutboundError::Tls(text)
    } else {
        OutboundError::Connect(text)
    }
}

/// The causes of an error without its first lines, which name the URL again.
fn chain(error: &reqwest::Error) -> String {
    let mut parts = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // "client error (Connect)" says nothing that what follows does not.
        if !parts.contains(&text) && !text.starts_with("client error (") {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() { "it was cut off".to_owned() } else { parts.join(": ") }
}
