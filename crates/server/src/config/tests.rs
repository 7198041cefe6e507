//! Proves that what `init` writes can be read, that mistakes are shown with their place, and that
//! limits outside their range are refused.

use super::*;

fn written(port_base: Option<u16>) -> Config {
    let template = Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base,
    };
    Config::parse(&render(&template), Path::new("/srv/mail")).unwrap()
}

fn error_of(text: &str) -> String {
    Config::parse(text, Path::new("/srv/mail")).unwrap_err()
}

#[test]
fn what_init_writes_can_be_read() {
    let config = written(None);
    assert_eq!(config.hostname.as_str(), "mail.example.test");
    assert_eq!(config.tls.key, Path::new("/srv/mail/tls/key.pem"));
    let Target::Sqlite { path } = config.target() else {
        panic!("not SQLite")
    };
    assert_eq!(path, Path::new("/srv/mail/hikyaku.db"));
    assert_eq!(config.listen.addresses(Service::Imaps).len(), 2);
    let lmtp = config.listen.addresses(Service::Lmtp);
    assert_eq!(
        lmtp,
        ["127.0.0.1:24".parse().unwrap()],
        "LMTP stays on loopback"
    );
}

/// The parser shows the line that is wrong, and errors end up in logs.
#[test]
fn mistakes_show_no_password() {
    let good = render(&Template {
        hostname: "mail.example.test",
        database_url: "postgress://mail:sec@ret@db.example.test/mail",
        port_base: None,
    });
    for text in [good.clone(), good.replace("/mail\"", "/mail")] {
        let error = error_of(&text);
        assert!(
            error.contains("postgress://***@db.example.test/mail") && !error.contains("sec"),
            "{error}"
        );
    }
}

/// Error messages name these files.
#[test]
fn paths_have_no_detours() {
    let config = written(None);
    let shown = config.lock_file().display().to_string();
    assert_eq!(shown, "/srv/mail/hikyaku.lock");
}

#[test]
fn a_folder_too_deep_for_the_control_socket_is_refused() {
    let text = render(&Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base: None,
    });
    let at = |length: usize| {
        let folder = format!("/{}", "d".repeat(length - "/control.sock".len() - 1));
        Config::parse(&text, Path::new(&folder))
    };
    let longest = at(MAX_SOCKET_PATH).unwrap().control_socket();
    assert_eq!(longest.as_os_str().len(), MAX_SOCKET_PATH);
    std::os::unix::net::SocketAddr::from_pathname(&longest).unwrap();
    let error = at(MAX_SOCKET_PATH + 1).unwrap_err();
    assert!(error.contains("data_dir"), "{error}");
}

#[test]
fn the_postmaster_is_an_address_or_nobody() {
    let text = render(&Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base: None,
    });
    assert_eq!(written(None).postmaster, None);
    let named = text.replace("# postmaster = ", "postmaster = ");
    let config = Config::parse(&named, Path::new("/srv/mail")).unwrap();
    assert_eq!(config.postmaster.unwrap().to_string(), "you@example.com");
    assert!(error_of(&named.replace("you@", "")).contains("postmaster"));
}

#[test]
fn a_port_base_moves_every_listener_to_loopback() {
    let config = written(Some(20000));
    for service in Service::ALL {
        let expected = format!("127.0.0.1:{}", 20000 + service.port());
        assert_eq!(
            config.listen.addresses(service),
            [expected.parse().unwrap()]
        );
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let good = render(&Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base: None,
    });
    let misspelt = error_of(&good.replace("[zones]", "[zone]"));
    assert!(
        misspelt.contains("zone") && misspelt.contains("line "),
        "{misspelt}"
    );
    let bad_address = error_of(&good.replace("0.0.0.0:143", "0.0.0.0:abc"));
    assert!(
        bad_address.contains("line ") && bad_address.contains('^'),
        "{bad_address}"
    );
    let bad_name = error_of(&good.replace("mail.example.test", "mail example"));
    assert!(bad_name.contains("is not a domain name"), "{bad_name}");
    let bad_url = error_of(&good.replace("sqlite:hikyaku.db", "mysql://x"));
    assert!(bad_url.contains("sqlite:"), "{bad_url}");
}

#[test]
fn limits_outside_their_range_are_refused() {
    let good = render(&Template {
        hostname: "mail.example.test",
        database_url: "sqlite:hikyaku.db",
        port_base: None,
    });
    for (from, to, word) in [
        (
            "max_message = \"25MB\"",
            "max_message = \"2GB\"",
            "max_message",
        ),
        ("max_message = \"25MB\"", "max_message = 0", "max_message"),
        (
            "max_recipients = 1000",
            "max_recipients = 10",
            "max_recipients",
        ),
        (
            "max_recipients = 1000",
            "min_free_percent = 95",
            "min_free_percent",
        ),
    ] {
        assert!(good.contains(from));
        let error = error_of(&good.replace(from, to));
        assert!(error.contains(word), "{error}");
    }
}
