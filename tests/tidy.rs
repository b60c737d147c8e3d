//! Holds the architecture: which layer may name which, and that settings and documents agree.

mod circles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each layer may use of the others; more specific paths first. `ARCHITECTURE.md` has the same table.
const LAYERS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("crypto", &["domain"]),
    ("repository/sqlite", &["repository", "domain"]),
    ("repository/postgres", &["repository", "domain"]),
    ("repository", &["domain"]),
    ("outbound", &["domain"]),
    ("vault", &["repository", "crypto", "outbound", "domain"]),
    ("config", &["domain", "repository"]),
    ("telemetry", &[]),
    ("http", &["vault", "domain"]),
    ("app", &["config", "crypto", "domain", "http", "outbound", "repository", "telemetry", "vault"]),
    ("bench", &["app", "config", "crypto", "domain", "repository", "vault"]),
    ("cli", &["app", "bench", "config", "vault", "crypto", "domain", "telemetry"]),
    ("main", &[]),
];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    assert!(found.len() > 50, "the sources are found");
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn each_layer_uses_only_what_it_may() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if file == "lib.rs" {
            continue;
        }
        let of_layer = |layer: &str| file == format!("{layer}.rs") || file.starts_with(&format!("{layer}/"));
        let (layer, allowed) =
            LAYERS.iter().find(|(layer, _)| of_layer(layer)).unwrap_or_else(|| panic!("{file} has no layer"));
        let own = layer.split('/').next().unwrap();
        for line in code(&text) {
            for rest in line.split("crate::").skip(1) {
                let used = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                if used != own && !allowed.contains(&used) {
                    wrong.push(format!("{file} uses {used}: {line}"));
                }
            }
            // One place knows which engines are behind the traits; a ceiling is of SQLite with nothing of ours around it.
            let engine = ["sqlite", "postgres"].into_iter().find(|engine| line.contains(&format!("{engine}::")));
            if let Some(engine) = engine
                && !file.starts_with(&format!("repository/{engine}/"))
                && !["repository/open.rs", "repository/url.rs", "bench/raw_store.rs"].contains(&file.as_str())
            {
                wrong.push(format!("{file} names the engine: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let rooms: [(&str, &[&str]); 9] = [
        ("sqlx::", &["repository/sqlite/", "repository/postgres/", "repository/row/", "bench/raw_store.rs"]),
        ("actix_web::", &["http/", "app/serving.rs", "app/example/", "bench/bare_server.rs"]),
        ("reqwest::", &["outbound/", "app/start_error.rs"]),
        ("aws_lc_rs::", &["crypto/"]),
        ("cryptoki::", &["crypto/pkcs11.rs", "crypto/pkcs11/"]),
        ("argon2::", &["crypto/passphrase.rs"]),
        ("std::env::var", &["config/sources.rs"]),
        ("OffsetDateTime::now", &["domain/clock.rs"]),
        ("SysRng", &["crypto/random.rs"]),
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for line in code(&text) {
            for (library, allowed) in rooms {
                if line.contains(library) && !allowed.iter().any(|room| file.starts_with(room)) {
                    wrong.push(format!("{file}: {line}"));
                }
            }
            if line.contains("super::super") {
                wrong.push(format!("{file}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn variables(text: &str) -> BTreeSet<String> {
    text.split("HOOKVAULT_")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_')).collect())
        .filter(|name: &String| !name.is_empty())
        .collect()
}

#[test]
fn every_setting_is_explained() {
    let known: BTreeSet<String> =
        hookvault::config::variable::ALL.iter().map(|name| name.trim_start_matches("HOOKVAULT_").to_owned()).collect();
    assert_eq!(variables(&read(".env.example")), known, ".env.example");
    assert!(variables(&read("docs/settings.md")).is_superset(&known), "docs/settings.md");
}

#[test]
fn what_the_code_cites_of_the_wire_is_there() {
    let wire = read("docs/wire.md");
    let mut cited = BTreeSet::new();
    for (file, text) in sources() {
        for rest in text.split("wire.md §").skip(1) {
            let section: String = rest.chars().take_while(char::is_ascii_digit).collect();
            assert!(wire.contains(&format!("\n## {section}. ")), "{file} cites section {section}");
            cited.insert(section);
        }
    }
    assert!(cited.len() >= 6, "the citations are found");
}

#[test]
fn the_first_page_is_short_and_its_links_lead_somewhere() {
    let readme = read("README.md");
    assert!(readme.split_whitespace().count() < 1500);
    for link in readme.split("](").skip(1) {
        let path = link.split(')').next().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}

#[test]
fn the_map_fits_on_its_page_and_names_every_layer() {
    let map = read("ARCHITECTURE.md");
    assert!(map.lines().count() < 150);
    for (layer, _) in LAYERS {
        assert!(map.contains(&format!("`{}`", layer.replace('/', "::"))), "{layer}");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let mut blocks = 0;
    for (line, before) in section.lines().skip(1).zip(section.lines()) {
        if !line.starts_with('#') && !line.trim().is_empty() {
            assert!(before.starts_with("# "), "{line} stands without a reason");
            blocks += 1;
        }
    }
    assert!(blocks > 20);
}

#[test]
fn no_two_files_use_each_other() {
    let circles = circles::circles(&sources());
    assert!(circles.is_empty(), "{}", circles.join("\n\n"));
}
