//! What this program is called in the lines that a person pastes.

use std::env;
use std::path::PathBuf;

/// What it is called where nothing else is known, and in the words of the code.
const NAME: &str = "hookvault";

/// As it runs from the current folder: relative, where it is below.
pub fn here() -> String {
    called(|path| match env::current_dir().ok().and_then(|folder| Some(path.strip_prefix(folder).ok()?.to_owned())) {
        // A word without a slash would be looked for in PATH.
        Some(below) if below.components().count() == 1 => PathBuf::from(".").join(below),
        Some(below) => below,
        None => path,
    })
}

/// As it runs from any folder: for lines that go into another shell, which may be elsewhere.
pub fn anywhere() -> String {
    called(|path| path)
}

fn called(shown: impl FnOnce(PathBuf) -> PathBuf) -> String {
    // A word without a slash was found in PATH, and will be again.
    if let Some(word) = env::args().next()
        && !word.is_empty()
        && !word.contains('/')
    {
        return quote(&word);
    }
    // It may have been replaced since it was started.
    match env::current_exe().ok().filter(|path| path.exists()) {
        Some(path) => quote(&shown(path).display().to_string()),
        None => NAME.to_owned(),
    }
}

/// Words to a person, in which the program is called so that it runs as printed.
pub fn runnable(text: &str) -> String {
    text.replace(&format!("`{NAME} "), &format!("`{} ", here()))
}

/// As [`runnable`], for examples, each on a line of its own.
pub fn runnable_examples(text: &str) -> String {
    text.replace(&format!("\n  {NAME} "), &format!("\n  {} ", here()))
}

/// A word for a POSIX shell: as it is, or in quotation marks.
pub fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_it_otherwise() {
        for plain in ["hookvault", "/opt/hook-vault_1.0/bin", "http://127.0.0.1:8080"] {
            assert_eq!(quote(plain), plain);
        }
        assert_eq!(quote("My key"), "'My key'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("$HOME"), "'$HOME'");
        assert_eq!(quote("~"), "'~'");
        assert_eq!(quote(""), "''");
    }
}
