//! Changes that name only what they change (JSON merge patch, RFC 7396).
#![expect(
    clippy::option_option,
    reason = "left out, given as null and given are three things"
)]

use hikyaku_control::ControlError;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A field that was given, be it null; with `#[serde(default)]` one that was not is `None`.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The current value with what a patch names exchanged. Objects are merged, null takes away,
/// everything else replaces.
///
/// # Errors
/// [`ControlError::Invalid`] for `field` when the outcome is none of its kind.
pub(crate) fn merged<T: Serialize + DeserializeOwned>(
    field: &'static str,
    current: &T,
    patch: &Map<String, Value>,
) -> Result<T, ControlError> {
    let mut value =
        serde_json::to_value(current).map_err(|error| ControlError::invalid(field, error))?;
    merge(&mut value, &Value::Object(patch.clone()));
    serde_json::from_value(value).map_err(|error| ControlError::invalid(field, error))
}

fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(patch), true) = (patch, target.is_object()) else {
        *target = patch.clone();
        return;
    };
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        match (value, target.get_mut(key)) {
            (Value::Null, Some(_)) => {
                target.insert(key.clone(), Value::Null);
            }
            (Value::Object(_), Some(inner)) => merge(inner, value),
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_directory::plans::Terms;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_changes() {
        let current = Terms::default();
        let patch = json!({
            "lock_grace_hours": 48,
            "seats": { "min": 20 },
            "max_message_bytes": null,
            "pool_bytes": "100GB",
        });
        let patch = patch.as_object().unwrap();
        let terms = merged("terms", &current, patch).unwrap();
        assert_eq!((terms.lock_grace_hours, terms.seats.min), (48, 20));
        assert_eq!(terms.seats.unit, current.seats.unit);
        assert_eq!(terms.max_message_bytes, None);
        assert_eq!(terms.max_recipients, current.max_recipients);
        let unknown = json!({ "colour": "red" });
        let refused = merged("terms", &current, unknown.as_object().unwrap());
        assert!(refused.unwrap_err().to_string().contains("colour"));
    }
}
