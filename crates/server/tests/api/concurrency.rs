//! Lists in pages, also while others write.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use hikyaku_db::on_both_engines;
use serde_json::json;

use crate::bed::Bed;

on_both_engines! {
    /// Every item comes once, whatever the length of pages.
    async fn pages_cover_a_list(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        for number in 0..7 {
            let body = json!({ "name": format!("tenant {number}") });
            console.post("/api/v1/tenants", body).await.expect(StatusCode::CREATED);
        }
        let all = console.get("/api/v1/tenants?limit=500").await.expect(StatusCode::OK).json();
        assert!(all["next"].is_null());
        let all = all["items"].as_array().unwrap().len();
        for limit in [1, 2, 3, 7] {
            let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
            loop {
                let path = format!("/api/v1/tenants?limit={limit}{cursor}");
                let page = console.get(&path).await.expect(StatusCode::OK).json();
                for item in page["items"].as_array().unwrap() {
                    assert!(seen.insert(item["id"].to_string()), "{item} came twice");
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen.len(), all, "limit {limit}");
        }
        let first = console.get("/api/v1/tenants?limit=1").await.json();
        let foreign = format!("/api/v1/domains?cursor={}", first["next"].as_str().unwrap());
        console.get(&foreign).await.refused(400, "bad_cursor");
        for wrong in ["limit=0", "limit=501", "limit=many", "cursor=x", "what=ever"] {
            let answer = console.get(&format!("/api/v1/tenants?{wrong}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}
