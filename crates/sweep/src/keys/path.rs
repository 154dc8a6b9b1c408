//! Derivation paths with places for account and index, and ranges of them.

use std::fmt;
use std::str::FromStr;

/// The path of TRON wallets: BIP44 with coin type 195, external chain.
///
/// Source: BIP44; SLIP-0044 registers 195 for TRON.
pub const DEFAULT_PATH: &str = "m/44'/195'/{account}'/0/{index}";

/// The largest account or index: a child number has 31 bits.
pub const CHILD_MAX: u32 = (1 << 31) - 1;
/// Most steps of a path.
const STEPS_MAX: usize = 10;

/// A derivation path with a place for the index and perhaps one for the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) number: StepNumber,
    pub(super) is_hardened: bool,
}

/// Where a step's number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepNumber {
    Fixed(u32),
    Account,
    Index,
}

/// Numbers from first to last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberRange {
    first: u32,
    last: u32,
}

/// Why a text is no path or no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Not a path.
    #[error("a path looks like {DEFAULT_PATH}, with {{index}} in its last step")]
    Path,
    /// Not a range.
    #[error("a range is one number or first-last, each at most {CHILD_MAX}")]
    Range,
}

impl PathTemplate {
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How many steps down the account stands, if the path has one.
    pub(super) fn account_depth(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.number == StepNumber::Account).map(|at| at + 1)
    }

    /// The path with an account and an index in their places.
    pub(super) fn at(&self, account: u32, index: u32) -> String {
        let mut path = "m".to_owned();
        for step in &self.steps {
            let number = match step.number {
                StepNumber::Fixed(number) => number,
                StepNumber::Account => account,
                StepNumber::Index => index,
            };
            path.push_str(&format!("/{number}{}", if step.is_hardened { "'" } else { "" }));
        }
        path
    }

    /// Account and index of a path that [`Self::at`] wrote; `None` if it is another path.
    pub(super) fn read(&self, path: &str) -> Option<(Option<u32>, Option<u32>)> {
        let mut parts = path.strip_prefix("m/")?.split('/');
        let (mut account, mut index) = (None, None);
        for wanted in &self.steps {
            let found = step(parts.next()?)?;
            let StepNumber::Fixed(number) = found.number else { return None };
            match wanted.number {
                _ if found.is_hardened != wanted.is_hardened => return None,
                StepNumber::Fixed(fixed) if fixed != number => return None,
                StepNumber::Fixed(_) => {}
                StepNumber::Account => account = Some(number),
                StepNumber::Index => index = Some(number),
            }
        }
        parts.next().is_none().then_some((account, index))
    }
}

impl Default for PathTemplate {
    fn default() -> Self {
        DEFAULT_PATH.parse().expect("the default path is one")
    }
}

impl FromStr for PathTemplate {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let steps = text.strip_prefix("m/").ok_or(PathError::Path)?;
        let steps: Vec<Step> =
            steps.split('/').map(step).collect::<Option<_>>().ok_or(PathError::Path)?;
        let count = |wanted| steps.iter().filter(|step| step.number == wanted).count();
        let ends_with_index = steps.last().is_some_and(|step| step.number == StepNumber::Index);
        // Wallets that count accounts, such as `m/44'/195'/{account}'/0/0`, have no index.
        let is_account_only = count(StepNumber::Index) == 0 && count(StepNumber::Account) == 1;
        let is_path = steps.len() <= STEPS_MAX
            && count(StepNumber::Account) <= 1
            && count(StepNumber::Index) <= 1
            && (ends_with_index || is_account_only);
        if is_path { Ok(Self { steps }) } else { Err(PathError::Path) }
    }
}

fn step(text: &str) -> Option<Step> {
    let hardened = text.strip_suffix(['\'', 'h']);
    let number = match hardened.unwrap_or(text) {
        "{account}" => StepNumber::Account,
        "{index}" => StepNumber::Index,
        digits => StepNumber::Fixed(child_number(digits)?),
    };
    Some(Step { number, is_hardened: hardened.is_some() })
}

fn child_number(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number <= CHILD_MAX)
}

impl NumberRange {
    /// The first number.
    #[must_use]
    pub const fn first(self) -> u32 {
        self.first
    }

    /// The last number.
    #[must_use]
    pub const fn last(self) -> u32 {
        self.last
    }

    /// How many numbers there are.
    #[must_use]
    pub const fn count(self) -> u64 {
        (self.last - self.first) as u64 + 1
    }

    /// A range of one.
    #[must_use]
    pub const fn one(number: u32) -> Self {
        Self { first: number, last: number }
    }
}

impl FromStr for NumberRange {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits| child_number(digits).ok_or(PathError::Range);
        let (first, last) = (number(first)?, number(last)?);
        if first <= last { Ok(Self { first, last }) } else { Err(PathError::Range) }
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_an_index_last_or_an_account() {
        for good in [
            DEFAULT_PATH,
            "m/44h/195h/{account}h/0/{index}",
            "m/44'/195'/0'/0/{index}'",
            "m/44'/195'/{account}'/0/0",
            "m/{index}",
        ] {
            assert!(good.parse::<PathTemplate>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "m",
            "m/",
            "44'/{index}",
            "m/44'/195'/0'/0/0",
            "m/{index}/0",
            "m/{index}/{index}",
            "m/-1/{index}",
            "m/+1/{index}",
            "m/2147483648/{index}",
            "m/{change}/{index}",
            "m/0/0/0/0/0/0/0/0/0/0/{index}",
        ] {
            assert_eq!(bad.parse::<PathTemplate>(), Err(PathError::Path), "{bad}");
        }
    }

    #[test]
    fn a_written_path_is_read_back() {
        let path = PathTemplate::default();
        assert_eq!(path.at(2, 17), "m/44'/195'/2'/0/17");
        assert_eq!(path.read("m/44'/195'/2'/0/17"), Some((Some(2), Some(17))));
        for other in ["", "m/44'/60'/2'/0/17", "m/44'/195'/2/0/17", "m/44'/195'/2'/0/17/1", "m/44'"]
        {
            assert_eq!(path.read(other), None, "{other}");
        }
    }

    #[test]
    fn ranges_include_both_ends() {
        let range: NumberRange = "3-17".parse().unwrap();
        assert_eq!((range.first(), range.last(), range.to_string().as_str()), (3, 17, "3-17"));
        assert_eq!("5".parse(), Ok(NumberRange::one(5)));
        for bad in ["", "-", "5-", "-5", "6-5", "0-2147483648", "a", "1-2-3"] {
            assert_eq!(bad.parse::<NumberRange>(), Err(PathError::Range), "{bad}");
        }
    }
}
