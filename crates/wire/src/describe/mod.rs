//! What each endpoint takes and answers, as data: what `/openapi.json` and `/docs` are made of.
//!
//! A description stands in the file of its endpoint, beside the code that reads and writes the same
//! members, and in [`ALL`]. Tests compare the descriptions with the routes of the server and every
//! answer in `crates/wire/golden/` with its description, member by member.
//!
//! Not here: what a JSON Schema looks like (`crates/server/src/openapi.rs`).

mod field;
mod kind;

pub use field::Field;
pub use kind::Kind;

use crate::endpoint;

/// Every endpoint, in the order in which they are shown.
pub const ALL: &[Endpoint] = &[
    endpoint::collect_manual::ENDPOINT,
    endpoint::order::ENDPOINT,
    endpoint::order_price::ENDPOINT,
    endpoint::order_price::ALIAS_ENDPOINT,
    endpoint::order_reclaim::ENDPOINT,
    endpoint::order_transfer::ENDPOINT,
    endpoint::order_query::ENDPOINT,
    endpoint::order_query::ALIAS_ENDPOINT,
    endpoint::index_data::ENDPOINT,
    endpoint::summary::ENDPOINT,
    endpoint::count_policy::ENDPOINT,
    endpoint::count_policy::LIST_ENDPOINT,
    endpoint::count_policy::EDIT_ENDPOINT,
    endpoint::auto_policy::ENDPOINT,
    endpoint::auto_policy::LIST_ENDPOINT,
    endpoint::auto_policy::STATUS_ENDPOINT,
];

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// Its folder in `crates/wire/golden/`; the alias of an endpoint has a name of its own.
    pub name: &'static str,
    /// How it is called.
    pub method: Method,
    /// Where. A part in braces is a parameter.
    pub path: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What else there is to know, in sentences.
    pub text: &'static str,
    /// Who may call it.
    pub caller: Caller,
    /// Parameters of a GET, members of the body of a POST.
    pub takes: &'static [Field],
    /// Members of the answer when it is a yes.
    pub answers: Answer,
    /// What may come with HTTP 200 although it is a no.
    pub errno: Errno,
    /// Statuses of a no, beside those that every endpoint of its kind may answer.
    pub more_statuses: &'static [u16],
}

/// How an endpoint is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does.
    Post,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anybody.
    Anybody,
    /// Anybody, and more for a key.
    AnybodyOrKey,
    /// Who names a key.
    Key,
    /// Who signs with a key's secret.
    Signature,
}

/// The shape of a yes.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// One object with these members.
    Object(&'static [Field]),
    /// The envelope of a list whose records have these members.
    List(&'static [Field]),
    /// An object that is described elsewhere.
    Document,
    /// A page for people.
    Page,
}

/// Whether `errno` and `message` may come instead of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// Never.
    Never,
    /// With HTTP 200.
    WithOk,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl Endpoint {
    /// The statuses of a no that it may answer, in order.
    #[must_use]
    pub fn refusals(&self) -> Vec<u16> {
        let usual: &[u16] = match self.caller {
            Caller::Anybody => &[429, 500, 503],
            Caller::AnybodyOrKey | Caller::Key | Caller::Signature => &[400, 429, 500, 503],
        };
        let mut statuses = [usual, self.more_statuses].concat();
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }
}
