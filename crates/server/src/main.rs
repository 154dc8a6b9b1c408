//! The binary: see the library's map for what is where.
fn main() {}
