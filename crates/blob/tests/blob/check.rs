//! Comparing counts with those who hold references.

use hikyaku_blob::{
    BlobError, DIFFERING_MAX, Differing, ReferenceSource, add_reference, add_references,
    differing_references, hashes,
};
use hikyaku_db::params;

use crate::fixture::{content, tenant, write};

const HOLDER: ReferenceSource = ReferenceSource {
    sql: "SELECT hash FROM holder WHERE tenant_id = ?1",
};

hikyaku_db::on_both_engines! {
    async fn wrong_counts_and_missing_contents_are_listed(test: TestDatabase) {
        let (right, wrong, missing) = (content(1), content(2), content(3));
        let (right_hash, wrong_hash, missing_hash) =
            (*right.hash(), *wrong.hash(), *missing.hash());
        let rows = [right_hash, wrong_hash, wrong_hash, missing_hash];
        write(&test.db, move |tx| {
            tx.execute(
                "CREATE TABLE holder (tenant_id BIGINT, hash BYTEA)",
                params![],
            )?;
            for hash in &rows {
                tx.execute(
                    "INSERT INTO holder VALUES (?1, ?2)",
                    params![tenant(1), hash],
                )?;
            }
            add_reference(tx, tenant(1), &right, 1)?;
            add_reference(tx, tenant(1), &wrong, 1)?;
            add_reference(tx, tenant(2), &missing, 1)
        })
        .await
        .unwrap();
        let found = test
            .db
            .read(|tx| differing_references(tx, tenant(1), &[HOLDER]))
            .await;
        let mut expected = [
            Differing {
                hash: wrong_hash,
                stored: 1,
                found: 2,
            },
            Differing {
                hash: missing_hash,
                stored: 0,
                found: 1,
            },
        ];
        expected.sort_by_key(|differing| differing.hash);
        assert_eq!(found.unwrap(), expected);
        let found = test
            .db
            .read(|tx| differing_references(tx, tenant(2), &[HOLDER]))
            .await;
        let unheld = Differing {
            hash: missing_hash,
            stored: 1,
            found: 0,
        };
        assert_eq!(found.unwrap(), [unheld]);
    }

    async fn so_many_differing_contents_are_listed(test: TestDatabase) {
        let contents: Vec<_> = (0..=DIFFERING_MAX as u32).map(content).collect();
        write(&test.db, move |tx| {
            add_references(tx, tenant(1), contents.iter().map(|content| (content, 1)))
        })
        .await
        .unwrap();
        let found = test.db.read(|tx| differing_references(tx, tenant(1), &[])).await;
        assert_eq!(found.unwrap().len(), DIFFERING_MAX);
    }

    async fn all_contents_of_a_tenant_are_listed_page_by_page(test: TestDatabase) {
        write(&test.db, |tx| {
            (0..10).try_for_each(|n| add_reference(tx, tenant(1), &content(n), 1))?;
            add_reference(tx, tenant(2), &content(11), 1)
        })
        .await
        .unwrap();
        let listed = test
            .db
            .read(|tx| {
                let (mut all, mut after) = (Vec::new(), None);
                loop {
                    let page = hashes(tx, tenant(1), after.as_ref(), 3)?;
                    let Some(last) = page.last() else { break };
                    after = Some(*last);
                    all.extend(page);
                }
                Ok::<_, BlobError>(all)
            })
            .await
            .unwrap();
        let mut expected: Vec<_> = (0..10).map(|n| *content(n).hash()).collect();
        expected.sort();
        assert_eq!(listed, expected);
    }
}
