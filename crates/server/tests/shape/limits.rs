//! The table of limits in `docs/operations.md` has the values of the default configuration.

use std::collections::BTreeMap;

use crate::tree::files;

/// Keys of the table at least: fewer were not read.
const KEYS_MIN: usize = 15;

#[test]
fn the_table_of_limits_has_the_defaults() {
    let document = &files(&["docs/operations.md"])[0].text;
    let defaults = defaults(&files(&["crates/server/src/config.default.toml"])[0].text);
    let limits = limits(document);
    assert!(limits.len() >= KEYS_MIN, "the table was read: {limits:?}");
    assert_eq!(differences(&limits, &defaults), Vec::<String>::new());
}

/// `section.key` with its value, where that is a whole number.
fn defaults(text: &str) -> BTreeMap<String, u64> {
    let (mut section, mut found) = ("", BTreeMap::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = line.split_once(" = ")
            && let Ok(number) = value.parse()
        {
            found.insert(format!("{section}.{key}"), number);
        }
    }
    found
}

/// Each key of the table's second column with what the third says of it: the first with what stands before
/// the first comma, the second with what stands behind it.
fn limits(document: &str) -> Vec<(String, String)> {
    let section = document.split("\n## Limits\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found = Vec::new();
    for row in section.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, _, names, values, _] = cells[..] else { continue };
        let keys = names.split('`').skip(1).step_by(2).filter(|name| name.contains('.'));
        let values = values.split(", ");
        found.extend(keys.zip(values).map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
    found
}

/// What the table says of keys that are not there, or have another default.
fn differences(limits: &[(String, String)], defaults: &BTreeMap<String, u64>) -> Vec<String> {
    let is_wrong = |key: &str, said: &str| {
        defaults.get(key).is_none_or(|number| !says(said, &in_words(key, *number)))
    };
    let wrong = limits.iter().filter(|(key, said)| is_wrong(key, said));
    wrong.map(|(key, said)| format!("{key}: {said}, instead of {:?}", defaults.get(key))).collect()
}

/// Whether the text begins with the value and goes on with words.
fn says(text: &str, value: &str) -> bool {
    text.strip_prefix(value).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// A value as the table writes it, by the unit that the key ends in.
fn in_words(key: &str, number: u64) -> String {
    match key.rsplit('_').next().unwrap_or_default() {
        "bytes" => format!("{} KiB", number / 1_024),
        "hours" => format!("{number} h"),
        "secs" if number.is_multiple_of(3_600) => format!("{} h", number / 3_600),
        "secs" => format!("{number} s"),
        "ms" => format!("{} s", number / 1_000),
        "ppm" => format!("{}.{} %", number / 10_000, number / 1_000 % 10),
        _ if number >= 1_000 => format!("{} {:03}", number / 1_000, number % 1_000),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &str) -> Vec<String> {
        let document = format!("# A\n| x | `a.b_secs` | 9 s |\n\n## Limits\n\n{rows}\n\n## Next\n");
        let toml = "[a]\n# c\nb_secs = 10\nc_bytes = 65536\nd = 5000\ne_ppm = 2000\nf = \"x\"\n";
        differences(&limits(&document), &defaults(toml))
    }

    #[test]
    fn a_value_that_is_not_the_default_is_noticed() {
        let right = "| x | `a.b_secs` | 10 s, then not |\n| y | `a.c_bytes`, `a.d` | 64 KiB, 5 000 |\n\
                     | z | `a.e_ppm`, `MAX` | 0.2 %, at most 1 % |\n| w | `MAX_W` | 7 |";
        assert_eq!(found(right), Vec::<String>::new());
        assert_eq!(found("| x | `a.b_secs` | 1 s |"), ["a.b_secs: 1 s, instead of Some(10)"]);
        let second = "| x | `a.b_secs`, `a.d` | 10 s, 50 |";
        assert_eq!(found(second), ["a.d: 50, instead of Some(5000)"]);
        assert_eq!(found("| x | `a.gone` | 1 |"), ["a.gone: 1, instead of None"]);
    }
}
