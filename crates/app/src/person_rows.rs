//! The rows of people: who may use the console, how they prove it, and their sessions.

use domain::{Access, PersonId, UnixMillis};

/// A person who may use the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Identity.
    pub id: PersonId,
    /// Name, to sign in with and for the log; no two people share one.
    pub name: String,
    /// What it may see and change.
    pub access: Access,
    /// How it proves that it is itself; `None` until an invitation was accepted.
    pub credentials: Option<Credentials>,
    /// The way in that is open; accepting it closes it.
    pub invitation: Option<Invitation>,
    /// Wrong tries since the last right one.
    pub wrong_tries: u32,
    /// Until when no try counts.
    pub wait_until: Option<UnixMillis>,
    /// When it was added.
    pub created: UnixMillis,
    /// When it was shut out.
    pub disabled: Option<UnixMillis>,
}

/// How a person proves that it is itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Argon2id hash of the password, in the PHC format.
    pub password_hash: String,
    /// The secret behind the one-time codes, sealed with the master key.
    pub sealed_totp: Vec<u8>,
    /// The time step of the newest code that was used: none counts twice, and no older one.
    pub totp_step: i64,
}

/// A way in that works once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Hash of the token in the link.
    pub token_hash: [u8; 32],
    /// Until when it works.
    pub until: UnixMillis,
}

/// A browser that is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Hash of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Who.
    pub person: PersonId,
    /// When it began.
    pub began: UnixMillis,
    /// When something was last asked for in it, to the minute.
    pub seen: UnixMillis,
}

/// Which person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonKey {
    /// By its id.
    Id(PersonId),
    /// By its name.
    Name(String),
    /// By the hash of the token in its invitation.
    Invitation([u8; 32]),
}

/// What becomes of sessions with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// One begins.
    Begin(Session),
    /// The one with this hash ends.
    End([u8; 32]),
    /// All of a person's end.
    EndAll(PersonId),
}
