//! Who is at the shell.

use crate::domain::actor::Actor;

/// The system's user who runs the command, by name, or by number where there is none.
pub fn operator() -> Actor {
    let uid = uzers::get_current_uid();
    let name = uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned());
    Actor::Operator { user: name.unwrap_or_else(|| uid.to_string()) }
}
