//! How far an actor reaches into the queue and the trace: everywhere, or one tenant. The queue
//! knows no domains of ours, so a role for some domains alone sees nothing of it.

use hikyaku_control::{Actor, Area, ControlError};
use hikyaku_directory::{PlatformScope, TenantScope};
use hikyaku_types::Permission;

/// Everything, or what belongs to one tenant.
#[derive(Debug, Clone, Copy)]
pub(super) enum QueueReach {
    Platform(PlatformScope),
    Tenant(TenantScope),
}

/// How far an actor with a permission reaches.
pub(super) fn reach(actor: &Actor, permission: Permission) -> Result<QueueReach, ControlError> {
    match actor.area(permission)? {
        Area::Platform(scope) => Ok(QueueReach::Platform(scope)),
        Area::Tenant(scope) => Ok(QueueReach::Tenant(scope)),
        Area::Domains(..) => Err(ControlError::Forbidden(permission)),
    }
}
