//! Defaults, file and environment on top of each other.

use toml::{Table, Value};

use super::ConfigError;

/// How a variable that sets a key begins; section and key follow, joined by two underscores.
pub const ENVIRONMENT_PREFIX: &str = "SUNSWEEP_";

/// The merged table. Every key of it exists in the defaults and has the type of its default.
pub(super) fn merge(
    defaults: &str,
    file: Option<&str>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Table, ConfigError> {
    let mut merged: Table = parse(defaults)?;
    let mut complaints = Vec::new();
    if let Some(file) = file {
        for (section, values) in parse(file)? {
            match (merged.get_mut(&section), values) {
                (Some(Value::Table(known)), Value::Table(values)) => {
                    for (key, value) in values {
                        let path = format!("{section}.{key}");
                        complaints.extend(set(known, &path, &key, value));
                    }
                }
                (Some(_), _) => complaints.push(format!("{section}: a section is expected")),
                (None, _) => complaints.push(format!("{section}: unknown section")),
            }
        }
    }
    for (variable, text) in environment {
        let Some((section, key)) =
            variable.strip_prefix(ENVIRONMENT_PREFIX).and_then(|rest| rest.split_once("__"))
        else {
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        match merged.get_mut(&section) {
            Some(Value::Table(known)) => {
                let value = known.get(&key).map(|default| read_as(default, &text));
                let value = value.unwrap_or(Value::String(text));
                complaints.extend(set(known, &variable, &key, value));
            }
            _ => complaints.push(format!("{variable}: unknown section")),
        }
    }
    if complaints.is_empty() { Ok(merged) } else { Err(ConfigError(complaints)) }
}

fn parse(text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError(vec![error.to_string()]))
}

/// Sets a known key to a value of its type, or says why not.
fn set(known: &mut Table, path: &str, key: &str, value: Value) -> Option<String> {
    match known.get_mut(key) {
        None => Some(format!("{path}: unknown key")),
        Some(old) if old.same_type(&value) => {
            *old = value;
            None
        }
        Some(old) => Some(format!("{path}: {} is expected", old.type_str())),
    }
}

/// A variable's text as a value of the default's type; a text that does not fit stays a text, which
/// is then refused by its type.
fn read_as(default: &Value, text: &str) -> Value {
    let as_text = || Value::String(text.to_owned());
    match default {
        Value::Integer(_) => text.trim().parse().map_or_else(|_| as_text(), Value::Integer),
        Value::Boolean(_) => text.trim().parse().map_or_else(|_| as_text(), Value::Boolean),
        Value::Array(items) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            match items.first() {
                Some(Value::Integer(_)) => parts
                    .map(|part| part.parse().map(Value::Integer))
                    .collect::<Result<_, _>>()
                    .map_or_else(|_| as_text(), Value::Array),
                _ => Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()),
            }
        }
        Value::String(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_) => as_text(),
    }
}
