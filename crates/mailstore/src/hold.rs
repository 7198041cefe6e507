//! Holds: somebody who may say that an expunged message must not be removed yet.

use hikyaku_db::{DbError, Tx};
use hikyaku_directory::AccountScope;
use hikyaku_types::MessageId;

/// A reason to keep expunged messages beyond their window, such as an archive that has not taken
/// them yet or a legal hold. The purge job asks every registered hold before it removes anything.
pub trait Hold: Send + Sync + std::fmt::Debug {
    /// Those of the messages that must stay for now. Asked inside the transaction that would remove
    /// them, so it must be quick and its answer is exact. They are asked about again with the next
    /// purge.
    fn held(
        &self,
        tx: &Tx<'_>,
        scope: AccountScope,
        messages: &[MessageId],
    ) -> Result<Vec<MessageId>, DbError>;
}
