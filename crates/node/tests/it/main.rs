//! The room from outside: HTTP behaviour against fakes on loopback, everything typed against
//! in-process transports. Nothing sleeps; short time-outs stand only where a fake never answers.

// `cfg(test)` is always true here; the lints for test code look for it.
#[cfg(test)]
mod cache;
#[cfg(test)]
mod client;
#[cfg(test)]
mod devnet;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod http;
#[cfg(test)]
mod junk;
#[cfg(test)]
mod loss;
#[cfg(test)]
mod support;
