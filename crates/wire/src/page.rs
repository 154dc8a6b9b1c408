//! Lists: which page is asked for, and the envelope around what is on it.
//!
//! | parameter | means | when it is not that |
//! |---|---|---|
//! | `page` | a number from 1, or `last`; without it the first | HTTP 404, `Invalid page.` |
//! | `page_size` | records on a page, 1 to [`PAGE_SIZE_MAX`]; without it [`PAGE_SIZE`] | more counts as the most, anything else as absent |
//!
//! A list without records has one page, an empty one. Links to the neighbours are absolute, as the
//! framework writes them: clients follow them as they are.
//! Source: api-contract 5.10 and 11; `rest_framework.pagination.PageNumberPagination`.

use url::Url;
use url::form_urlencoded::Serializer;

use crate::canon::{Object, Value};
use crate::error::{self, ErrorBody};
use crate::names;

/// Records on a page unless the client says otherwise.
pub const PAGE_SIZE: i64 = 20;
/// Most records on a page.
pub const PAGE_SIZE_MAX: i64 = 100;

/// Which page a client asks for; whether there is one is not yet known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    wanted: Wanted,
    size: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Number(i64),
    Last,
}

/// There is no such page. HTTP 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such page")]
pub struct InvalidPage;

impl InvalidPage {
    /// What the client reads.
    #[must_use]
    pub fn body(self) -> ErrorBody {
        ErrorBody::detail(error::INVALID_PAGE)
    }
}

/// A page that exists, in a list of `count` records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: i64,
    size: i64,
    count: i64,
}

/// Where a list is, as its reader sees it: what the links to other pages are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlace {
    /// Scheme, host and path; without scheme and host where nobody knows them.
    base: String,
    /// The other parameters, sorted.
    parameters: Vec<(String, String)>,
}

impl PageRequest {
    /// Reads the parameters of the query string, already decoded. Others are ignored.
    ///
    /// Errors: `page` is neither a number from 1 nor `last`.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidPage> {
        let (mut wanted, mut size) = (Wanted::Number(1), PAGE_SIZE);
        for (name, value) in parameters {
            match (name, value.trim()) {
                (names::PAGE, "") => wanted = Wanted::Number(1),
                (names::PAGE, names::PAGE_LAST) => wanted = Wanted::Last,
                (names::PAGE, digits) => {
                    wanted = Wanted::Number(positive(digits).ok_or(InvalidPage)?);
                }
                (names::PAGE_SIZE, digits) => {
                    size = positive(digits).map_or(PAGE_SIZE, |size| size.min(PAGE_SIZE_MAX));
                }
                _ => {}
            }
        }
        Ok(Self { wanted, size })
    }

    /// The page, in a list of so many records.
    ///
    /// Errors: it lies behind the last one.
    pub fn of(self, count: i64) -> Result<Page, InvalidPage> {
        let last = last_page(count, self.size);
        let number = match self.wanted {
            Wanted::Number(number) => number,
            Wanted::Last => last,
        };
        if number > last {
            return Err(InvalidPage);
        }
        Ok(Page { number, size: self.size, count })
    }
}

impl Page {
    /// Records before it: what a query skips.
    #[must_use]
    pub const fn offset(self) -> i64 {
        (self.number - 1) * self.size
    }

    /// Records on it at most: where a query stops.
    #[must_use]
    pub const fn limit(self) -> i64 {
        self.size
    }

    /// The JSON of the answer: the framework's envelope with the platform's `code` and `page`.
    #[must_use]
    pub fn to_json(self, place: &ListPlace, records: Vec<Object>) -> String {
        let next = (self.number < last_page(self.count, self.size)).then_some(self.number + 1);
        let previous = (self.number > 1).then_some(self.number - 1);
        Object::new()
            .with(names::COUNT, self.count)
            .with(names::CODE, 0)
            .with(names::PAGE, self.number)
            .with(names::NEXT, next.map(|number| place.page(number)))
            .with(names::PREVIOUS, previous.map(|number| place.page(number)))
            .with(names::RESULTS, records.into_iter().map(Value::from).collect::<Vec<_>>())
            .to_json()
    }
}

impl ListPlace {
    /// A list at this path below `origin`, asked for with these parameters, already decoded.
    ///
    /// Without an origin the links are paths, which the client resolves against what it asked.
    #[must_use]
    pub fn new<'a>(
        origin: Option<&Url>,
        path: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let origin = origin.map_or("", Url::as_str).trim_end_matches('/');
        let others = parameters.into_iter().filter(|(name, _)| *name != names::PAGE);
        let mut parameters: Vec<_> =
            others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        parameters.sort();
        Self { base: format!("{origin}{path}"), parameters }
    }

    /// The link to a page; the first is the list without a number.
    fn page(&self, number: i64) -> String {
        let mut parameters = self.parameters.clone();
        if number > 1 {
            parameters.push((names::PAGE.to_owned(), number.to_string()));
            parameters.sort();
        }
        let query = Serializer::new(String::new()).extend_pairs(&parameters).finish();
        if query.is_empty() { self.base.clone() } else { format!("{}?{query}", self.base) }
    }
}

fn positive(digits: &str) -> Option<i64> {
    digits.parse().ok().filter(|number| *number > 0)
}

/// The number of the last page; an empty list has one.
fn last_page(count: i64, size: i64) -> i64 {
    count.max(1).saturating_add(size - 1) / size
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/api/v1/frontend/count-delegate-policy";

    fn origin() -> Url {
        Url::parse("https://pool.example").unwrap()
    }

    fn asked(query: &str) -> Result<PageRequest, InvalidPage> {
        PageRequest::parse(query.split('&').filter_map(|pair| pair.split_once('=')))
    }

    /// Offset, limit and links of a page.
    fn shown(query: &str, count: i64) -> Result<(i64, i64, Value, Value), InvalidPage> {
        let page = asked(query)?.of(count)?;
        let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
        let place = ListPlace::new(Some(&origin()), PATH, parameters);
        let json = page.to_json(&place, Vec::new());
        let object = Object::parse(json.as_bytes()).unwrap();
        let link = |name| object.get(name).unwrap().clone();
        Ok((page.offset(), page.limit(), link("next"), link("previous")))
    }

    fn link(query: &str) -> Value {
        Value::from(format!("https://pool.example{PATH}{query}"))
    }

    #[test]
    fn the_envelope_is_the_frameworks_with_code_and_page() {
        let place = ListPlace::new(Some(&origin()), PATH, []);
        let page = asked("").unwrap().of(1).unwrap();
        assert_eq!(
            page.to_json(&place, vec![Object::new().with("id", 2)]),
            r#"{"count":1,"code":0,"page":1,"next":null,"previous":null,"results":[{"id":2}]}"#
        );
    }

    #[test]
    fn pages_have_neighbours_and_the_first_has_no_number() {
        assert_eq!(shown("", 20), Ok((0, 20, Value::Null, Value::Null)));
        assert_eq!(shown("", 21), Ok((0, 20, link("?page=2"), Value::Null)));
        assert_eq!(shown("page=2", 41), Ok((20, 20, link("?page=3"), link(""))));
        assert_eq!(shown("page=3", 41), Ok((40, 20, Value::Null, link("?page=2"))));
        assert_eq!(shown("page=last", 41), shown("page=3", 41));
        assert_eq!(shown("page=", 0), Ok((0, 20, Value::Null, Value::Null)));
    }

    #[test]
    fn the_other_parameters_go_along_sorted_and_encoded() {
        assert_eq!(
            shown("receive_address=T a&page=2&page_size=2", 5),
            Ok((
                2,
                2,
                link("?page=3&page_size=2&receive_address=T+a"),
                link("?page_size=2&receive_address=T+a")
            ))
        );
    }

    #[test]
    fn a_page_that_is_not_there_is_refused() {
        for query in ["page=2", "page=0", "page=-1", "page=x", "page=1.0", "page=1e1"] {
            assert_eq!(shown(query, 20), Err(InvalidPage), "{query}");
        }
        assert_eq!(shown(&format!("page={}", i64::MAX), 20), Err(InvalidPage));
        assert_eq!(shown(&format!("page={}", i128::MAX), 20), Err(InvalidPage));
        assert_eq!(InvalidPage.body().to_json(), r#"{"detail":"Invalid page."}"#);
    }

    #[test]
    fn a_page_size_that_is_none_is_the_default_and_too_much_is_the_most() {
        for (query, size) in [
            ("page_size=1", 1),
            ("page_size=100", 100),
            ("page_size=101", 100),
            ("page_size=0", 20),
            ("page_size=-5", 20),
            ("page_size=x", 20),
            ("page_size=", 20),
        ] {
            assert_eq!(asked(query).unwrap().of(0).unwrap().limit(), size, "{query}");
        }
    }

    #[test]
    fn links_are_paths_where_nobody_knows_the_host() {
        let place = ListPlace::new(None, PATH, []);
        assert_eq!(place.page(2), format!("{PATH}?page=2"));
        let below = Url::parse("https://pool.example/tron/").unwrap();
        let place = ListPlace::new(Some(&below), PATH, []);
        assert_eq!(place.page(1), format!("https://pool.example/tron{PATH}"));
    }

    #[test]
    fn the_largest_list_does_not_overflow() {
        let page = asked("page=last&page_size=100").unwrap().of(i64::MAX).unwrap();
        assert!(page.offset() > 0);
    }
}
