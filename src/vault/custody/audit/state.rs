//! What the trail tells of rows that are changed in their place: an older state of one that was put back has a seal that fits.

use super::fact::{Fact, FactKind};
use super::text::Text;
use crate::domain::audit::{EventKind, LAST_UPDATED, Target};

/// How a row was after its last change.
pub(super) struct State {
    name: String,
    details: Vec<(String, String)>,
}

impl State {
    /// Whether it is what would be told of the row now.
    pub(super) fn is(&self, row: &Target) -> bool {
        let is_told =
            |(name, value): &(&str, String)| self.details.iter().any(|(told, is)| told == name && is == value);
        row.name.as_ref().is_none_or(|name| *name == self.name) && row.details.iter().all(is_told)
    }
}

/// The row that an entry tells was changed, and how it is from then on: `None` where the entry is of a version that did not tell.
pub(super) fn told(kind: &str, text: &Text) -> Option<(Fact, Option<State>)> {
    let first = text.target.first()?;
    let is = |known: EventKind| known.as_str() == kind;
    let changes_key = [
        EventKind::HookKeyCreated,
        EventKind::HookKeyImported,
        EventKind::HookKeyUpdated,
        EventKind::HookKeyScheduled,
        EventKind::HookKeyPromoted,
    ];
    let changes_hook = [
        EventKind::InlineHookCreated,
        EventKind::InlineHookUpdated,
        EventKind::InlineHookActivated,
        EventKind::InlineHookDeactivated,
    ];
    // Another next key is no change of the row, the key that signs at once is.
    let replaces_key = is(EventKind::HookKeyRotated) && first.detail("emergency").is_some();
    let row = if replaces_key || changes_key.into_iter().any(is) {
        FactKind::HookKey
    } else if changes_hook.into_iter().any(is) {
        FactKind::InlineHook
    } else {
        return None;
    };
    let state = first.detail(LAST_UPDATED).and(first.detail_entry.as_ref()).map(|details| State {
        name: first.display_name.clone(),
        details: details.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
    });
    Some((Fact::of(row, &first.id), state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::custody::audit::text::readable_text;

    fn told_by(kind: EventKind, details: &str) -> Option<Option<State>> {
        let text =
            format!(r#"{{"target":[{{"id":"HKY1","type":"HookKey","displayName":"key","detailEntry":{details}}}]}}"#);
        told(kind.as_str(), &readable_text(&text).unwrap()).map(|(_, state)| state)
    }

    #[test]
    fn an_entry_of_before_says_that_the_row_was_changed_and_not_how() {
        let (before, now) = (r#"{"hook_key_id":"HKY1"}"#, r#"{"rotate_every":"never","last_updated":"then"}"#);
        assert!(matches!(told_by(EventKind::HookKeyUpdated, before), Some(None)));
        assert!(matches!(told_by(EventKind::HookKeyUpdated, now), Some(Some(_))));
        // Where the next key is made, the row stays as it is.
        assert!(told_by(EventKind::HookKeyRotated, before).is_none());
        assert!(told_by(EventKind::HookKeyUsed, now).is_none());
    }

    #[test]
    fn a_row_is_as_it_was_told_in_its_name_and_in_each_detail() {
        let told = told_by(EventKind::HookKeyCreated, r#"{"key_id":"k","rotate_every":"never","last_updated":"then"}"#);
        let state = told.unwrap().unwrap();
        let row = |name, every, updated| {
            Target::of("HookKey", "HKY1", Some(name)).with("rotate_every", every).with(LAST_UPDATED, updated)
        };
        assert!(state.is(&row("key", "never", "then")));
        for other in [row("other", "never", "then"), row("key", "60", "then"), row("key", "never", "earlier")] {
            assert!(!state.is(&other));
        }
    }
}
