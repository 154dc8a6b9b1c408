//! Requests and replies without HTTP around them.

use serde_json::Value;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// With or without the leading slash: `wallet/getaccount`.
    pub path: String,
    /// The parameters.
    pub params: Params,
}

/// How parameters come.
#[derive(Clone, Debug, PartialEq)]
pub enum Params {
    /// A POST with this body.
    Body(Value),
    /// A GET; every value is a string.
    Query(Value),
}

impl Request {
    /// A POST.
    #[must_use]
    pub fn post(path: &str, body: Value) -> Self {
        Self { path: path.to_owned(), params: Params::Body(body) }
    }

    /// A GET with these parameters, a JSON object of strings.
    #[must_use]
    pub fn get(path: &str, query: Value) -> Self {
        Self { path: path.to_owned(), params: Params::Query(query) }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Value,
    /// Whether the caller gets to see it.
    pub fate: Fate,
}

/// What happens to a reply on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Answered,
    /// It arrives this late.
    Late {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// It never arrives.
    Lost,
}

impl Reply {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: 200, body, fate: Fate::Answered }
    }

    pub(crate) fn error(status: u16, text: &str) -> Self {
        Self { status, body: serde_json::json!({ "Error": text }), fate: Fate::Answered }
    }
}
