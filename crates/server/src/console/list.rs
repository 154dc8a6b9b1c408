//! What every list has: what it is asked for, a filter row above and a pager below.

use std::collections::BTreeMap;

use domain::MerchantId;
use serde::Deserialize;

use super::PREFIX;
use super::refused::Refused;
use super::visit::Visit;

/// What a list is asked for; a field that says nothing sensible asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// A text that is searched for.
    #[serde(default)]
    pub(super) q: String,
    /// The word of a state.
    #[serde(default)]
    pub(super) state: String,
    /// The word of a kind.
    #[serde(default)]
    pub(super) kind: String,
    /// The number of a merchant, of an operator's choice.
    #[serde(default)]
    pub(super) merchant: String,
    /// The place after which the page begins.
    #[serde(default)]
    pub(super) after: String,
}

/// A list as its filter row and its pager are drawn.
pub(super) struct List {
    /// Where it is, below the prefix.
    place: String,
    pub(super) asked: Asked,
    /// What can be searched for, if anything can: what the field is called.
    pub(super) search: Option<&'static str>,
    /// The states that can be chosen: word and phrase.
    pub(super) states: Vec<(&'static str, &'static str)>,
    /// The kinds that can be chosen: word and phrase.
    pub(super) kinds: Vec<(&'static str, &'static str)>,
    /// The merchants that can be chosen: number and name; a member has none to choose from.
    pub(super) merchants: Vec<(String, String)>,
    /// Where the first page is, if this is another.
    pub(super) newest: Option<String>,
    /// Where the next page is, if there is one.
    pub(super) older: Option<String>,
    /// Whether looking for lines ended before the page was full.
    pub(super) is_cut: bool,
}

impl Asked {
    /// The merchant to which the list is bound: a member's own, or the one of an operator's choice.
    pub(super) fn merchant(&self, visit: &Visit) -> Option<MerchantId> {
        visit.only().or_else(|| self.merchant.parse().ok().map(MerchantId))
    }
}

impl List {
    /// A list with nothing but a pager; `older` is the place of the last line if there may be more.
    pub(super) fn new(place: impl Into<String>, asked: Asked, older: Option<String>) -> Self {
        let place = place.into();
        let newest = (!asked.after.is_empty()).then(|| address(&place, &asked, ""));
        let older = older.map(|last| address(&place, &asked, &last));
        Self {
            place,
            asked,
            search: None,
            states: Vec::new(),
            kinds: Vec::new(),
            merchants: Vec::new(),
            newest,
            older,
            is_cut: false,
        }
    }

    /// The same with these states to choose from.
    pub(super) fn by_state(mut self, states: Vec<(&'static str, &'static str)>) -> Self {
        self.states = states;
        self
    }

    /// The same with these kinds to choose from.
    pub(super) fn by_kind(mut self, kinds: Vec<(&'static str, &'static str)>) -> Self {
        self.kinds = kinds;
        self
    }

    /// The same with these merchants to choose from, for operators.
    pub(super) fn by_merchant(
        mut self,
        visit: &Visit,
        names: &BTreeMap<MerchantId, String>,
    ) -> Self {
        if visit.only().is_none() {
            self.merchants =
                names.iter().map(|(id, name)| (id.0.to_string(), name.clone())).collect();
        }
        self
    }

    /// The same, where looking for lines may have ended before the page was full.
    pub(super) const fn cut(mut self, is_cut: bool) -> Self {
        self.is_cut = is_cut;
        self
    }

    /// The same with a text to search for, by the key of what its field is called.
    pub(super) const fn searched(mut self, what: &'static str) -> Self {
        self.search = Some(what);
        self
    }

    /// Where its form leads.
    pub(super) fn href(&self) -> String {
        format!("{PREFIX}{}", self.place)
    }
}

/// The address of a page of a list.
fn address(place: &str, asked: &Asked, after: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let parts = [
        ("q", asked.q.as_str()),
        ("state", &asked.state),
        ("kind", &asked.kind),
        ("merchant", &asked.merchant),
    ];
    for (name, value) in parts.into_iter().chain([("after", after)]) {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{PREFIX}{place}{mark}{query}")
}

/// The names of the merchants that whoever asks sees.
pub(super) async fn names(visit: &Visit) -> Result<BTreeMap<MerchantId, String>, Refused> {
    let merchants = match visit.only() {
        None => visit.app().store.merchants().await?,
        Some(own) => vec![visit.merchant(Some(own)).await?],
    };
    Ok(merchants.into_iter().map(|merchant| (merchant.id, merchant.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_keep_what_is_looked_for() {
        let asked = Asked {
            q: "a&b".to_owned(),
            merchant: "7".to_owned(),
            after: "x".to_owned(),
            ..Asked::default()
        };
        let list = List::new("/orders", asked, Some("y".to_owned()));
        assert_eq!(list.newest.as_deref(), Some("/console/orders?q=a%26b&merchant=7"));
        assert_eq!(list.older.as_deref(), Some("/console/orders?q=a%26b&merchant=7&after=y"));
        let first = List::new("/log", Asked::default(), None);
        assert_eq!((first.newest, first.older), (None, None));
    }
}
