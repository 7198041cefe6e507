//! Plans, options, and the terms that follow for a tenant.

use hikyaku_db::Database;
use hikyaku_directory::{
    DirectoryError, TenantScope,
    contracts::{self, Contact, Details, MailboxSize, OnExcess, PlanOrder},
    domains,
    options::{self, OptionChange},
    plans::{self, Feature, NewPlan, PlanChange, PlanStatus, Preset, QuotaMode, Terms},
};
use hikyaku_types::{ByteSize, PlanId};

use crate::fixture::{
    Answer, OPERATOR, account, assert_consistent, domain, read, tenant, try_account, write,
};

/// A published plan with these terms.
async fn plan(db: &Database, name: &'static str, terms: Terms) -> PlanId {
    write(db, move |tx| {
        let new = NewPlan {
            name: name.to_owned(),
            description: String::new(),
            price_label: "¥1,000".to_owned(),
            terms: terms.clone(),
        };
        let id = plans::create(tx, OPERATOR, &new)?;
        plans::set_status(tx, OPERATOR, id, PlanStatus::Published)?;
        Ok(id)
    })
    .await
    .unwrap()
}

async fn give(db: &Database, scope: TenantScope, plan: PlanId, seats: Option<u32>) -> Answer<()> {
    write(db, move |tx| {
        let order = PlanOrder { plan, seats };
        contracts::apply(tx, OPERATOR, scope, order, OnExcess::Refuse).map(|_| ())
    })
    .await
}

async fn terms(db: &Database, scope: TenantScope) -> Terms {
    read(db, move |tx| contracts::terms(tx, scope))
        .await
        .unwrap()
}

async fn samples(db: &Database) {
    write(db, |tx| {
        for option in options::catalogue() {
            options::create(tx, OPERATOR, &option)?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

async fn packs(db: &Database, scope: TenantScope, code: &'static str, packs: u32) -> Answer<()> {
    write(db, move |tx| {
        contracts::set_packs(tx, OPERATOR, scope, code, packs)
    })
    .await
}

/// One account after the other until the seats are used up.
async fn fill(db: &Database, scope: TenantScope, domain: &str) -> u32 {
    for n in 0.. {
        let name = format!("user{n}@{domain}");
        let made = write(db, move |tx| contracts::take_seat(tx, scope)).await;
        match made {
            Ok(()) => account(db, &name).await,
            Err(DirectoryError::SeatsUsedUp { used, max }) => {
                assert_eq!((used, max), (n, n));
                return n;
            }
            Err(other) => panic!("{other}"),
        };
    }
    unreachable!("the seats are limited")
}

hikyaku_db::on_both_engines! {
    async fn without_a_plan_everything_is_included(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let found = terms(&test.db, ours).await;
        assert_eq!(found, Terms::standard());
        for feature in Feature::ALL {
            found.require(*feature).unwrap();
        }
        let refused = packs(&test.db, ours, "ssl", 1).await.unwrap_err();
        assert!(matches!(refused, DirectoryError::NoSuchOption(_)), "{refused}");
        samples(&test.db).await;
        let refused = packs(&test.db, ours, "ssl", 1).await.unwrap_err();
        assert!(matches!(refused, DirectoryError::NoPlan), "{refused}");
        assert_consistent(&test).await;
    }

    async fn seats_are_ordered_in_units_and_kept_to(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let id = plan(db, "basic", Terms::default()).await;
        let odd = give(db, ours, id, Some(11)).await.unwrap_err();
        assert!(odd.to_string().contains("order 20 instead of 11"), "{odd}");
        give(db, ours, id, Some(10)).await.unwrap();
        assert_eq!(fill(db, ours, "example.test").await, 10);
        samples(db).await;
        packs(db, ours, "accounts_10", 1).await.unwrap();
        assert_eq!(terms(db, ours).await.seats.max, Some(20));
        let used = read(db, move |tx| contracts::seats(tx, ours)).await.unwrap();
        assert_eq!((used.used, used.max), (10, Some(20)));
        // Going back to fewer than there are is refused, and says what is too much.
        packs(db, ours, "accounts_10", 0).await.unwrap();
        account(db, "eleventh@example.test").await;
        let refused = give(db, ours, id, Some(10)).await.unwrap_err();
        assert!(refused.to_string().contains("seats: 11 of 10"), "{refused}");
        let accepted = write(db, move |tx| {
            let order = PlanOrder { plan: id, seats: Some(10) };
            contracts::apply(tx, OPERATOR, ours, order, OnExcess::Accept)
        })
        .await
        .unwrap();
        assert_eq!(accepted.exceeded.len(), 1);
    }

    async fn a_seat_is_given_once_to_eight_who_want_it(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let mut wanted = Terms::default();
        wanted.seats.max = Some(10);
        let id = plan(db, "ten", wanted).await;
        give(db, ours, id, None).await.unwrap();
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(8));
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (db, start) = (db.clone(), std::sync::Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    let mut made = 0;
                    for n in 0..4 {
                        let name = format!("w{writer}n{n}@example.test");
                        let new = hikyaku_directory::accounts::NewAccount::person(
                            name.parse().unwrap(),
                        );
                        let answer = write(&db, move |tx| {
                            contracts::take_seat(tx, ours)?;
                            hikyaku_directory::accounts::create(tx, ours, &new)
                        })
                        .await;
                        match answer {
                            Ok(_) => made += 1,
                            Err(DirectoryError::SeatsUsedUp { .. }) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                    made
                })
            })
            .collect();
        let mut made = 0;
        for writer in writers {
            made += writer.await.unwrap();
        }
        assert_eq!(made, 10, "32 tries for 10 seats");
        let seats = read(db, move |tx| contracts::seats(tx, ours)).await.unwrap();
        assert_eq!(seats.used, 10);
        assert_consistent(&test).await;
    }

    async fn a_plan_changes_nobody_until_it_is_applied(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let id = plan(db, "basic", Terms::default()).await;
        give(db, ours, id, None).await.unwrap();
        let mut smaller = Terms {
            lock_grace_hours: 48,
            max_domains: Some(1),
            ..Terms::default()
        };
        smaller.features.remove(&Feature::SharedAccounts);
        let change = PlanChange { terms: Some(smaller.clone()), ..PlanChange::default() };
        write(db, move |tx| plans::update(tx, OPERATOR, id, &change)).await.unwrap();
        assert_eq!(terms(db, ours).await, Terms::default());
        let preview = read(db, move |tx| {
            contracts::preview(tx, OPERATOR, ours, PlanOrder { plan: id, seats: None })
        })
        .await
        .unwrap();
        let fields: Vec<&str> = preview.differences.iter().map(|d| d.field.as_str()).collect();
        assert_eq!(fields, ["features", "lock_grace_hours", "max_domains"]);
        assert_eq!(preview.exceeded, []);
        let contract = read(db, move |tx| contracts::load(tx, ours)).await.unwrap();
        let has = contract.plan.unwrap();
        assert_eq!((has.revision, has.current_revision), (1, 2));
        give(db, ours, id, None).await.unwrap();
        assert_eq!(terms(db, ours).await, smaller);
        let full = write(db, move |tx| {
            domains::create(tx, OPERATOR, ours, &domain("second.test"))
        })
        .await
        .unwrap_err();
        assert!(matches!(full, DirectoryError::DomainsUsedUp { max: 1 }), "{full}");
    }

    async fn only_published_plans_are_given(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let theirs = tenant(db, "theirs", "example.org").await;
        let draft = write(db, |tx| plans::create(tx, OPERATOR, &Preset::Tiered.plan()))
            .await
            .unwrap();
        let refused = give(db, ours, draft, None).await.unwrap_err();
        assert!(refused.to_string().contains("is draft"), "{refused}");
        let set = |status| {
            let db = db.clone();
            async move {
                write(&db, move |tx| plans::set_status(tx, OPERATOR, draft, status)).await
            }
        };
        set(PlanStatus::Published).await.unwrap();
        give(db, ours, draft, None).await.unwrap();
        set(PlanStatus::Retired).await.unwrap();
        // Who has it keeps it, with another number of seats too; nobody else gets it.
        give(db, ours, draft, Some(20)).await.unwrap();
        assert!(give(db, theirs, draft, None).await.is_err());
        assert!(set(PlanStatus::Draft).await.is_err());
        let used = write(db, move |tx| plans::delete(tx, OPERATOR, draft)).await;
        assert!(matches!(used, Err(DirectoryError::PlanInUse(_))));
    }

    async fn options_open_gates_within_their_maximum(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let id = plan(db, "pooled", Preset::Pooled.plan().terms).await;
        give(db, ours, id, None).await.unwrap();
        samples(db).await;
        let gate = |feature| async move { terms(db, ours).await.require(feature) };
        assert!(gate(Feature::SecondSpamEngine).await.is_err());
        let first = packs(db, ours, "second_spam_engine_10", 1).await.unwrap_err();
        assert!(matches!(first, DirectoryError::OptionNeeds { .. }), "{first}");
        packs(db, ours, "second_spam_engine", 1).await.unwrap();
        packs(db, ours, "second_spam_engine_10", 3).await.unwrap();
        gate(Feature::SecondSpamEngine).await.unwrap();
        let licensed = terms(db, ours).await.licensed_accounts;
        assert_eq!(licensed[&Feature::SecondSpamEngine], 80);
        let many = packs(db, ours, "second_spam_engine", 2).await.unwrap_err();
        assert!(matches!(many, DirectoryError::TooManyPacks { max: 1, .. }), "{many}");
        let base = packs(db, ours, "second_spam_engine", 0).await.unwrap_err();
        assert!(matches!(base, DirectoryError::OptionNeeds { .. }), "{base}");
        packs(db, ours, "second_spam_engine_10", 0).await.unwrap();
        packs(db, ours, "second_spam_engine", 0).await.unwrap();
        assert!(gate(Feature::SecondSpamEngine).await.is_err());
        assert_eq!(terms(db, ours).await, Preset::Pooled.plan().terms);
    }

    async fn what_was_agreed_stays_when_the_catalogue_changes(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let id = plan(db, "pooled", Preset::Pooled.plan().terms).await;
        give(db, ours, id, None).await.unwrap();
        samples(db).await;
        packs(db, ours, "lists_5", 1).await.unwrap();
        let lists = read(db, |tx| options::find_by_code(tx, OPERATOR, "lists_5")).await.unwrap();
        let change = |change: OptionChange| {
            let (db, id) = (db.clone(), lists.id);
            async move { write(&db, move |tx| options::update(tx, OPERATOR, id, &change)).await }
        };
        let mut effect = lists.effect.clone();
        effect.lists = 1;
        let other = OptionChange { effect: Some(effect), ..OptionChange::default() };
        let refused = change(other).await.unwrap_err();
        assert!(matches!(refused, DirectoryError::OptionInUse(_)), "{refused}");
        change(OptionChange { retired: Some(true), ..OptionChange::default() }).await.unwrap();
        assert!(packs(db, ours, "lists_5", 2).await.is_err(), "retired");
        packs(db, ours, "lists_5", 1).await.unwrap();
        assert_eq!(terms(db, ours).await.lists.max_lists, Some(5));
    }

    async fn the_size_of_mailboxes_is_the_plans_or_the_domains(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let home = read(db, move |tx| domains::find(tx, ours, &domain("example.test")))
            .await
            .unwrap()
            .id;
        let size = || async {
            read(db, move |tx| contracts::mailbox_size(tx, ours, home)).await.unwrap()
        };
        let none = MailboxSize::Individual { usual: ByteSize(0), ceiling: None };
        assert_eq!(size().await, none);
        let tier = |size| async move {
            write(db, move |tx| domains::set_tier(tx, OPERATOR, ours, home, size)).await
        };
        tier(Some(ByteSize::mib(100))).await.unwrap();
        assert_eq!(size().await, MailboxSize::Fixed(ByteSize::mib(100)));
        tier(None).await.unwrap();
        let id = plan(db, "tiered", Preset::Tiered.plan().terms).await;
        give(db, ours, id, None).await.unwrap();
        assert_eq!(size().await, MailboxSize::Fixed(ByteSize::mib(10_240)));
        let pool = Terms { quota_mode: QuotaMode::PoolOnly, ..Terms::default() };
        let id = plan(db, "pool", pool).await;
        give(db, ours, id, None).await.unwrap();
        assert!(tier(Some(ByteSize::mib(100))).await.is_err());
    }

    async fn details_are_tidied_and_kept(test: TestDatabase) {
        let db = &test.db;
        let ours = tenant(db, "ours", "example.test").await;
        let mut details = Details {
            contact: Contact {
                person: " 山田 太郎 ".to_owned(),
                mail: Some("taro@elsewhere.test".parse().unwrap()),
                ..Contact::default()
            },
            notes: "first\r\nsecond".to_owned(),
            ..Details::default()
        };
        let set = |details: Details| async move {
            write(db, move |tx| contracts::set_details(tx, OPERATOR, ours, &details)).await
        };
        set(details.clone()).await.unwrap();
        let found = read(db, move |tx| contracts::load(tx, ours)).await.unwrap().details;
        assert_eq!(found.contact.person, "山田 太郎");
        assert_eq!(found.notes, "first\nsecond");
        details.contact.phone = "03\r\n1234".to_owned();
        assert!(set(details.clone()).await.is_err(), "a line end in a line");
        details.contact.phone = "9".repeat(contracts::MAX_CONTACT_CHARS + 1);
        assert!(set(details.clone()).await.is_err(), "too long");
        details.contact.phone = String::new();
        for n in 0..=contracts::MAX_LABELS {
            details.labels.insert(format!("label {n}"), String::new());
        }
        let refused = set(details).await.unwrap_err();
        assert!(matches!(refused, DirectoryError::TooManyLabels), "{refused}");
        let long = write(db, move |tx| {
            contracts::set_grace_days(tx, OPERATOR, ours, contracts::MAX_GRACE_DAYS + 1)
        });
        assert!(matches!(long.await, Err(DirectoryError::GraceTooLong)));
        assert!(try_account(db, "x@example.test").await.is_ok());
    }
}
