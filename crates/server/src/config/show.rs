//! `config show`: the values in force, as a file that could be given back.

use toml::Value;
use url::Url;

use super::Sources;
use super::keys::KEYS;
use super::value::Values;
use crate::keystore::PASSPHRASE_VARIABLE;
use crate::secret::MASTER_KEY_VARIABLE;

pub(super) fn text(values: &Values, sources: &Sources) -> String {
    let mut text = String::new();
    let mut section = "";
    for key in KEYS {
        let (of, name) = key.path.split_once('.').expect("a path has a section and a name");
        if of != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}[{of}]\n"));
            section = of;
        }
        let (value, origin) = values.get(key.path);
        let value = if key.is_masked() { masked(value) } else { value.clone() };
        text.push_str(&format!("{name} = {value}  # {origin}\n"));
    }
    text.push('\n');
    for variable in [MASTER_KEY_VARIABLE, PASSPHRASE_VARIABLE] {
        let is_set = sources.secret_variables.contains(variable);
        text.push_str(&format!("# {variable}: {}\n", if is_set { "set" } else { "unset" }));
    }
    text
}

fn masked(value: &Value) -> Value {
    if let Some(items) = value.as_array() {
        return Value::Array(items.iter().map(masked).collect());
    }
    value.as_str().map_or_else(|| value.clone(), |url| Value::String(masked_url(url)))
}

/// A URL without what can be secret in it: password, query, and for http the path, where some
/// providers put their keys.
fn masked_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "***".to_owned() };
    if !url.has_host() {
        return text.to_owned();
    }
    if url.password().is_some() {
        // A URL with a host can have a password.
        let _ = url.set_password(Some("***"));
    }
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    if matches!(url.scheme(), "http" | "https") && url.path() != "/" {
        url.set_path("/***");
    }
    url.to_string()
}
