//! The room from outside: HTTP behaviour against fakes on loopback, everything typed against
//! in-process transports. Nothing sleeps; short time-outs stand only where a fake never answers.

mod cache;
mod client;
mod failover;
mod http;
mod junk;
mod loss;
mod support;
