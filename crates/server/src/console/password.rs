//! Passwords: argon2id, a few at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Shortest password, in characters. There is no other rule: length is what helps.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password, in characters.
pub const PASSWORD_CHARS_MAX: usize = 200;
/// Passwords hashed at the same time: each takes a core and 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// Hashes and checks passwords.
#[derive(Debug)]
pub struct Hasher {
    places: Semaphore,
}

/// What a password is checked against when there is no such person, so that it takes as long: a hash
/// with our parameters, of something that nobody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3Vuc3dlZXAgbm9ib2R5$\
                      V2hvZXZlciByZWFkcyB0aGlzIGtub3dzIG5vdGhpbmc";

impl Default for Hasher {
    fn default() -> Self {
        Self { places: Semaphore::new(HASHED_AT_ONCE) }
    }
}

/// The password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashFailed(argon2::password_hash::Error);

impl Hasher {
    /// The hash of a new password.
    ///
    /// Errors: [`HashFailed`].
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashFailed> {
        let _place = self.places.acquire().await.expect("it is never closed");
        let hashed = tokio::task::spawn_blocking(move || hash(&password));
        hashed.await.expect("hashing does not panic")
    }

    /// Whether a password fits a hash; with none it never does, and takes as long.
    pub(super) async fn fits(&self, password: Zeroizing<String>, known: Option<String>) -> bool {
        let _place = self.places.acquire().await.expect("it is never closed");
        let is_somebody = known.is_some();
        let known = known.unwrap_or_else(|| NOBODY.to_owned());
        let checked = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&known).is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            })
        });
        checked.await.expect("checking does not panic") && is_somebody
    }
}

/// The hash of a password. Shape: some 20 ms and 19 MiB.
///
/// Errors: [`HashFailed`].
pub fn hash(password: &str) -> Result<String, HashFailed> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(HashFailed)?;
    Ok(hash.to_string())
}

/// Whether a password is long enough, and not longer than anybody types.
pub(super) fn is_allowed(password: &str) -> bool {
    (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&password.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_and_nobodys_fits_none() {
        let hasher = Hasher::default();
        let password = || Zeroizing::new("correct horse battery".to_owned());
        let known = hasher.hash(password()).await.unwrap();
        assert!(known.starts_with("$argon2id$"), "{known}");
        assert!(hasher.fits(password(), Some(known.clone())).await);
        assert!(!hasher.fits(Zeroizing::new("wrong".to_owned()), Some(known)).await);
        assert!(!hasher.fits(password(), None).await);
    }

    #[test]
    fn nobodys_hash_takes_as_long_as_anybodys() {
        let ours = hash("twelve chars").unwrap();
        let parameters =
            |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(NOBODY), parameters(&ours));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn length_is_the_only_rule() {
        assert!(!is_allowed("eleven char"));
        assert!(is_allowed("twelve chars"));
        assert!(is_allowed("十二个字符的密码就足够了"));
        assert!(!is_allowed(&"x".repeat(PASSWORD_CHARS_MAX + 1)));
    }
}
