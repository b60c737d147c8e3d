//! The composition root: the only place that knows which parts are real.

mod backup;
mod example;
mod hint;
mod looks;
mod master_key;
mod master_key_command;
mod master_key_error;
mod master_keys_told;
mod open;
mod parts;
mod removal;
mod rotating;
mod scheduled_backups;
mod sealing;
mod serving;
mod signals;
mod start_error;
mod tasks;

pub use backup::{BackedUp, Before, Restoration, Restored, back_up, verify_backup};
pub use example::{EXAMPLE_HOOK, start_example};
pub use hint::store_hint;
pub use master_key::{make_master_key, read_secret_file, recovery_text};
pub use master_keys_told::{compare_master_key, rotation_under_way};
pub use open::{
    Opened, OpenedVault, database_users, migrate, migrations_pending, move_vault, open_for_check, open_registry,
    open_vault,
};
pub use parts::Parts;
pub use removal::removal;
pub use rotating::{give_up_rotation, rotate_master_key};
pub use scheduled_backups::{ScheduledBackups, read_recipients};
pub use serving::{App, Stopper, listen};
pub use signals::Signals;
pub use start_error::StartError;
