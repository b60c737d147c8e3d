//! What `dev` says when it runs.

use super::folder::Folder;
use crate::cli::program::{self, quote};
use crate::config::variable;
use crate::crypto::token_secret::TokenSecret;
use crate::domain::welcome::{Section, Welcome};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// An address that a client on this machine can use.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// What commands in other shells need: the folder does not keep it.
pub fn password_of_other_shells(file: &Path) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let file = quote(&file.display().to_string());
    format!("The lines below need, in another shell: export {}={file}", variable::DATABASE_PASSWORD_FILE)
}

/// Every line runs as it is printed, in any folder: this shell is busy, and another one may be elsewhere.
///
/// # Arguments
/// `server`: where the database is, if it is not in the folder. `example`: the name of a hook that can be called.
pub fn welcome(
    folder: &Folder,
    server: Option<&str>,
    address: SocketAddr,
    token: &TokenSecret,
    example: Option<&str>,
) -> Welcome {
    let (url, token) = (format!("http://{address}"), token.expose());
    let (program, path) = (program::anywhere(), quote(&folder.files.path().display().to_string()));
    let kept = match server {
        None if folder.is_temporary() => "until it stops, in".to_owned(),
        None => "in".to_owned(),
        Some(url) => format!("in {url}, its master key and its token in"),
    };
    let mut heading = vec![
        format!("hookvault is running at {url} (documents: {url}/docs)"),
        format!("Its data is kept {kept} {}", folder.files.path().display()),
        format!("Its token with every scope: {token}"),
    ];
    let mut sections = vec![
        Section::new("Address and token under the names that the README uses", [format!("export V={url} T={token}")]),
        Section::new(
            "Create a key",
            [format!(
                "curl -H 'Authorization: SSWS {token}' -H 'Content-Type: application/json' \
                 -d '{{\"name\":\"My hook key\"}}' {url}/api/v1/hook-keys"
            )],
        ),
    ];
    match example {
        Some(hook) => sections.push(Section::new(
            "Call the example hook, whose receiver runs here, and see each step",
            [format!("{program} hook test {} --data-dir {path}", quote(hook))],
        )),
        None => heading.push("Started with --with-example it has a hook to call, too".into()),
    }
    sections.extend([
        Section::new(
            format!(
                "For the official SDKs (the last three lines let Python, Go and Java speak plain http; Go also needs \
                 configuration.Host = \"{address}\")"
            ),
            [
                format!("export OKTA_CLIENT_ORGURL={url}"),
                format!("export OKTA_CLIENT_TOKEN={token}"),
                "export OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true".to_owned(),
                "export OKTA_TESTING_DISABLE_HTTPS_CHECK=true".to_owned(),
                "export OKTA_TESTING_DISABLEHTTPSCHECK=true".to_owned(),
            ],
        ),
        Section::new(
            "Or with OAuth 2.0, as a service app, whose exports this prints",
            [format!(
                "{program} app create --name my-app --scope okta.inlineHooks.manage --generate --data-dir {path}"
            )],
        ),
        Section::new(
            "For Terraform",
            [
                "export OKTA_ORG_NAME=hookvault OKTA_BASE_URL=example.com".to_owned(),
                format!("export OKTA_HTTP_PROXY={url}"),
                format!("export OKTA_API_TOKEN={token}"),
            ],
        ),
    ]);
    Welcome { heading, sections }
}
