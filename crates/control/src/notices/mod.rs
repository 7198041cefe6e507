//! Notices as administrators see them: templates, the sender, announcements (OP-16, AD-30).

mod announcements;
mod settings;
mod templates;

use hikyaku_directory::TenantScope;
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, TenantId};

pub use announcements::{
    create_announcement, delete_announcement, list_announcements, load_announcement,
    shown_announcements, update_announcement,
};
pub use settings::{load_settings, update_settings};
pub use templates::{
    TemplateKey, list_templates, load_template, preview_template, restore_template,
    send_test_notice, set_template,
};

use crate::{Act, Actor, ControlError};

/// Whose texts: one tenant's, or the platform's, which hold for all tenants without their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The operator's.
    Platform,
    /// A tenant's.
    Tenant(TenantId),
}

impl Whose {
    /// The scope, for an actor who has the permission there.
    fn scope(
        self,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Option<TenantScope>, ControlError> {
        match self {
            Self::Platform => actor.on_platform(permission).map(|_| None),
            Self::Tenant(tenant) => actor.in_tenant(permission, tenant).map(Some),
        }
    }

    /// An act for the log of whoever it concerns.
    fn act(self, action: &'static str, target: Target) -> Act {
        match self {
            Self::Platform => Act::on_platform(action, target),
            Self::Tenant(tenant) => Act::in_tenant(tenant, action, target),
        }
    }
}
