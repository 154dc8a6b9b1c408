//! The product's shell: what it listens on, what it posts to, what it reads at start.
//!
//! Not here: decisions about orders and money (`domain`), use cases (`app`), the platform's format
//! (`wire`), SQL (`store`).
//!
//! Invariants: key material has no `Debug`, `Display`, `Serialize` or `Clone` and is wiped when
//! dropped; every wait and every size has a limit with a name; every error body is a JSON object.
//!

pub mod callback_client;
pub mod http_server;
pub mod keystore;
pub mod logging;
pub mod private_file;
pub mod secret;
