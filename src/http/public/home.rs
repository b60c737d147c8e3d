//! `/`: what this is and how it does, for whoever opens the address in a browser.
//!
//! Where `dev` runs, the page also has the lines that its screen shows, a token among them. They are for the person at this
//! machine alone:
//!
//! 1. The sender is on this machine, and no proxy says that it only passes something on.
//! 2. The page was asked for under a name of this machine: a page from elsewhere whose name was pointed here (DNS rebinding) sends
//!    its own.
//! 3. Pages of other origins can neither read it nor put it into a frame.

use crate::domain::welcome::{Section, Welcome};
use crate::http::edge::host::host;
use crate::http::edge::org_url::is_this_machine;
use crate::http::shared::Shared;
use crate::vault::custody::health::NotReady;
use crate::vault::custody::sealing::SealingError;
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// What a proxy adds to what it passes on (RFC 7239; RFC 9110, clause 7.6.3; the others are habits).
const OF_PROXIES: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The page.
pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let state = match shared.vault.health().await {
        Ok(_) => "<p class=\"state\">It is ready.</p>".to_owned(),
        Err(error) => format!("<p class=\"state fails\">It is not ready: {}. Its log says more.</p>", reason(&error)),
    };
    // With a public URL, others come through a proxy, which may say nothing of itself.
    let own = shared.public_url.is_none() && is_from_here(&request);
    let welcome = shared.welcome.get().filter(|_| own).map(of_newcomer).unwrap_or_default();
    let body = include_str!("home/page.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{state}", &state)
        .replace("{welcome}", &welcome);
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .body(body)
}

/// The style of the page.
pub async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("home/page.css"))
}

/// The icon of all pages, under the name that they give it and under the one that browsers ask for by themselves.
pub async fn icon() -> HttpResponse {
    HttpResponse::Ok().content_type("image/svg+xml").body(include_str!("home/icon.svg"))
}

/// For anybody: what is wrong, and nothing of the inside.
fn reason(error: &NotReady) -> &'static str {
    match error {
        NotReady::Sealing(SealingError::WrongMasterKey { .. } | SealingError::OtherRotation { .. }) => {
            "the master key is not the one that seals the database"
        }
        NotReady::Sealing(SealingError::ProbeDamaged(_) | SealingError::Untold(_)) | NotReady::Damaged(_) => {
            "the database is damaged"
        }
        NotReady::Sealing(SealingError::RowsUnsealed | SealingError::NeverServed | SealingError::RecordMissing) => {
            "the rows of the database carry no seals"
        }
        NotReady::Sealing(SealingError::Vault(_)) => "the database cannot be used now",
        NotReady::NotInPlace(_) => "the file of the database was replaced or removed",
    }
}

fn is_from_here(request: &HttpRequest) -> bool {
    let near = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let direct = !OF_PROXIES.iter().any(|name| request.headers().contains_key(*name));
    near && direct && host(request).is_some_and(is_this_machine)
}

fn of_newcomer(Welcome { heading, sections }: &Welcome) -> String {
    let paragraphs = heading.iter().map(|line| format!("<p>{}</p>\n", escaped(line)));
    let sections = sections.iter().map(|Section { title, lines }| {
        format!("<h2>{}</h2>\n<pre>{}</pre>\n", escaped(title), escaped(&lines.join("\n")))
    });
    format!("<section>\n{}{}</section>", paragraphs.collect::<String>(), sections.collect::<String>())
}

/// As the text of an element (HTML standard, "Serializing HTML fragments").
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
