//! A world for one test: see [`World`].

pub(crate) mod cable;
pub(crate) mod chain;
pub(crate) mod drive;
pub(crate) mod finish;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod logs;
pub(crate) mod merchant;
pub(crate) mod policy;
pub(crate) mod ports;
pub(crate) mod receiver;
pub(crate) mod world;

pub(crate) use chain::{has_energy, never_activated, no_bandwidth, plain};
pub(crate) use http::Answer;
pub(crate) use receiver::{Post, Receiver, Reply};
pub(crate) use world::{KEY, SECRET, Setup, World};
