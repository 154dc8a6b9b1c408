//! The shape test: the repository is still what its documents say.
//!
//! | File | What must hold |
//! |---|---|
//! | `edges` | rooms depend on each other exactly as `ARCHITECTURE.md` lists |
//! | `names` | the platform's words are spelled in `crates/wire` only |
//! | `sql` | SQL is written in `crates/store` and the sweeper's journal only |
//! | `limits` | the table of limits in `docs/operations.md` has the default configuration's values |
//! | `links` | every path and every relative link in a document exists |
//! | `places` | nothing names somebody's machine or a package registry's host |
//!
//! It is a guard rail, not a style police. Each check is a pure function over texts and has a test
//! that shows that it can fail.

mod edges;
mod limits;
mod links;
mod literals;
mod names;
mod places;
mod sql;
mod tree;
