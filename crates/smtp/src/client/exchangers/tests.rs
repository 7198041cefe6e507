//! Proves the order of RFC 5321 §5.1, and what follows from each answer of the DNS.

use std::net::Ipv6Addr;

use hikyaku_dns::testing::FakeResolver;
use hikyaku_transport::queue::Verdict;

use super::*;
use crate::client::Loopback;

/// Turns the order around, so that what is shuffled can be seen.
#[derive(Debug)]
struct Backwards;

impl Shuffle for Backwards {
    fn order(&self, count: usize) -> Vec<usize> {
        (0..count).rev().collect()
    }
}

fn options() -> ClientOptions {
    ClientOptions::new("mail.example.test".parse().unwrap())
}

async fn exchangers(resolver: &FakeResolver, domain: &str) -> Result<Vec<String>, Failure> {
    let finder = Finder {
        options: &options(),
        resolver,
        shuffle: &Backwards,
    };
    let hosts = finder.exchangers(&domain.parse().unwrap()).await?;
    Ok(hosts.iter().map(ToString::to_string).collect())
}

async fn addresses(
    resolver: &FakeResolver,
    options: &ClientOptions,
    host: &str,
) -> Result<Vec<String>, Failure> {
    let finder = Finder {
        options,
        resolver,
        shuffle: &Backwards,
    };
    let found = finder.addresses(&host.parse().unwrap()).await?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// Kind and status, and whether it is for good.
fn said(failure: Failure) -> (TroubleKind, String, bool) {
    match failure.verdict() {
        Verdict::Later(trouble) => (trouble.kind, trouble.status, false),
        Verdict::Never(trouble) => (trouble.kind, trouble.status, true),
        Verdict::Sent(_) => panic!("a failure that is none"),
    }
}

#[tokio::test]
async fn exchangers_come_by_preference_and_equals_at_random() {
    let resolver = FakeResolver::new();
    let records = [
        (20, "c.test"),
        (10, "a.test"),
        (10, "b.test"),
        (5, "d.test"),
        (0, "."),
    ];
    resolver.set_mx("example.com", &records);
    let hosts = exchangers(&resolver, "example.com").await.unwrap();
    assert_eq!(hosts, ["d.test", "b.test", "a.test", "c.test"]);
}

#[tokio::test]
async fn a_domain_without_exchangers_is_its_own() {
    let resolver = FakeResolver::new();
    resolver.set_addresses("example.com", &["192.0.2.1".parse().unwrap()]);
    let hosts = exchangers(&resolver, "example.com").await.unwrap();
    assert_eq!(hosts, ["example.com"]);
}

#[tokio::test]
async fn we_and_what_is_not_better_are_left_out() {
    let resolver = FakeResolver::new();
    let ours = "mail.example.test";
    resolver.set_mx(
        "backup.com",
        &[(5, "a.test"), (10, ours), (10, "b.test"), (20, "c.test")],
    );
    assert_eq!(
        exchangers(&resolver, "backup.com").await.unwrap(),
        ["a.test"]
    );
    resolver.set_mx("lost.com", &[(10, ours), (20, "c.test")]);
    let failure = exchangers(&resolver, "lost.com").await.unwrap_err();
    assert_eq!(said(failure), (TroubleKind::Loop, "5.4.6".to_owned(), true));
    // Our own name as a domain that nobody has here.
    resolver.set_addresses(ours, &["192.0.2.1".parse().unwrap()]);
    let failure = exchangers(&resolver, ours).await.unwrap_err();
    assert_eq!(said(failure).0, TroubleKind::Loop);
}

#[tokio::test]
async fn answers_of_the_dns_decide_whether_to_try_again() {
    use TroubleKind::{Dns, NoSuchDomain, NullMx};
    let resolver = FakeResolver::new();
    resolver.set_mx("null.com", &[(0, ".")]);
    resolver.fail("slow.com", &DnsError::Temporary("no answer".to_owned()));
    resolver.fail("forged.com", &DnsError::Bogus);
    for (domain, kind, status, is_final) in [
        ("null.com", NullMx, "5.1.10", true),
        ("absent.com", NoSuchDomain, "5.1.2", true),
        ("slow.com", Dns, "4.4.3", false),
        ("forged.com", Dns, "4.4.3", false),
    ] {
        let failure = exchangers(&resolver, domain).await.unwrap_err();
        assert_eq!(
            said(failure),
            (kind, status.to_owned(), is_final),
            "{domain}"
        );
    }
}

#[tokio::test]
async fn addresses_come_in_the_order_of_the_configuration() {
    let resolver = FakeResolver::new();
    let ips = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"];
    resolver.set_addresses("mx.test", &ips.map(|ip| ip.parse().unwrap()));
    let (v4, v6) = (
        ["192.0.2.2:25", "192.0.2.1:25"],
        ["[2001:db8::2]:25", "[2001:db8::1]:25"],
    );
    for (families, expected) in [
        (Families::V4First, [v4, v6].concat()),
        (Families::V6First, [v6, v4].concat()),
        (Families::V4Only, v4.to_vec()),
        (Families::V6Only, v6.to_vec()),
    ] {
        let options = ClientOptions {
            families,
            ..options()
        };
        let found = addresses(&resolver, &options, "mx.test").await.unwrap();
        assert_eq!(found, expected, "{families:?}");
    }
}

#[tokio::test]
async fn one_family_is_enough_and_none_is_an_error() {
    let resolver = FakeResolver::new();
    resolver.set_addresses(
        "v6.test",
        &[Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()],
    );
    let found = addresses(&resolver, &options(), "v6.test").await.unwrap();
    assert_eq!(found, ["[2001:db8::1]:25"]);
    let failure = addresses(&resolver, &options(), "none.test")
        .await
        .unwrap_err();
    assert_eq!(said(failure).0, TroubleKind::NoSuchDomain);
    resolver.fail("slow.test", &DnsError::Temporary("no answer".to_owned()));
    let failure = addresses(&resolver, &options(), "slow.test")
        .await
        .unwrap_err();
    assert_eq!(said(failure).0, TroubleKind::Dns);
}

#[tokio::test]
async fn addresses_of_this_machine_are_left_out() {
    let resolver = FakeResolver::new();
    let ips = ["127.0.0.1", "192.0.2.1", "::1"].map(|ip| ip.parse().unwrap());
    resolver.set_addresses("mixed.test", &ips);
    resolver.set_addresses("inside.test", &["127.0.0.1".parse().unwrap()]);
    let found = addresses(&resolver, &options(), "mixed.test")
        .await
        .unwrap();
    assert_eq!(found, ["192.0.2.1:25"]);
    let failure = addresses(&resolver, &options(), "inside.test")
        .await
        .unwrap_err();
    assert_eq!(said(failure), (TroubleKind::Loop, "5.4.6".to_owned(), true));
    let mut options = options();
    options.loopback = Loopback::Allowed;
    let found = addresses(&resolver, &options, "inside.test").await.unwrap();
    assert_eq!(found, ["127.0.0.1:25"]);
    options.own_addresses = vec!["127.0.0.1:25".parse().unwrap()];
    assert!(addresses(&resolver, &options, "inside.test").await.is_err());
}
