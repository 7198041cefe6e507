//! Eight writers at once: nobody is lost, nobody waits for ever.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{DbError, Lane};
use hikyaku_oplog::{Chain, append, verify};
use tokio::{sync::Barrier, time::timeout};

use crate::fixture::{entry, tenant};

const WRITERS: i64 = 8;
const ENTRIES: i64 = 25;

hikyaku_db::on_both_engines! {
    async fn writers_of_the_same_chains_neither_lose_nor_block_one_another(test: TestDatabase) {
        let start = Arc::new(Barrier::new(WRITERS as usize));
        let tasks: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (db, start) = (test.db.clone(), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    for _ in 0..ENTRIES {
                        db.write(Lane::Background, move |tx| {
                            // Some acts concern two: the platform's chain comes first then.
                            let chains = match writer % 3 {
                                0 => &[Chain::Platform, tenant(1)][..],
                                1 => &[tenant(1)],
                                _ => &[Chain::Platform],
                            };
                            for chain in chains {
                                append(tx, &entry(*chain, "a.b", writer, 8))?;
                            }
                            Ok::<_, DbError>(())
                        })
                        .await
                        .unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            timeout(Duration::from_mins(2), task).await.unwrap().unwrap();
        }
        for (chain, writers) in [(tenant(1), 6), (Chain::Platform, 5)] {
            let verdict = verify(&test.db, chain, None).await.unwrap();
            assert_eq!(verdict.broken, None);
            assert_eq!(verdict.checked, (writers * ENTRIES) as u64);
        }
    }
}
