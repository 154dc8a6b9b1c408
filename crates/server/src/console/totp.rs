//! One-time codes by time: six digits, half a minute each.
//!
//! Source: RFC 6238 over RFC 4226, with HMAC-SHA-1, which is what authenticators speak.

use domain::UnixMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Length of a secret, in bytes: that of the hash, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
/// How long a code is shown, in seconds.
pub const STEP_SECS: i64 = 30;
/// How many steps a code may be early or late, for clocks that are off.
pub const STEPS_OFF: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;
/// Codes lie below this.
const CODES: u32 = 1_000_000;
/// RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What codes are made from; wiped when dropped.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A fresh secret.
    ///
    /// Errors: the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A secret that was kept.
    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as people type it into an authenticator: base 32 without padding.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let (mut bits, mut count) = (0_u32, 0);
        for byte in self.0.iter() {
            bits = (bits << 8) | u32::from(*byte);
            count += 8;
            while count >= 5 {
                count -= 5;
                text.push(digit(bits >> count));
            }
        }
        if count > 0 {
            text.push(digit(bits << (5 - count)));
        }
        text
    }

    /// What an authenticator scans: the secret with the name under which it is kept there.
    #[must_use]
    pub fn url(&self, name: &str) -> Zeroizing<String> {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let name = name.replace('+', "%20");
        Zeroizing::new(format!(
            "otpauth://totp/sunsweep:{name}?secret={}&issuer=sunsweep",
            self.base32().as_str()
        ))
    }

    /// The code of a time step.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[hash.len() - 1] & 0x0f);
        let word = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
        format!("{:0DIGITS$}", u32::from_be_bytes(word) % CODES)
    }

    /// The step that a code is of, if it is one of now or nearly now; blanks in it do not matter.
    #[must_use]
    pub fn step_of(&self, code: &str, now: UnixMillis) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let current = step_at(now);
        let mut found = None;
        for step in current - STEPS_OFF..=current + STEPS_OFF {
            if bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes())) {
                found = Some(step);
            }
        }
        found
    }
}

/// The time step of a moment.
#[must_use]
pub fn step_at(now: UnixMillis) -> i64 {
    now.get().div_euclid(STEP_SECS * 1_000)
}

/// Where a person's sealed secret belongs.
#[must_use]
pub fn seal_context(person: domain::PersonId) -> String {
    format!("person/{}/totp", person.0)
}

fn digit(bits: u32) -> char {
    char::from(BASE32[(bits & 0x1f) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    /// RFC 6238, appendix B, cut to six digits as its section 5.3 of RFC 4226 says.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (secs, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ] {
            assert_eq!(rfc().code(step_at(UnixMillis(secs * 1_000))), code, "{secs}");
        }
    }

    #[test]
    fn a_code_holds_a_step_early_and_late_and_no_longer() {
        let at = |secs: i64| UnixMillis(secs * 1_000);
        assert_eq!(rfc().step_of("287082", at(59)), Some(1));
        assert_eq!(rfc().step_of("287 082", at(59)), Some(1));
        assert_eq!(rfc().step_of("287082", at(0)), Some(1));
        assert_eq!(rfc().step_of("287082", at(89)), Some(1));
        assert_eq!(rfc().step_of("287082", at(90)), None);
        for wrong in ["", "28708", "2870820", "287083", "２87082"] {
            assert_eq!(rfc().step_of(wrong, at(59)), None, "{wrong}");
        }
    }

    /// The secret of RFC 6238 as authenticators know it, and RFC 4648's own vectors.
    #[test]
    fn secrets_are_written_in_base_32() {
        assert_eq!(rfc().base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (text, expected) in [("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            let secret = TotpSecret::from_bytes(Zeroizing::new(text.as_bytes().to_vec()));
            assert_eq!(secret.base32().as_str(), expected);
        }
        let url = rfc().url("Ann & Bob");
        assert!(
            url.starts_with("otpauth://totp/sunsweep:Ann%20%26%20Bob?secret=GEZDG"),
            "{}",
            *url
        );
    }
}
