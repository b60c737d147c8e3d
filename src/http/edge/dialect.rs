//! Which form of the answers this client gets.

use crate::domain::dialect::Dialect;
use crate::http::edge::error::ApiError;
use crate::http::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

/// The dialect of this request's answer.
pub struct WireDialect(pub Dialect);

impl FromRequest for WireDialect {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        ready(match request.app_data::<web::Data<Shared>>() {
            Some(shared) => Ok(Self(shared.dialect.for_user_agent(agent))),
            None => Err(ApiError::Framework("the shared state is missing".into())),
        })
    }
}
