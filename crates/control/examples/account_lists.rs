//! Measures lists of accounts: 100,000 accounts in 1,000 domains, each page 100 times.
//!
//! `cargo run -p hikyaku-control --example account_lists [ACCOUNTS]`, on PostgreSQL when
//! `HIKYAKU_TEST_POSTGRES` says where one is and `HIKYAKU_TEST_ENGINES` is `postgres`. Prints the
//! 50th and the 95th percentile of each question in milliseconds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool that prints what it measures and stops when something fails"
)]

use std::time::{Duration, Instant};

use hikyaku_control::{
    AccountRef, Actor, ControlError, DomainRef,
    accounts::{self, AccountFilter, AccountForm, AccountSort, Descending, NewPerson},
};
use hikyaku_db::{Database, Engine, Lane, testing};
use hikyaku_directory::{
    AccountKind, PlatformScope, domains,
    tenants::{self, NewTenant},
};

const FAMILIES: [&str; 8] = [
    "山田", "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "小林",
];
const GIVEN: [&str; 7] = ["太郎", "花子", "次郎", "桜", "健一", "美咲", "翔太"];
const DEPARTMENTS: [&str; 5] = ["営業部", "総務部", "開発部", "経理部", "人事部"];
/// Accounts of one transaction while the database is filled.
const CHUNK: usize = 500;
/// How often each question is asked.
const TIMES: usize = 100;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1);
    let count: usize = count.map_or(100_000, |text| text.parse().unwrap());
    let engine = match std::env::var("HIKYAKU_TEST_ENGINES").as_deref() {
        Ok("postgres") => Engine::Postgres,
        _ => Engine::Sqlite,
    };
    let test = testing::fresh(engine).await;
    let began = Instant::now();
    fill(&test.db, count).await;
    println!("{engine:?}: {count} accounts in {:.0?}", began.elapsed());
    for (name, q, sort) in [
        ("first page by address", None, AccountSort::Address),
        ("first page by name", None, AccountSort::Name),
        ("fragment 田太", Some("田太"), AccountSort::Address),
        ("fragment 業部 (all)", Some("業部"), AccountSort::Name),
        ("fragment 77777", Some("77777"), AccountSort::Name),
        ("fragment of nobody", Some("桜太郎山"), AccountSort::Name),
        ("address 777@d77", Some("777@d77"), AccountSort::Address),
    ] {
        let filter = AccountFilter {
            q: q.map(str::to_owned),
            ..AccountFilter::default()
        };
        ask(&test.db, name, &filter, sort).await;
    }
    let domain = AccountFilter {
        domain: Some(DomainRef::from("d77.test")),
        ..AccountFilter::default()
    };
    ask(&test.db, "a domain by usage", &domain, AccountSort::Used).await;
    open_and_change(&test.db).await;
}

async fn fill(db: &Database, count: usize) {
    let domains_wanted = (count / 100).max(1);
    for domain in 0..domains_wanted {
        db.write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            let tenant = tenants::create(tx, operator, &NewTenant::named(format!("t{domain}")))?;
            let name = format!("d{domain}.test").parse().unwrap();
            domains::create(tx, operator, tenant, &name)?;
            Ok::<_, ControlError>(())
        })
        .await
        .unwrap();
    }
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(CHUNK) {
        let chunk = chunk.to_vec();
        db.write(Lane::Background, move |tx| {
            for number in &chunk {
                accounts::create(
                    tx,
                    &Actor::console("bench"),
                    &person(*number, domains_wanted),
                )?;
            }
            Ok::<_, ControlError>(())
        })
        .await
        .unwrap();
    }
}

fn person(number: usize, domains: usize) -> NewPerson {
    let pick = |list: &[&str], by: usize| list.get(by % list.len()).map(|text| (*text).to_owned());
    NewPerson {
        address: format!("user{number}@d{}.test", number % domains)
            .parse()
            .unwrap(),
        kind: AccountKind::Person,
        template: None,
        form: AccountForm {
            family_name: pick(&FAMILIES, number),
            given_name: pick(&GIVEN, number / 8),
            department: pick(&DEPARTMENTS, number / 3),
            employee_number: Some(format!("E{number:06}")),
            ..AccountForm::default()
        },
        password: None,
        restore_window: Duration::from_hours(24),
    }
}

async fn ask(db: &Database, name: &str, filter: &AccountFilter, sort: AccountSort) {
    let mut times = Vec::with_capacity(TIMES);
    let mut found = 0;
    for _ in 0..TIMES {
        let filter = filter.clone();
        let began = Instant::now();
        let page = db
            .read(move |tx| {
                let order = (sort, Descending::No);
                accounts::list(tx, &Actor::console("bench"), &filter, order, (None, 50))
            })
            .await
            .unwrap();
        times.push(began.elapsed());
        found = page.items.len();
    }
    tell(&format!("{name} ({found} found)"), times);
}

async fn open_and_change(db: &Database) {
    let (mut opened, mut changed) = (Vec::new(), Vec::new());
    for number in 0..TIMES {
        let which = AccountRef::from(format!("user{number}@d{number}.test").as_str());
        let asked = which.clone();
        let began = Instant::now();
        db.read(move |tx| accounts::show(tx, &Actor::console("bench"), &asked))
            .await
            .unwrap();
        opened.push(began.elapsed());
        let change = accounts::Change {
            form: AccountForm {
                title: Some(format!("課長{number}")),
                ..AccountForm::default()
            },
            ..accounts::Change::default()
        };
        let began = Instant::now();
        db.write(Lane::Background, move |tx| {
            accounts::change(tx, &Actor::console("bench"), &which, &change, |_| Ok(()))
        })
        .await
        .unwrap();
        changed.push(began.elapsed());
    }
    tell("open", opened);
    tell("change", changed);
}

fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100);
        time.map_or(0.0, Duration::as_secs_f64) * 1000.0
    };
    println!("{name:<40} p50 {:8.2} ms   p95 {:8.2} ms", at(50), at(95));
}
