//! Who sees which jobs.

use hikyaku_db::{Lane, on_both_engines};
use hikyaku_jobs::{JobQuery, JobState, JobsError, Owner, Visible, cancel, list};
use hikyaku_types::{AccountId, Id as _, JobId, TenantId};

use crate::scene::{new, submitted};

fn query(visible: Visible) -> JobQuery {
    JobQuery {
        visible,
        state: None,
        kind: None,
        before: None,
        limit: 100,
    }
}

on_both_engines! {
    async fn lists_show_what_is_asked_for_newest_first(test: TestDatabase) {
        let db = &test.db;
        let (mine, other) = (TenantId::from_i64(1), TenantId::from_i64(2));
        let me = Owner::Account(AccountId::from_i64(9));
        let a = submitted(db, new("one", Some(mine), 1)).await;
        let b = submitted(db, new("two", Some(other), 1)).await;
        let mut own = new("one", Some(other), 1);
        own.owner = me;
        let c = submitted(db, own).await;
        db.write(Lane::Mail, move |tx| cancel(tx, b)).await.unwrap();
        let ids = |query: JobQuery| async move {
            let jobs = db.read(move |tx| list(tx, &query)).await.unwrap();
            jobs.into_iter().map(|job| job.id).collect::<Vec<JobId>>()
        };
        assert_eq!(ids(query(Visible::All)).await, [c, b, a]);
        assert_eq!(ids(query(Visible::Tenant(mine))).await, [a]);
        assert_eq!(ids(query(Visible::OwnedBy(me))).await, [c]);
        assert_eq!(ids(query(Visible::OwnedBy(Owner::House))).await, []);
        let state = Some(JobState::Cancelled);
        assert_eq!(ids(JobQuery { state, ..query(Visible::All) }).await, [b]);
        let kind = Some("one".to_owned());
        assert_eq!(ids(JobQuery { kind, ..query(Visible::Tenant(other)) }).await, [c]);
        let page = JobQuery { before: Some(c), limit: 1, ..query(Visible::All) };
        assert_eq!(ids(page).await, [b]);
        let none = db.write(Lane::Mail, |tx| cancel(tx, JobId::from_i64(5))).await;
        assert!(matches!(none, Err(JobsError::NoSuchJob(_))));
    }
}
