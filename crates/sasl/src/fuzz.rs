//! Targets for the fuzzer, and for the ordinary tests, which run them over seeds and mutations.

use crate::{Exchange, MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES, Mechanism, SaslError, Step};

/// A whole exchange: the first line is the initial response (empty: none), the others are the
/// client's answers. Panics when an invariant is broken.
pub fn exchange(input: &[u8]) {
    for mechanism in Mechanism::ALL {
        let mut lines = input.split(|byte| *byte == b'\n');
        let initial = lines.next().filter(|line| !line.is_empty());
        let Ok((mut exchange, mut step)) = Exchange::begin(mechanism, initial) else {
            continue;
        };
        for line in lines {
            if let Step::Done(credentials) = &step {
                assert!((1..=MAX_LOGIN_BYTES).contains(&credentials.login.len()));
                let password = credentials.password.expose();
                assert!((1..=MAX_PASSWORD_BYTES).contains(&password.len()));
                assert_eq!(exchange.respond(line).err(), Some(SaslError::Finished));
                break;
            }
            let Ok(next) = exchange.respond(line) else {
                assert_eq!(exchange.respond(line).err(), Some(SaslError::Finished));
                break;
            };
            step = next;
        }
    }
}
