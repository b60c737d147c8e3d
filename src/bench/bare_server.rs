//! The ceiling of reads: the HTTP library alone, which answers everything at once by the very same bytes and headers.

use super::client::Answer;
use super::error::BenchError;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, DATE, HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::available_parallelism;

pub struct BareServer {
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl BareServer {
    /// Serves in the background, with as many workers as there are cores.
    ///
    /// # Errors
    /// Where the answer is none that could be given, or the system gives no port.
    pub fn like(answer: &Answer<'_>) -> Result<Self, BenchError> {
        let status = StatusCode::from_u16(answer.status).map_err(|_| BenchError::NoAnswer)?;
        let headers = answer.headers().map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        let mut headers: Vec<(HeaderName, HeaderValue)> = headers.collect::<Option<_>>().ok_or(BenchError::NoAnswer)?;
        // The library writes these itself.
        headers.retain(|(name, _)| name != CONTENT_LENGTH && name != DATE);
        let body = web::Bytes::copy_from_slice(answer.body);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(move || {
            let (headers, body) = (headers.clone(), body.clone());
            App::new().default_service(web::to(move || {
                let mut response = HttpResponse::build(status);
                for header in &headers {
                    response.append_header(header.clone());
                }
                std::future::ready(response.body(body.clone()))
            }))
        });
        let workers = available_parallelism().map_or(1, usize::from);
        let running = server.workers(workers).disable_signals().listen(listener)?.run();
        let handle = running.handle();
        tokio::spawn(running);
        Ok(Self { address, handle })
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
