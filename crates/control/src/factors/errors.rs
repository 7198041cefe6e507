//! Which refusal each error of factors and links is.

use hikyaku_access::{factors::FactorError, links::LinkError};

use crate::ControlError;

impl From<FactorError> for ControlError {
    fn from(error: FactorError) -> Self {
        use FactorError as E;
        let code = match error {
            E::Directory(error) => return error.into(),
            E::Db(error) => return error.into(),
            E::Vault(error) => return Self::Vault(error),
            E::NoSuchFactor => return Self::NotFound { kind: "factor" },
            E::OwnAddress => return Self::invalid("address", error),
            E::Label => return Self::invalid("label", error),
            E::Throttled { retry_after } | E::TooManyCodes { retry_after } => {
                return Self::Throttled {
                    code: if matches!(error, E::Throttled { .. }) {
                        "too_many_wrong_codes"
                    } else {
                        "too_many_codes"
                    },
                    detail: error.to_string(),
                    retry_after,
                };
            }
            E::NoSuchMethod => "no_such_method",
            E::WrongCode => "wrong_code",
            E::TooManyFactors => "too_many_factors",
            E::LastRequired => "last_factor",
            _ => "factor_refused",
        };
        Self::conflict(code, error)
    }
}

impl From<LinkError> for ControlError {
    fn from(error: LinkError) -> Self {
        use LinkError as E;
        let code = match error {
            E::Db(error) => return error.into(),
            E::Expired => "link_expired",
            E::Used => "link_used",
            E::Withdrawn => "link_withdrawn",
            _ => return Self::NotFound { kind: "link" },
        };
        Self::conflict(code, error)
    }
}
