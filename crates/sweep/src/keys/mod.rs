//! Where keys come from. One file a kind of source; each implements [`crate::KeySource`].
//!
//! Invariants: a key stays in [`tron::SecretKey`], which wipes it; whatever text it was read from is
//! wiped too; no error, label or description holds a part of one.

mod csv;

pub use csv::CsvKeys;
