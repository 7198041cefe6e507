//! Adding and releasing the same contents from many writers at once.

use hikyaku_blob::{add_references, release_many};

use crate::fixture::{content, references, tenant, text, write};

/// Writers at the same time.
const WRITERS: u32 = 8;
/// Rounds of each.
const ROUNDS: u32 = 40;
/// Contents they share.
const CONTENTS: u32 = 5;

hikyaku_db::on_both_engines! {
    /// Each writer adds a reference to every content and releases it again, so that the counts pass
    /// through zero all the time. Whoever holds a reference must be able to read.
    async fn the_last_release_and_a_new_reference_do_not_pass_each_other(test: TestDatabase) {
        let tasks: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    for round in 0..ROUNDS {
                        // In different orders: the functions bring them into one.
                        let mut contents: Vec<_> = (0..CONTENTS).map(content).collect();
                        contents.rotate_left(((writer + round) % CONTENTS) as usize);
                        let hashes: Vec<_> = contents.iter().map(|c| *c.hash()).collect();
                        write(&db, move |tx| {
                            add_references(tx, tenant(1), contents.iter().map(|c| (c, 1)))
                        })
                        .await
                        .unwrap();
                        let chosen = (writer + round) % CONTENTS;
                        let hash = *content(chosen).hash();
                        let read = db
                            .read(move |tx| hikyaku_blob::read(tx, tenant(1), &hash))
                            .await;
                        assert_eq!(read, Ok(text(chosen)));
                        write(&db, move |tx| {
                            release_many(tx, tenant(1), hashes.iter().map(|hash| (*hash, 1)))
                        })
                        .await
                        .unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        for number in 0..CONTENTS {
            assert_eq!(
                references(&test.db, tenant(1), *content(number).hash()).await,
                None
            );
        }
    }
}
