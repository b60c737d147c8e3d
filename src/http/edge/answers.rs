//! Answers that are ready: the bytes of what was asked for last, given again while the store is in the state that they are of.

use crate::domain::clock::Timestamp;
use crate::domain::dialect::Dialect;
use crate::domain::id::OrgId;
use crate::http::edge::error::ApiError;
use crate::vault::read_model::{ReadModel, Version};
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;

/// How many bytes of them are kept.
const BOUND: usize = 16 << 20;

/// What an entry weighs beside its bytes: about what its key and its place take.
const OVERHEAD: usize = 400;

/// What was asked for, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asked {
    HookKeys(Dialect),
    HookKey {
        id: String,
        expanded: bool,
        dialect: Dialect,
    },
    /// Of the org, or of the key with this id or name.
    KeySet {
        key: Option<String>,
        pem: bool,
    },
}

/// The body of an answer.
#[derive(Clone)]
pub struct Ready {
    pub body: Bytes,
    /// Its entity tag, where it is published.
    pub tag: Option<HeaderValue>,
    /// When the passing of time makes it another one.
    pub until: Option<Timestamp>,
}

/// Those that are ready.
pub struct Answers(ReadModel<(OrgId, Asked), Ready>);

impl Default for Answers {
    fn default() -> Self {
        Self(ReadModel::new(BOUND, |_, ready| ready.body.len() + OVERHEAD))
    }
}

impl Answers {
    /// The one that is ready, or else what `make` makes, which is ready from then on.
    ///
    /// # Arguments
    /// `now`: what time it is. `version`: a state of the store that was the last one after the request came.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn get_or_make(
        &self,
        org: &OrgId,
        asked: Asked,
        version: Option<Version>,
        now: Timestamp,
        make: impl AsyncFnOnce() -> Result<Ready, ApiError>,
    ) -> Result<Ready, ApiError> {
        let key = (org.clone(), asked);
        if let Some(ready) = self.0.get(&key, version).filter(|ready| ready.until.is_none_or(|until| now < until)) {
            return Ok(ready);
        }
        let ready = make().await?;
        self.0.keep(key, version, ready.clone());
        Ok(ready)
    }
}
