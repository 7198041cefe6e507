//! Accounts: creating, changing, renaming, deleting and finding them (AD-02, AD-03, T-020 to
//! T-041).

mod change;
mod create;
mod deleted;
mod form;
mod list;
mod profile;
mod quota;
mod resolve;
mod view;

pub use change::{
    Change, begin_erasure, change, delete, finish_erasure, log_password, rename, restore, show,
};
pub(crate) use create::create_quietly;
pub use create::{NewPerson, create, create_system, home};
pub use deleted::{DeletedView, deleted, of_deleted_messages, restorable_messages};
pub use form::AccountForm;
pub use list::{
    AccountFilter, AccountPage, AccountSort, AfterAccount, AliveStatus, Descending, Key,
    NEAR_QUOTA_PERCENT, list,
};
pub use profile::{OwnProfile, ProfileChange, own_profile, set_own_profile};
pub use quota::QuotaOwner;
pub use resolve::{WhereTo, where_to};
pub use view::{AccountView, LastSignIn, WholeAccount};
