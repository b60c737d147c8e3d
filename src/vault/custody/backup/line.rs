//! The form of a line: its text, a tab, its MAC in base64url and a line feed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What stands between a line and its MAC: it is in no JSON that is written here.
const BEFORE_MAC: u8 = b'\t';

/// A line with its line feed.
pub(super) fn line(text: &str, mac: &[u8]) -> Vec<u8> {
    [text.as_bytes(), &[BEFORE_MAC], URL_SAFE_NO_PAD.encode(mac).as_bytes(), b"\n"].concat()
}

/// The text of a line and its MAC.
pub(super) fn parts(line: &[u8]) -> Option<(&str, Vec<u8>)> {
    let line = line.strip_suffix(b"\n")?;
    let end = line.iter().rposition(|byte| *byte == BEFORE_MAC)?;
    let mac = URL_SAFE_NO_PAD.decode(&line[end + 1..]).ok()?;
    Some((str::from_utf8(&line[..end]).ok()?, mac))
}
