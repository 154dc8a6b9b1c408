//! `docs/devnet.md` says what there is.

use devnet::Request;
use serde_json::json;

use crate::world::world;

const DOCUMENT: &str = include_str!("../../../../docs/devnet.md");

/// Names in backticks in the first column of the table under a heading.
fn first_column(heading: &str) -> Vec<String> {
    let section = DOCUMENT.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.split(" (").next().unwrap().trim_matches('`').to_owned())
        .collect()
}

#[test]
fn every_listed_control_exists() {
    let names = first_column("Controls");
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        let w = world();
        if let Err(refused) = w.net.control(&name, &json!({})) {
            assert!(!refused.0.contains("unknown variant"), "{name}: {refused}");
        }
    }
    let refused = world().net.control("no_such", &json!({})).unwrap_err();
    assert!(refused.0.contains("unknown variant"));
}

#[test]
fn every_listed_fault_exists() {
    let kinds = first_column("Faults");
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        let fault = match kind.as_str() {
            "status" => json!({ "kind": kind, "status": 500 }),
            "delay" => json!({ "kind": kind, "delay_ms": 1 }),
            "lag" => json!({ "kind": kind, "blocks": 1 }),
            _ => json!({ "kind": kind }),
        };
        let w = world();
        w.control("fault", json!({ "path": "*", "when": { "every": 1 }, "fault": fault }));
        w.net.call(&Request::post("wallet/getnowblock", json!({})));
    }
}

#[test]
fn every_listed_setting_exists() {
    let config = serde_json::to_value(devnet::DevnetConfig::default()).unwrap();
    for name in first_column("Using it") {
        let stem = name.trim_end_matches('*');
        let keys = config.as_object().unwrap().keys();
        assert!(keys.clone().any(|key| key.starts_with(stem)), "{name}");
    }
}
