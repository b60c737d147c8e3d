//! What a route is: all facts of one method of one path.

use crate::domain::scope::Scope;
use crate::http::edge::authentication::{Granted, Requirement};
use crate::http::edge::path_facts::PathFacts;
use crate::http::openapi::refusal::Refusal;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route as ActixRoute, guard, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Public,
    /// Whoever has a valid credential with the scope, or with any where there is none.
    Guarded(Option<Scope>),
}

/// One method of one path.
pub struct Route {
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    pub access: Access,
    /// Which hold for the whole path.
    pub facts: PathFacts,
    /// The operation as the handler describes it; `None` for what is about the document, not in it.
    pub operation: Option<OpenApi>,
    /// The body of a success.
    pub example: Option<Box<dyn Fn() -> serde_json::Result<Value>>>,
    /// How it refuses, besides what follows from the facts above.
    pub refusals: &'static [Refusal],
    pub(super) handler: ActixRoute,
}

impl Route {
    /// A route whose handler takes a [`Granted`] first: what that asks for is the scope.
    pub fn guarded<F, Args>(operation: OpenApi, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + GrantedFirst + 'static,
        F::Output: Responder + 'static,
    {
        let (method, path) = method_and_path(&operation);
        let handler = web::method(method.clone()).to(handler);
        Self::new(method, path, Access::Guarded(Args::SCOPE), Some(operation), handler)
    }

    /// A route for everyone. What answers GET answers HEAD, too: load balancers ask with it.
    pub fn public<F, Args>(operation: OpenApi, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let (method, path) = method_and_path(&operation);
        let handler = if method == Method::GET { get_or_head() } else { web::method(method.clone()) }.to(handler);
        Self::new(method, path, Access::Public, Some(operation), handler)
    }

    /// A GET route for everyone that the document does not tell of.
    pub fn undescribed<F, Args>(path: &str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::GET, path.to_owned(), Access::Public, None, get_or_head().to(handler))
    }

    fn new(method: Method, path: String, access: Access, operation: Option<OpenApi>, handler: ActixRoute) -> Self {
        let facts = PathFacts::default();
        Self { method, path, access, facts, operation, example: None, refusals: &[], handler }
    }

    /// Requests for it go uncounted.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.facts.uncounted = true;
        self
    }

    /// Pages of any origin may read what it answers.
    #[must_use]
    pub fn open_to_pages(mut self) -> Self {
        self.facts.open_to_pages = true;
        self
    }

    #[must_use]
    pub fn example<T: Serialize + 'static>(mut self, example: fn() -> T) -> Self {
        self.example = Some(Box::new(move || serde_json::to_value(example())));
        self
    }

    #[must_use]
    pub fn refuses(mut self, refusals: &'static [Refusal]) -> Self {
        self.refusals = refusals;
        self
    }

    /// The methods that it answers.
    pub(super) fn methods(&self) -> Vec<Method> {
        let mut methods = vec![self.method.clone()];
        if self.access == Access::Public && self.method == Method::GET {
            methods.push(Method::HEAD);
        }
        if self.facts.open_to_pages {
            methods.push(Method::OPTIONS);
        }
        methods
    }
}

fn get_or_head() -> ActixRoute {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Those of the one operation that a handler describes.
fn method_and_path(operation: &OpenApi) -> (Method, String) {
    let (path, item) = operation.paths.paths.first_key_value().expect("utoipa::path does not compile without a path");
    let methods = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::DELETE, &item.delete),
    ];
    let described = methods.into_iter().find(|(_, operation)| operation.is_some());
    let (method, _) = described.expect("no handler here has another method");
    (method, path.clone())
}

/// A guarded route, by the path of its handler. Method and path are those of the handler's `utoipa::path`.
macro_rules! guarded {
    ($($handler:tt)+) => { Route::guarded(operation!($($handler)+), $($handler)+) };
}

/// A public route, by the path of its handler.
macro_rules! public {
    ($($handler:tt)+) => { Route::public(operation!($($handler)+), $($handler)+) };
}

/// What a handler's `utoipa::path` says, with the schemas that it names.
macro_rules! operation {
    ($($handler:tt)+) => {{
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($handler)+))]
        struct Described;
        <Described as utoipa::OpenApi>::openapi()
    }};
}

pub(super) use {guarded, operation, public};

/// Arguments of a handler of which the first is a [`Granted`].
pub trait GrantedFirst {
    const SCOPE: Option<Scope>;
}

macro_rules! granted_first {
    ($($rest:ident)*) => {
        impl<R: Requirement, $($rest),*> GrantedFirst for (Granted<R>, $($rest,)*) {
            const SCOPE: Option<Scope> = R::SCOPE;
        }
    };
}

granted_first!();
granted_first!(A);
granted_first!(A B);
granted_first!(A B C);
granted_first!(A B C D);
