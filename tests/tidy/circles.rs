//! Which file uses which, from their tokens: what a macro is given counts, comments do not.
//!
//! A file uses another where it names something in it: from `crate` on, from `super` on, or through a module that it declares.
//! To declare a module is no use of it, nor is to say who may see something, nor what a file's own tests name. So a `mod.rs` that
//! declares and explains is in no circle; one that holds what its modules use must not use them in turn, and what one hands on
//! with `pub use` is named by its modules where it stands.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

type Module = Vec<String>;
type Uses<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Files that use each other, perhaps through others; each circle with the uses that close it.
pub fn circles(sources: &[(String, String)]) -> Vec<String> {
    let files: BTreeMap<Module, &str> = sources.iter().map(|(file, _)| (module_of(file), file.as_str())).collect();
    let uses: Uses<'_> = sources.iter().map(|(file, text)| (file.as_str(), used_by(file, text, &files))).collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for file in uses.keys() {
        let circle: BTreeSet<_> =
            reached_from(file, &uses).into_iter().filter(|other| reached_from(other, &uses).contains(file)).collect();
        if !circle.is_empty() && seen.insert(circle.clone()) {
            let within = |file: &&str| uses[file].intersection(&circle).copied().collect::<Vec<_>>().join(", ");
            let lines: Vec<_> = circle.iter().map(|file| format!("{file} uses {}", within(file))).collect();
            circles.push(lines.join("\n"));
        }
    }
    circles
}

/// `http/edge/error.rs` is `http::edge::error`, and `http/mod.rs` is `http`.
fn module_of(file: &str) -> Module {
    let names = file.trim_end_matches(".rs").split('/').filter(|name| !["mod", "lib"].contains(name));
    names.map(str::to_owned).collect()
}

fn reached_from<'a>(file: &str, uses: &Uses<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = uses[file].iter().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(&uses[file]);
        }
    }
    reached
}

fn used_by<'a>(file: &'a str, text: &str, files: &BTreeMap<Module, &'a str>) -> BTreeSet<&'a str> {
    let mut names = Vec::new();
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
    walk(tokens, &module_of(file), &mut names);
    let home = |name: &Module| (0..=name.len()).rev().find_map(|length| files.get(&name[..length]).copied());
    names.iter().filter_map(home).filter(|used| *used != file).collect()
}

/// Finds all names with a path, from the root of the crate on, in code of this module.
fn walk(tokens: TokenStream, module: &Module, names: &mut Vec<Module>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(content), ..] if word == "mod" => {
                if name != "tests" {
                    let inner = [module.as_slice(), &[name.to_string()]].concat();
                    walk(content.stream(), &inner, names);
                }
                at += 3;
            }
            [TokenTree::Ident(word), TokenTree::Group(group), ..] if word == "pub" && is_visibility(group) => at += 2,
            [TokenTree::Ident(first), ..] => {
                let mut path = vec![first.to_string()];
                at = follow(&tokens, at + 1, &mut path, module, names);
            }
            [TokenTree::Group(group), ..] => {
                walk(group.stream(), module, names);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Whether this stands behind `pub` to say who may see something. Else it is the type of a field.
fn is_visibility(group: &Group) -> bool {
    let tokens: Vec<_> = group.stream().into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(word), ..] if word == "in" => true,
        [TokenTree::Ident(word)] => ["crate", "self", "super"].iter().any(|scope| word == scope),
        _ => false,
    }
}

/// Reads on after the first word of a path, and returns where it ends.
fn follow(tokens: &[TokenTree], mut at: usize, path: &mut Module, module: &Module, names: &mut Vec<Module>) -> usize {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    while colon(tokens.get(at)) && colon(tokens.get(at + 1)) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(name)) => path.push(name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                each_of(group.stream(), path, module, names);
                return at + 3;
            }
            _ => break,
        }
        at += 3;
    }
    names.extend(absolute(path, module));
    at
}

/// The braces of a `use`.
fn each_of(tokens: TokenStream, before: &Module, module: &Module, names: &mut Vec<Module>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    for item in tokens.split(is_comma) {
        let Some(TokenTree::Ident(first)) = item.first() else { continue };
        let mut path = before.clone();
        if first != "self" {
            path.push(first.to_string());
        }
        follow(item, 1, &mut path, module, names);
    }
}

/// A path from the root of the crate on; `None` for what begins elsewhere, in another crate or with an imported name.
fn absolute(path: &[String], module: &Module) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            let parent = &module[..module.len().checked_sub(ups)?];
            Some([parent, &path[ups..]].concat())
        }
        _ if rest.is_empty() => None,
        // Of a module that is declared here, or else of nothing of ours, which ends in this file again.
        _ => Some([module, path].concat()),
    }
}

#[test]
fn a_circle_is_found_whichever_way_it_is_closed() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let sources = [
        file("lib.rs", "pub mod a; pub mod b; mod c; mod d;"),
        file("a.rs", "use crate::{b::{self, Thing}, c as other}; mod tests { use crate::d::Late; }"),
        file("b.rs", "fn f() { json!([super::c::X]) }"),
        file("c.rs", "mod inner; fn f() -> inner::Y {} /// [`crate::a::Z`]\nstruct Z;"),
        file("c/inner.rs", "mod own { use super::super::super::b::Thing; }"),
        file("d.rs", "use crate::a::Thing; use std::b::Thing; mod e; mod f; fn g() -> e::A {}"),
        file("d/e.rs", "pub(super) struct A { pub(in crate::d) a: u8 } pub(crate) struct B(pub (u8, super::f::C));"),
        file("d/f.rs", "use super::e::B;"),
    ];
    let found =
        ["b.rs uses c.rs\nc.rs uses c/inner.rs\nc/inner.rs uses b.rs", "d/e.rs uses d/f.rs\nd/f.rs uses d/e.rs"];
    assert_eq!(circles(&sources), found);
}
