//! Backup codes: ten, each good once, shown once.

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::Secret;
use zeroize::Zeroizing;

use super::{FactorError, Vault, list::lock, overview};

/// How many codes there are at a time.
pub const BACKUP_CODES: usize = 10;
/// Letters of a code: 60 bits, and nothing that looks like something else.
const LETTERS: usize = 12;
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";

/// New codes, to be shown to their owner once.
pub struct BackupCodes(Vec<Secret>);

impl BackupCodes {
    /// New ones.
    pub fn random() -> Self {
        let code = |_| {
            let mut random = Zeroizing::new([0_u8; LETTERS]);
            rand::fill(random.as_mut_slice());
            let mut text = String::with_capacity(LETTERS + 2);
            for (at, byte) in random.iter().enumerate() {
                if at > 0 && at % 4 == 0 {
                    text.push('-');
                }
                let letter = ALPHABET.get(usize::from(byte % 32)).copied();
                text.push(char::from(letter.unwrap_or(b'a')));
            }
            Secret::new(text)
        };
        Self((0..BACKUP_CODES).map(code).collect())
    }

    /// The codes as shown: `abcd-efgh-jkmn`.
    pub fn shown(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}

impl std::fmt::Debug for BackupCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackupCodes(…)")
    }
}

/// Puts these codes in place of all earlier ones.
///
/// # Errors
/// [`FactorError::NoSuchMethod`] for an account without a factor: there is nothing to back up.
pub fn replace_backup_codes(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    vault: &Vault,
    codes: &BackupCodes,
) -> Result<(), FactorError> {
    lock(tx, scope)?;
    if !overview(tx, scope)?.is_on() {
        return Err(FactorError::NoSuchMethod);
    }
    tx.execute(
        "DELETE FROM backup_code WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    for code in codes.shown() {
        tx.execute(
            "INSERT INTO backup_code (tenant_id, account_id, hash) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant_id, account_id, hash) DO NOTHING",
            params![
                scope.tenant,
                scope.account,
                &vault.hash(scope, &plain(code))
            ],
        )?;
    }
    Ok(())
}

/// Marks a code as used; false when it is none of the account's, or was used.
pub(super) fn take(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    vault: &Vault,
    code: &Secret,
) -> Result<bool, DbError> {
    let used = tx.execute(
        "UPDATE backup_code SET used_at = ?4
         WHERE tenant_id = ?1 AND account_id = ?2 AND hash = ?3 AND used_at IS NULL",
        params![
            scope.tenant,
            scope.account,
            &vault.hash(scope, &plain(code)),
            tx.now()
        ],
    )?;
    Ok(used == 1)
}

/// A code however it was typed: in capitals, without hyphens, with spaces.
fn plain(code: &Secret) -> Zeroizing<String> {
    let letters = code.expose().chars().filter(|c| !"- \u{3000}".contains(*c));
    Zeroizing::new(letters.map(|c| c.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_ten_different_ones_in_groups() {
        let codes = BackupCodes::random();
        let texts: HashSet<&str> = codes.shown().map(Secret::expose).collect();
        assert_eq!(texts.len(), BACKUP_CODES);
        for text in texts {
            let lengths: Vec<usize> = text.split('-').map(str::len).collect();
            assert_eq!(lengths, [4, 4, 4], "{text}");
        }
        assert_eq!(format!("{codes:?}"), "BackupCodes(…)");
    }

    #[test]
    fn the_way_of_typing_does_not_matter() {
        for typed in ["abcd-efgh-jkmn", "ABCDEFGHJKMN", " abcd efgh\u{3000}jkmn "] {
            assert_eq!(plain(&typed.into()).as_str(), "abcdefghjkmn");
        }
    }
}
