//! The key file: what secrets that must be readable are sealed with.
//!
//! A TOTP secret cannot be stored as a hash, since codes are computed from it. It is sealed
//! (AES-256-GCM, bound to its account) with a key that is not in the database but in the file
//! `factors.key` of the data folder, so that a copy of the database alone gives no codes. Processes
//! that share a database must share the file. Who loses it loses no mail and no password: the
//! owners of authenticators sign in with backup codes or codes by mail, or an administrator resets
//! their factors.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hikyaku_directory::AccountScope;
use hikyaku_types::Id as _;
use zeroize::Zeroizing;

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// The key that secrets are sealed with.
pub struct Vault {
    sealing: RandomizedNonceKey,
    hashing: Zeroizing<[u8; KEY_BYTES]>,
    /// Names the key in what it sealed.
    name: String,
}

/// Why a secret cannot be sealed or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The key file cannot be read or made.
    #[error("the key file {} cannot be read or made", path.display())]
    File {
        /// Its place.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key file is none.
    #[error("{} is no key file: it must hold 64 hexadecimal digits", path.display())]
    Malformed {
        /// Its place.
        path: PathBuf,
    },
    /// The secret was sealed with another key file.
    #[error(
        "a secret was sealed with another key file: bring back factors.key from the backup or from \
         the other processes of this database, or reset the second factors of the account"
    )]
    OtherKey,
    /// What is stored is no sealed secret of this account.
    #[error("a sealed secret is damaged")]
    Damaged,
}

impl Vault {
    /// The name of the key file in the data folder.
    pub const FILE_NAME: &'static str = "factors.key";

    /// The vault of a key file, which is made (readable by its owner only) when there is none.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File {
            path: path.to_owned(),
            source,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let key = parse(text.trim()).ok_or_else(|| VaultError::Malformed {
            path: path.to_owned(),
        })?;
        Ok(Self::of_key(&key))
    }

    /// The vault of a new key that is kept nowhere: for tests.
    pub fn unsaved() -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(key.as_mut_slice());
        Self::of_key(&key)
    }

    fn of_key(key: &[u8; KEY_BYTES]) -> Self {
        let derive = |context| Zeroizing::new(blake3::derive_key(context, key));
        let name = derive("hikyaku 2026 factors.key name");
        let sealing = derive("hikyaku 2026 factors.key sealing");
        Self {
            sealing: RandomizedNonceKey::new(&AES_256_GCM, sealing.as_slice())
                .expect("invariant: 32 bytes are a key of AES-256"),
            hashing: derive("hikyaku 2026 factors.key hashing"),
            name: hex(name.first_chunk::<8>().unwrap_or(&[0; 8])),
        }
    }

    /// Seals a secret of an account.
    pub(crate) fn seal(&self, scope: AccountScope, secret: &[u8]) -> Result<String, VaultError> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(bound_to(scope)), &mut sealed)
            .map_err(|_| VaultError::Damaged)?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Ok(format!(
            "v1:{}:{}",
            self.name,
            STANDARD_NO_PAD.encode(bytes)
        ))
    }

    /// Reads a secret of an account.
    pub(crate) fn read(
        &self,
        scope: AccountScope,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let rest = sealed.strip_prefix("v1:").ok_or(VaultError::Damaged)?;
        let (name, text) = rest.split_once(':').ok_or(VaultError::Damaged)?;
        if name != self.name {
            return Err(VaultError::OtherKey);
        }
        let bytes = STANDARD_NO_PAD.decode(text);
        let mut bytes = Zeroizing::new(bytes.map_err(|_| VaultError::Damaged)?);
        let (nonce, sealed) = bytes
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(VaultError::Damaged)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(bound_to(scope));
        let secret = self.sealing.open_in_place(nonce, aad, sealed);
        Ok(Zeroizing::new(
            secret.map_err(|_| VaultError::Damaged)?.to_vec(),
        ))
    }

    /// The hash of a short secret of an account, of no use without the key file.
    pub(crate) fn hash(&self, scope: AccountScope, secret: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.hashing);
        hasher.update(&bound_to(scope));
        hasher.update(secret.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A secret in another account's row is none.
fn bound_to(scope: AccountScope) -> [u8; 16] {
    let both = u128::from(scope.tenant.to_i64().cast_unsigned()) << 64
        | u128::from(scope.account.to_i64().cast_unsigned());
    both.to_be_bytes()
}

/// Makes a key file, durable before it is used. A data folder has one process, which holds its
/// lock: nobody else makes one at the same moment.
fn make(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(key.as_mut_slice());
    let text = Zeroizing::new(format!("{}\n", hex(key.as_slice())));
    let mut number = [0; 8];
    rand::fill(&mut number);
    let draft = path.with_extension(format!("{}.new", hex(&number)));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all_at(text.as_bytes(), 0)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    fs::read_to_string(path).map(Zeroizing::new)
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use hikyaku_types::{AccountId, TenantId};

    use super::*;

    fn scope(account: i64) -> AccountScope {
        AccountScope {
            tenant: TenantId::from_i64(1),
            account: AccountId::from_i64(account),
        }
    }

    #[test]
    fn a_secret_is_read_by_its_account_and_its_key_only() {
        let vault = Vault::unsaved();
        let sealed = vault.seal(scope(1), b"secret").unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, vault.seal(scope(1), b"secret").unwrap());
        assert_eq!(vault.read(scope(1), &sealed).unwrap().as_slice(), b"secret");
        let refused = |vault: &Vault, account, text: &str| {
            vault.read(scope(account), text).unwrap_err().to_string()
        };
        let damaged = VaultError::Damaged.to_string();
        assert_eq!(refused(&vault, 2, &sealed), damaged);
        assert_eq!(refused(&vault, 1, &sealed[..sealed.len() - 4]), damaged);
        assert_eq!(refused(&vault, 1, "plain"), damaged);
        let other = Vault::unsaved();
        assert_eq!(
            refused(&other, 1, &sealed),
            VaultError::OtherKey.to_string()
        );
    }

    #[test]
    fn hashes_depend_on_key_account_and_text() {
        let vault = Vault::unsaved();
        let hash = vault.hash(scope(1), "abc");
        assert_eq!(hash, vault.hash(scope(1), "abc"));
        assert_ne!(hash, vault.hash(scope(2), "abc"));
        assert_ne!(hash, vault.hash(scope(1), "abd"));
        assert_ne!(hash, Vault::unsaved().hash(scope(1), "abc"));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Vault::FILE_NAME);
        let sealed = Vault::open(&path).unwrap().seal(scope(1), b"x").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Vault::open(&path).unwrap();
        assert_eq!(again.read(scope(1), &sealed).unwrap().as_slice(), b"x");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&path, "too short").unwrap();
        let error = Vault::open(&path).unwrap_err();
        assert!(matches!(error, VaultError::Malformed { .. }), "{error}");
        let error = Vault::open(&folder.path().join("no/such")).unwrap_err();
        assert!(matches!(error, VaultError::File { .. }), "{error}");
    }
}
