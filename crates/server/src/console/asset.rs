//! The console's files, inside the binary: style, scripts, and two libraries as their authors built
//! them, pinned by hash.
//!
//! A file's address has a part of its hash in it, so it may be kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::PREFIX;

/// Digits of a file's hash in its address.
const HASH_DIGITS: usize = 16;

struct Asset {
    /// As templates name it.
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $type:literal) => {
        Asset { name: $name, content_type: $type, bytes: include_bytes!(concat!("assets/", $name)) }
    };
}

const ASSETS: [Asset; 8] = [
    asset!("batch.js", "text/javascript; charset=utf-8"),
    asset!("chart.js", "text/javascript; charset=utf-8"),
    asset!("console.css", "text/css; charset=utf-8"),
    asset!("console.js", "text/javascript; charset=utf-8"),
    asset!("htmx.min.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("uPlot.iife.min.js", "text/javascript; charset=utf-8"),
    asset!("uPlot.min.css", "text/css; charset=utf-8"),
];

/// Every file with its address below `assets/` and its tag.
static SERVED: LazyLock<Vec<(String, HeaderValue)>> = LazyLock::new(|| {
    let served = ASSETS.iter().map(|asset| {
        let hash = hex::encode(Sha256::digest(asset.bytes));
        let tag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("hex is visible ASCII");
        (format!("{}-{}", &hash[..HASH_DIGITS], asset.name), tag)
    });
    served.collect()
});

/// The address of a file.
pub(super) fn href(name: &str) -> String {
    let index = ASSETS.iter().position(|asset| asset.name == name);
    let index = index.expect("templates name files that are there");
    format!("{PREFIX}/assets/{}", SERVED[index].0)
}

/// A file.
pub(super) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(index) = SERVED.iter().position(|(served, _)| *served == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (asset, tag) = (&ASSETS[index], &SERVED[index].1);
    let is_known = headers.get(header::IF_NONE_MATCH) == Some(tag);
    let kept = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::ETAG, tag.clone()),
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, kept).into_response(),
        false => (kept, asset.bytes).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files together, in bytes as they are; compressed they are smaller still.
    const BUDGET_BYTES: usize = 300_000;

    #[test]
    fn everything_together_is_small() {
        let all: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(all < BUDGET_BYTES, "{all} bytes");
    }

    /// `assets/SHA256SUMS` names what came from elsewhere, with its licence beside it.
    #[test]
    fn what_came_from_elsewhere_is_what_it_was() {
        let list = include_str!("assets/SHA256SUMS");
        let mut count = 0;
        for line in list.lines() {
            let (expected, name) = line.split_once("  ").unwrap();
            let found = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            assert_eq!(hex::encode(Sha256::digest(found.bytes)), expected, "{name}");
            count += 1;
        }
        let ours = ["batch.js", "chart.js", "console.css", "console.js", "icon.svg"];
        assert_eq!(count + ours.len(), ASSETS.len(), "each file is ours or listed");
    }

    #[test]
    fn nothing_of_a_file_names_another_place() {
        for asset in ASSETS.iter().filter(|asset| asset.name.starts_with("console")) {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            assert!(!text.contains("http://") && !text.contains("https://"), "{}", asset.name);
        }
    }
}
