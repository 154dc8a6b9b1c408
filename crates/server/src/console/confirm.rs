//! The step before money moves: what would happen, and the button that lets it. The form comes back as it
//! was sent, so that nothing is kept between the two.

use askama::Template;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::fields::Fields;
use super::frame::Frame;
use super::refused::Refused;
use super::shown::Html;
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

/// The field that says that its sender has seen what would happen.
const SEEN: &str = "seen";
/// Digits of it.
const SEEN_DIGITS: usize = 32;

/// What would happen.
pub(super) struct Plan {
    /// What is about to be done, by the key of its phrase.
    pub(super) title: &'static str,
    /// To whom.
    pub(super) whose: String,
    /// How much moves and which way, by the key of its phrase, if it is one amount.
    pub(super) amount: Option<(&'static str, Html)>,
    /// What else was written, by the keys of their phrases.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What becomes different.
    pub(super) lines: Vec<Line>,
    /// What its button says, by the key of its phrase.
    pub(super) button: &'static str,
    /// Where the form is, below the prefix.
    pub(super) place: String,
}

/// One thing that becomes different.
pub(super) struct Line {
    /// What, by the key of its phrase.
    pub(super) phrase: &'static str,
    /// How it is.
    pub(super) before: Html,
    /// How it would be.
    pub(super) after: Html,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    action: String,
    plan: &'a Plan,
    fields: Vec<(&'a str, &'a str)>,
    seen: String,
    seen_name: &'static str,
    /// Whether something else was shown before.
    has_changed: bool,
}

impl Plan {
    /// Whether whoever sent the form was shown a plan for it, whatever else moves meanwhile.
    pub(super) fn was_shown(fields: &Fields) -> bool {
        fields.given(SEEN).is_some()
    }

    /// Whether whoever sent the form was shown this very plan.
    pub(super) fn was_seen(&self, fields: &Fields) -> bool {
        fields.text(SEEN) == self.digest()
    }

    /// The page that asks.
    pub(super) fn ask(&self, change: &Change) -> Result<Response, Refused> {
        // Whoever chooses a language here comes back to where the form is.
        let (place, query) = self.place.split_once('?').unwrap_or((&self.place, ""));
        let (place, query) = (place.to_owned(), query.to_owned());
        let frame = Frame { place, query, ..change.visit.frame.clone() };
        let fields = change.fields.pairs();
        let is_kept = |name: &str| name != SEEN && name != "form_token";
        Visit::page(&ConfirmPage {
            frame: &frame,
            action: change.visit.frame.here_alone(),
            plan: self,
            fields: fields.filter(|(name, _)| is_kept(name)).collect(),
            seen: self.digest(),
            seen_name: SEEN,
            has_changed: Self::was_shown(&change.fields),
        })
    }

    /// What tells one plan from another.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for line in &self.lines {
            for part in [line.phrase, &line.before.to_string(), &line.after.to_string()] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
        }
        let mut digits = hex::encode(hash.finalize());
        digits.truncate(SEEN_DIGITS);
        digits
    }
}

#[cfg(test)]
mod tests {
    use tron::Sun;

    use super::super::shown;
    use super::*;

    fn plan(after: i64) -> Plan {
        Plan {
            title: "prices.title",
            whose: "Shop".to_owned(),
            amount: None,
            facts: Vec::new(),
            lines: vec![Line {
                phrase: "prices.energy-hour",
                before: shown::sun(Sun::new(60)),
                after: shown::sun(Sun::new(after)),
            }],
            button: "keys.save",
            place: "/prices".to_owned(),
        }
    }

    #[test]
    fn only_the_plan_that_was_shown_was_seen() {
        let body = format!("{SEEN}={}", plan(61).digest());
        let fields = Fields::read(body.as_bytes()).unwrap();
        assert!(plan(61).was_seen(&fields) && Plan::was_shown(&fields));
        assert!(!plan(62).was_seen(&fields), "another one");
        let nothing = Fields::read(b"").unwrap();
        assert!(!plan(61).was_seen(&nothing) && !Plan::was_shown(&nothing));
    }
}
