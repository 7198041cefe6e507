//! Tenants, plans, options and domains through the API.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use hikyaku_db::on_both_engines;
use serde_json::{Value, json};

use crate::bed::{Bed, Client};

const DAY: Duration = Duration::from_hours(24);

/// A request whose answer is as expected.
async fn ask(
    client: &Client,
    method: Method,
    path: &str,
    body: Value,
    status: StatusCode,
) -> Value {
    let answer = client.json(method, path, &body).await;
    answer.expect(status).json()
}

on_both_engines! {
    async fn a_contract_from_the_wizard_to_its_end(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let ok = StatusCode::OK;
        let installed =
            ask(&console, Method::POST, "/api/v1/plans/presets", Value::Null, ok).await;
        assert_eq!(installed["plans"], json!(["000 style", "001 style", "003 style"]));
        let again = ask(&console, Method::POST, "/api/v1/plans/presets", Value::Null, ok).await;
        assert_eq!(again, json!({ "plans": [], "options": [] }));
        let new = json!({
            "name": "株式会社 例", "kana": "レイ", "customer_number": "C-1",
            "status": "preparing", "service_start_at": "2026-01-06T00:00:00Z",
            "plan": "003 style", "seats": 20,
            "contact": { "person": "山田", "mail": "yamada@elsewhere.test" },
            "payment": { "method": "請求書" }, "labels": { "Web": "10 GB" }, "notes": "secret",
        });
        let made =
            ask(&console, Method::POST, "/api/v1/tenants", new, StatusCode::CREATED).await;
        assert_eq!(made["status"], "preparing");
        assert_eq!(made["seats"], json!({ "used": 0, "max": 20 }));
        assert_eq!(made["contract"]["plan"]["name"], "003 style");
        let path = format!("/api/v1/tenants/{}", made["id"].as_str().unwrap());
        bed.clock.advance(DAY);
        let shown = console.get(&path).await;
        assert_eq!(shown.json()["status"], "active");
        let tag = shown.header("etag").to_owned();

        let option = format!("{path}/options/accounts_10");
        let more = ask(&console, Method::PUT, &option, json!({ "packs": 2 }), ok).await;
        assert_eq!(more["seats"]["max"], 40);
        let stale = console.clone().with("if-match", &tag);
        let changed = stale.json(Method::PATCH, &path, &json!({ "kana": "x" })).await;
        assert_eq!(changed.expect(StatusCode::PRECONDITION_FAILED).code(), "stale");
        let patch = json!({ "contact": { "phone": "03-1234" }, "end_at": "2026-02-01T00:00:00Z" });
        let changed = ask(&console, Method::PATCH, &path, patch, ok).await;
        assert_eq!(changed["contact"]["person"], "山田", "merged");
        assert_eq!(changed["contact"]["phone"], "03-1234");

        let typo = json!({ "action": "terminate", "confirm_name": "株式会社" });
        let status = format!("{path}/status");
        ask(&console, Method::POST, &status, typo, StatusCode::BAD_REQUEST).await;
        let end = json!({ "action": "terminate", "confirm_name": "株式会社 例" });
        let ended = ask(&console, Method::POST, &status, end, ok).await;
        assert_eq!(ended["status"], "terminated");
        assert_eq!(ended["contract"]["erasable_at"], "2026-02-05T00:00:00Z");
        let resumed =
            ask(&console, Method::POST, &status, json!({ "action": "resume" }), ok).await;
        assert_eq!((&resumed["status"], &resumed["end_at"]), (&json!("active"), &Value::Null));
    }

    async fn a_plan_is_applied_after_a_look(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let ok = StatusCode::OK;
        let tenant = bed.tenant("ours", "example.test").await;
        let path = format!("/api/v1/tenants/{}/plan", tenant["id"].as_str().unwrap());
        let new = json!({ "name": "basic", "terms": { "max_domains": 1 } });
        let plan =
            ask(&console, Method::POST, "/api/v1/plans", new, StatusCode::CREATED).await;
        let of_plan = format!("/api/v1/plans/{}", plan["id"].as_str().unwrap());
        let wanted = json!({ "plan": "basic", "seats": 10 });
        let draft = console.json(Method::PUT, &path, &wanted).await;
        assert_eq!(draft.expect(StatusCode::CONFLICT).code(), "plan_status");
        ask(&console, Method::POST, &format!("{of_plan}/publish"), Value::Null, ok).await;
        let look = format!("{path}?preview=true");
        let preview = ask(&console, Method::PUT, &look, wanted.clone(), ok).await;
        assert_eq!(preview["exceeded"], json!([]));
        let odd = json!({ "plan": "basic", "seats": 7 });
        let odd = console.json(Method::PUT, &path, &odd).await;
        assert_eq!(odd.expect(StatusCode::BAD_REQUEST).json()["errors"][0]["field"], "seats");
        ask(&console, Method::PUT, &path, wanted, ok).await;
        let second = json!({ "name": "second.test", "tenant": "ours" });
        let full = console.post("/api/v1/domains", second.clone()).await;
        assert_eq!(full.expect(StatusCode::CONFLICT).code(), "domains_used_up");

        let bad = json!({ "terms": { "lock_grace_hours": 999 } });
        let bad = console.json(Method::PATCH, &of_plan, &bad).await;
        let bad = bad.expect(StatusCode::BAD_REQUEST).json();
        assert_eq!(bad["errors"][0]["pointer"], "/terms/lock_grace_hours");
        let patch = json!({ "terms": { "max_domains": 2, "lock_grace_hours": 48 } });
        let changed = ask(&console, Method::PATCH, &of_plan, patch, ok).await;
        assert_eq!(changed["revision"], 2);
        let apply = format!("{of_plan}/apply");
        let looked =
            ask(&console, Method::POST, &format!("{apply}?preview=true"), json!({}), ok).await;
        assert_eq!(looked["items"][0]["outcome"], "previewed");
        assert_eq!(looked["items"][0]["differences"].as_array().map(Vec::len), Some(2));
        let applied = ask(&console, Method::POST, &apply, json!({}), ok).await;
        assert_eq!(applied["items"][0]["outcome"], "applied");
        ask(&console, Method::POST, "/api/v1/domains", second, StatusCode::CREATED).await;
    }

    async fn a_tenant_sees_its_own_and_changes_no_contract(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let ours = bed.tenant("ours", "example.test").await;
        let theirs = bed.tenant("theirs", "example.org").await;
        let id = |tenant: &Value| tenant["id"].as_str().unwrap().to_owned();
        let own = format!("/api/v1/tenants/{}", id(&ours));
        let notes = json!({ "notes": "the operator's" });
        ask(&console, Method::PATCH, &own, notes, StatusCode::OK).await;
        let key = bed.key(&bed.tenant_key(&id(&ours)).await);
        let listed = key.get("/api/v1/tenants").await.expect(StatusCode::OK).json();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["items"][0]["name"], "ours");
        let shown = key.get(&own).await.expect(StatusCode::OK).json();
        assert_eq!(shown["notes"], "");
        let foreign = key.get(&format!("/api/v1/tenants/{}", id(&theirs))).await;
        assert_eq!(foreign.expect(StatusCode::NOT_FOUND).code(), "no_such_tenant");
        let refused = key.json(Method::PATCH, &own, &json!({ "kana": "x" })).await;
        assert_eq!(refused.expect(StatusCode::FORBIDDEN).code(), "forbidden");
        for path in ["/api/v1/domains/example.org", "/api/v1/domains/nowhere.test"] {
            let unknown = key.get(path).await;
            assert_eq!(unknown.expect(StatusCode::NOT_FOUND).code(), "no_such_domain");
        }
        let tier = json!({ "mailbox_quota_bytes": "100MB" });
        let refused = key.json(Method::PATCH, "/api/v1/domains/example.test", &tier).await;
        assert_eq!(refused.expect(StatusCode::FORBIDDEN).code(), "forbidden");
    }

    async fn what_a_tenant_adds_waits_for_its_proof(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let ours = bed.tenant("ours", "example.test").await;
        let key = bed.key(&bed.tenant_key(ours["id"].as_str().unwrap()).await);
        let new = json!({ "name": "bank.test", "tenant": ours["id"] });
        let made =
            ask(&key, Method::POST, "/api/v1/domains", new, StatusCode::CREATED).await;
        assert_eq!((&made["verification"], &made["in_service"]), (&json!("unverified"), &json!(false)));
        assert_eq!(made["verification_record"]["name"], "_hikyaku.bank.test");
        let verify = "/api/v1/domains/bank.test/verify";
        let by_hand = json!({ "method": "by_hand" });
        let refused = key.json(Method::POST, verify, &by_hand).await;
        refused.expect(StatusCode::FORBIDDEN);
        let console = bed.console();
        let known = ask(&console, Method::POST, verify, by_hand, StatusCode::OK).await;
        assert_eq!((&known["verification"], &known["in_service"]), (&json!("verified"), &json!(true)));
        let alias = json!({ "alias_of": "example.test" });
        let path = "/api/v1/domains/bank.test";
        let changed = ask(&key, Method::PATCH, path, alias, StatusCode::OK).await;
        assert_eq!(changed["alias_of"], "example.test");
        let used = console.send(
            Method::DELETE, "/api/v1/domains/example.test?confirm_name=example.test", Vec::new(),
        );
        assert_eq!(used.await.expect(StatusCode::CONFLICT).code(), "domain_not_empty");
        let typo = format!("{path}?confirm_name=bank");
        let typo = key.send(Method::DELETE, &typo, Vec::new()).await;
        typo.expect(StatusCode::BAD_REQUEST);
        let gone = format!("{path}?confirm_name=bank.test");
        let gone = key.send(Method::DELETE, &gone, Vec::new()).await;
        gone.expect(StatusCode::NO_CONTENT);
    }

    async fn a_customer_gets_a_notice_to_print_without_a_password(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        ask(&console, Method::POST, "/api/v1/plans/presets", Value::Null, StatusCode::OK).await;
        let new = json!({
            "name": "<b>例</b>", "customer_number": "C-1", "plan": "003 style", "seats": 20,
            "service_start_at": "2026-04-01T00:00:00+09:00", "labels": { "Web": "10 GB" },
        });
        let made = ask(&console, Method::POST, "/api/v1/tenants", new, StatusCode::CREATED).await;
        let id = made["id"].as_str().unwrap();
        let domain = json!({ "name": "例え.test", "tenant": id });
        ask(&console, Method::POST, "/api/v1/domains", domain, StatusCode::CREATED).await;
        let option = format!("/api/v1/tenants/{id}/options/lists_5");
        ask(&console, Method::PUT, &option, json!({ "packs": 2 }), StatusCode::OK).await;
        let path = format!("/api/v1/tenants/{id}/registration-notice");
        let data = console.get(&path).await.expect(StatusCode::OK).json();
        assert_eq!(data["customer_number"], "C-1");
        assert_eq!(data["domains"], json!(["例え.test"]));
        assert_eq!(data["options"][0]["packs"], 2);
        assert_eq!(data["mail_host"], "mail.example.test");
        let page = console.get(&format!("{path}?format=html")).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let html = String::from_utf8(page.body).unwrap();
        for told in ["登録完了のお知らせ", "2026/04/01", "&lt;b&gt;例", "例え.test", "10 GB", "× 2"] {
            assert!(html.contains(told), "{told}: {html}");
        }
        let english = console.get(&format!("{path}?format=html&language=en")).await;
        let html = String::from_utf8(english.body).unwrap();
        assert!(html.contains("Registration complete") && html.contains("Mailing lists"), "{html}");
    }
}
