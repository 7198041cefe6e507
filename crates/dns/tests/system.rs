//! Proves what the resolver makes of the answers of a name server, over UDP and TCP.

use std::net::{IpAddr, SocketAddr};

use anyhow::Result;
use hikyaku_dns::{
    Answer, DnsError, Exchange, Family, MAX_RECORDS, Resolver as _, Security, Servers,
    SystemResolver, Validation,
};
use hikyaku_testkit::dns::{FakeDns, Trouble, loopback, nowhere_v6};
use hikyaku_types::Domain;

fn resolver(servers: &[SocketAddr], validation: Validation) -> Result<SystemResolver> {
    let servers = Servers::These(servers.to_vec());
    Ok(SystemResolver::new(&servers, validation)?)
}

async fn mx(dns: &FakeDns, domain: &str) -> Result<Result<Answer<Exchange>, DnsError>> {
    let resolver = resolver(&[dns.address()], Validation::Off)?;
    let domain: Domain = domain.parse()?;
    Ok(resolver.mx(&domain).await)
}

async fn addresses(dns: &FakeDns, host: &str, family: Family) -> Result<Vec<IpAddr>> {
    let resolver = resolver(&[dns.address()], Validation::Off)?;
    let host: Domain = host.parse()?;
    Ok(resolver.addresses(&host, family).await?.records)
}

fn exchange(preference: u16, host: &str) -> Exchange {
    Exchange {
        preference,
        host: (host != ".").then(|| host.parse().expect("a host name")),
    }
}

#[tokio::test]
async fn exchangers_and_addresses_are_found() -> Result<()> {
    let dns = FakeDns::start()?;
    dns.mx(
        "example.test",
        &[(10, "mx1.example.test"), (20, "mx2.example.test")],
    );
    dns.host(
        "mx1.example.test",
        &[loopback(2), loopback(3), nowhere_v6()],
    );
    let answer = mx(&dns, "example.test").await??;
    let expected = [(10, "mx1.example.test"), (20, "mx2.example.test")];
    assert_eq!(answer.records, expected.map(|(p, host)| exchange(p, host)));
    assert_eq!(answer.security, Security::Indeterminate);
    let v4 = addresses(&dns, "mx1.example.test", Family::V4).await?;
    assert_eq!(v4, [loopback(2), loopback(3)]);
    let v6 = addresses(&dns, "mx1.example.test", Family::V6).await?;
    assert_eq!(v6, [nowhere_v6()]);
    Ok(())
}

#[tokio::test]
async fn what_is_absent_is_told_apart_from_what_fails() -> Result<()> {
    let dns = FakeDns::start()?;
    dns.host("only-host.test", &[loopback(2)]);
    dns.mx("null.test", &[(0, ".")]);
    dns.mx("broken.test", &[(0, "mx.test")]);
    dns.trouble("broken.test", Trouble::ServFail);
    dns.mx("closed.test", &[(0, "mx.test")]);
    dns.trouble("closed.test", Trouble::Refused);
    assert_eq!(mx(&dns, "absent.test").await?, Err(DnsError::NoSuchName));
    assert_eq!(mx(&dns, "only-host.test").await?, Err(DnsError::NoData));
    assert_eq!(mx(&dns, "null.test").await??.records, [exchange(0, ".")]);
    for domain in ["broken.test", "closed.test"] {
        let answer = mx(&dns, domain).await?;
        assert!(matches!(answer, Err(DnsError::Temporary(_))), "{answer:?}");
    }
    dns.heal("broken.test");
    assert_eq!(
        mx(&dns, "broken.test").await??.records,
        [exchange(0, "mx.test")]
    );
    Ok(())
}

#[tokio::test]
async fn aliases_are_followed() -> Result<()> {
    let dns = FakeDns::start()?;
    dns.alias("www.test", "alias.test");
    dns.alias("alias.test", "real.test");
    dns.mx("real.test", &[(5, "mx.test")]);
    dns.host("real.test", &[loopback(4)]);
    assert_eq!(
        mx(&dns, "www.test").await??.records,
        [exchange(5, "mx.test")]
    );
    let found = addresses(&dns, "www.test", Family::V4).await?;
    assert_eq!(found, [loopback(4)]);
    dns.alias("dangling.test", "absent.test");
    assert_eq!(mx(&dns, "dangling.test").await?, Err(DnsError::NoSuchName));
    Ok(())
}

#[tokio::test]
async fn answers_too_long_for_udp_come_over_tcp() -> Result<()> {
    let dns = FakeDns::start()?;
    dns.mx("long.test", &[(5, "mx.test")]);
    dns.trouble("long.test", Trouble::OnlyOverTcp);
    assert_eq!(
        mx(&dns, "long.test").await??.records,
        [exchange(5, "mx.test")]
    );
    assert!(
        dns.asked().contains(&"MX long.test. OVER TCP".to_owned()),
        "{:?}",
        dns.asked()
    );
    Ok(())
}

#[tokio::test]
async fn more_records_than_the_limit_are_left_out() -> Result<()> {
    let dns = FakeDns::start()?;
    let many: Vec<IpAddr> = (0..=u8::MAX).map(loopback).collect();
    assert!(many.len() > MAX_RECORDS);
    dns.host("many.test", &many);
    dns.trouble("many.test", Trouble::OnlyOverTcp);
    let found = addresses(&dns, "many.test", Family::V4).await?;
    assert_eq!(found, many[..MAX_RECORDS]);
    Ok(())
}

#[tokio::test]
async fn another_server_is_asked_when_one_is_silent() -> Result<()> {
    let (silent, talking) = (FakeDns::start()?, FakeDns::start()?);
    silent.mx("example.test", &[(1, "wrong.test")]);
    silent.trouble("example.test", Trouble::Silence);
    talking.mx("example.test", &[(5, "mx.test")]);
    let servers = [silent.address(), talking.address()];
    let resolver = resolver(&servers, Validation::Off)?;
    let answer = resolver.mx(&"example.test".parse()?).await?;
    assert_eq!(answer.records, [exchange(5, "mx.test")]);
    Ok(())
}

/// The root is signed, so an answer without any signature is none that validation lets through.
#[tokio::test]
async fn unsigned_answers_are_bogus_to_who_validates() -> Result<()> {
    let dns = FakeDns::start()?;
    dns.mx("example.test", &[(5, "mx.test")]);
    let resolver = resolver(&[dns.address()], Validation::On)?;
    let answer = resolver.mx(&"example.test".parse()?).await;
    assert_eq!(answer, Err(DnsError::Bogus));
    Ok(())
}
