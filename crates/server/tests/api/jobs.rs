//! Jobs, imports, exports and bulk changes through the API.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use hikyaku_db::on_both_engines;
use serde_json::{Value, json};

use crate::bed::{Bed, Client};

/// How long a test waits for the end of a job.
const PATIENCE: Duration = Duration::from_mins(1);

async fn ended(client: &Client, job: &Value) -> Value {
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let job = client.get(&path).await.expect(StatusCode::OK).json();
        if !job["ended_at"].is_null() {
            return job;
        }
        assert!(begun.elapsed() < PATIENCE, "the job does not end: {job}");
        tokio::task::yield_now().await;
    }
}

async fn import(client: &Client, query: &str, file: &str) -> Value {
    let path = format!("/api/v1/imports?{query}");
    let taken = client
        .send(Method::POST, &path, file.as_bytes().to_vec())
        .await;
    let taken = taken.expect(StatusCode::ACCEPTED).json();
    ended(client, &taken["job"]).await
}

on_both_engines! {
    async fn a_table_goes_in_and_out_through_the_api(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let mine = bed.tenant("Mine", "mine.test").await;
        let other = bed.tenant("Other", "other.test").await;
        let admin = bed.key(&bed.tenant_key(mine["id"].as_str().unwrap()).await);
        let stranger = bed.key(&bed.tenant_key(other["id"].as_str().unwrap()).await);
        let jobs = bed.store.start_jobs();

        let file = "メールアドレス,表示名\na@mine.test,花子\nx@other.test,X\n";
        let job = import(&admin, "passwords=generate&file=people.csv", file).await;
        assert_eq!(job["state"], "done_with_errors", "{job}");
        assert_eq!((&job["done"], &job["errors"], &job["total"]), (&json!(2), &json!(1), &json!(2)));
        let id = job["id"].as_str().unwrap().to_owned();
        let result = format!("/api/v1/jobs/{id}/results/result.csv");
        let text = String::from_utf8(admin.get(&result).await.expect(StatusCode::OK).body).unwrap();
        assert!(text.contains("2,a@mine.test,create,done"), "{text}");

        // Once, to who asked; HEAD takes nothing.
        let secrets = format!("/api/v1/jobs/{id}/results/passwords.csv");
        console.get(&secrets).await.refused(404, "no_such_result");
        admin.send(Method::HEAD, &secrets, Vec::new()).await.expect(StatusCode::OK);
        let once = admin.get(&secrets).await.expect(StatusCode::OK);
        assert_eq!(once.header("cache-control"), "no-store");
        admin.get(&secrets).await.refused(404, "no_such_result");
        admin.get(&format!("/api/v1/jobs/{id}/results/input")).await.refused(404, "no_such_result");

        // Another company's administrator learns nothing of it.
        let job = format!("/api/v1/jobs/{id}");
        stranger.get(&job).await.refused(404, "no_such_job");
        stranger.get(&result).await.refused(404, "no_such_job");
        stranger.post(&format!("{job}/cancel"), Value::Null).await.refused(404, "no_such_job");
        stranger.send(Method::DELETE, &job, Vec::new()).await.refused(404, "no_such_job");
        assert_eq!(stranger.get("/api/v1/jobs").await.json()["items"], json!([]));
        let listed = admin.get("/api/v1/jobs?kind=account_import&state=done_with_errors").await;
        assert_eq!(listed.json()["items"][0]["id"], json!(id));

        let export = json!({ "columns": ["address", "name"], "encoding": "utf-8" });
        let export = admin.post("/api/v1/exports", export).await.expect(StatusCode::ACCEPTED).json();
        let export = ended(&admin, &export).await;
        let path = format!("/api/v1/jobs/{}/results/accounts.csv", export["id"].as_str().unwrap());
        let table = String::from_utf8(admin.get(&path).await.body).unwrap();
        assert!(table.contains("a@mine.test,花子\r\n") && !table.contains("other.test"), "{table}");

        let change = json!({ "filter": { "q": "a@mine" }, "action": { "type": "suspend" }, "confirm": 2 });
        admin.post("/api/v1/accounts/bulk", change).await.refused(400, "bad_field");
        let change = json!({ "filter": { "q": "a@mine" }, "action": { "type": "suspend" }, "confirm": 1 });
        let change = admin.post("/api/v1/accounts/bulk", change).await.expect(StatusCode::ACCEPTED);
        assert_eq!(ended(&admin, &change.json()).await["state"], "done");
        let account = admin.get("/api/v1/accounts/a@mine.test").await.json();
        assert_eq!(account["status"], "suspended");

        admin.send(Method::DELETE, &job, Vec::new()).await.expect(StatusCode::NO_CONTENT);
        admin.get(&job).await.refused(404, "no_such_job");
        jobs.drain(Duration::from_secs(5)).await;
    }

    async fn hostile_files_are_refused_with_their_row(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let cell = "x".repeat(8 << 20);
        for (file, row) in [
            (format!("address,name\na@x.test,{cell}\n"), 2),
            (format!("address,name\na@x.test,\"{cell}\n"), 2),
            ("address\na\0b\n".to_owned(), 2),
            ("address\n\"open\n".to_owned(), 2),
            (format!("address\na\n{}\n", ",".repeat(1_000_000)), 3),
            ("name\nnobody\n".to_owned(), 1),
        ] {
            let answer = console.send(Method::POST, "/api/v1/imports", file.into_bytes()).await;
            let problem = answer.refused(400, "bad_table").json();
            assert_eq!(problem["errors"][0]["row"], row, "{problem}");
        }
        let large = vec![b'x'; (32 << 20) + 1];
        let answer = console.send(Method::POST, "/api/v1/imports", large).await;
        answer.refused(413, "too_large");
        let answer = console.send(Method::POST, "/api/v1/imports?columns=shoe", b"a".to_vec()).await;
        answer.refused(400, "bad_field");
    }
}
