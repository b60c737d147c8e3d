//! How what is damaged is removed, or written anew, where it is not in a backup or its loss is no harm.

use crate::domain::id::{InlineHookId, PrefixedId as _};
use crate::vault::custody::damage::Damaged;

/// The command, or the call; `None` for what cannot be removed alone.
pub fn removal(damaged: &Damaged) -> Option<String> {
    match damaged {
        Damaged::Row(error) => error.damaged_row().and_then(|(table, row)| removal_of_row(table, row)),
        Damaged::Key { id, .. } => removal_of_row("hook_key", id.as_str()),
        Damaged::Hook { id, .. } => removal_of_row("inline_hook", id.as_str()),
        _ => None,
    }
}

pub(super) fn removal_of_row(table: &str, row: &str) -> Option<String> {
    // Another hand may have written it: nothing of theirs is put into a line that somebody pastes into a shell.
    if !row.chars().all(|character| character.is_ascii_alphanumeric() || "-_/.".contains(character)) {
        return None;
    }
    match table {
        "api_token" => Some(format!("`hookvault token revoke {row}`")),
        "service_app" => Some(format!("`hookvault app delete {row}`")),
        "service_app_key" => {
            row.split_once('/').map(|(app, kid)| format!("`hookvault app remove-key {app} {kid}`"))
        }
        "hook_key" => Some(format!("`hookvault key delete {row}`")),
        "inline_hook" => Some(format!("`hookvault hook delete {row}`")),
        "hook_key_reference" => row.split_once('/').map(|(key, consumer)| match InlineHookId::parse(consumer) {
            // The vault writes it with the hook.
            Ok(hook) => format!(
                "`POST /api/v1/inlineHooks/{hook}/lifecycle/deactivate`, then `POST /api/v1/inlineHooks/{hook}/lifecycle/activate`"
            ),
            Err(_) => format!("`DELETE /vault/v1/hook-keys/{key}/references/{consumer}`"),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_hand_has_written_is_put_into_no_command() {
        assert_eq!(removal_of_row("hook_key", "HKY1").as_deref(), Some("`hookvault key delete HKY1`"));
        for row in ["x;touch y", "$(y)", "`y`", "x\ny", "x y", "x'"] {
            assert_eq!(removal_of_row("hook_key", row), None, "{row}");
        }
    }
}
