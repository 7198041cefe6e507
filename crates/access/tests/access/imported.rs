//! Passwords that came as hashes of other systems.

use hikyaku_access::SignInError;
use hikyaku_db::params;
use hikyaku_directory::{credentials, password::PasswordHash};

use crate::{
    fixture::{account, tenant, write},
    sign_in::{service, try_imap},
};

const ALICE: &str = "alice@example.test";
/// Of `Hello world!`.
const SHA_CRYPT: &str = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";

hikyaku_db::on_both_engines! {
    async fn a_hash_of_another_system_is_replaced_at_the_first_sign_in(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let hash = PasswordHash::parse(SHA_CRYPT).unwrap();
        write(&test.db, move |tx| credentials::set_password(tx, alice, &hash))
            .await
            .unwrap();
        let service = service(&test.db);
        let denied = try_imap(&service, ALICE, "Hello world?").await;
        assert!(matches!(denied, Err(SignInError::Denied)));
        let stored = |db: hikyaku_db::Database| async move {
            db.read(move |tx| {
                tx.query_one(
                    "SELECT secret FROM credential WHERE account_id = ?1",
                    params![alice.account],
                    |row| row.get::<String>(0),
                )
            })
            .await
            .unwrap()
        };
        assert_eq!(stored(test.db.clone()).await, SHA_CRYPT);
        try_imap(&service, ALICE, "Hello world!").await.unwrap();
        assert!(stored(test.db.clone()).await.starts_with("$argon2id$"));
        try_imap(&service, ALICE, "Hello world!").await.unwrap();
        assert_eq!(service.metrics().rehashed, 1);
    }
}
