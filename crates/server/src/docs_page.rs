//! The page at `/docs`: the interface for people, made once from the same descriptions as the OpenAPI
//! document.
//!
//! Invariants: nothing is fetched and nothing runs; the one style sheet is inside, and the policy
//! allows it by its hash and nothing else; every text goes through [`escaped`].

mod samples;

use std::fmt::Write as _;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use wire::describe::{Answer, Caller, Endpoint, Errno, Field, Kind};
use wire::names;

use crate::openapi::endpoints;

const STYLE: &str = include_str!("docs_page/style.css");
const INTRODUCTION: &str = include_str!("docs_page/introduction.html");
const REFUSALS: &str = include_str!("docs_page/refusals.html");

/// The page with its policy.
pub struct Page {
    /// The page.
    pub html: String,
    /// `Content-Security-Policy`
    pub policy: HeaderValue,
}

impl Page {
    /// Makes it; the same each time.
    #[must_use]
    pub fn new() -> Self {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).expect("base64 and words are visible ASCII");
        Self { html: html(), policy }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

fn html() -> String {
    let contents: String = endpoints().map(entry).collect();
    let sections: String = endpoints().map(section).collect();
    let samples = samples::html();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>sunsweep: the interface</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <nav>\n<p class=\"brand\">sunsweep</p>\n<ul>\n\
         <li><a href=\"#signing\">Signing</a></li>\n{contents}\
         <li><a href=\"#callbacks\">Callbacks</a></li>\n\
         <li><a href=\"#refusals\">Refusals</a></li>\n\
         <li><a href=\"#samples\">Samples</a></li>\n</ul>\n</nav>\n\
         <main>\n{INTRODUCTION}{sections}{REFUSALS}{samples}</main>\n</body>\n</html>\n"
    )
}

fn entry(endpoint: &Endpoint) -> String {
    format!(
        "<li><a href=\"#{}\"><span class=\"method\">{}</span> {}</a></li>\n",
        endpoint.name,
        endpoint.method.name(),
        escaped(short_path(endpoint)),
    )
}

/// A path without what every path of the platform begins with.
fn short_path(endpoint: &Endpoint) -> &'static str {
    endpoint.path.strip_prefix(names::PREFIX).unwrap_or(endpoint.path)
}

fn section(endpoint: &Endpoint) -> String {
    let mut html = format!(
        "<section id=\"{}\">\n<h2>{}</h2>\n<p class=\"route\"><span class=\"method {}\">{}</span> \
         <code>{}</code> <span class=\"caller\">{}</span></p>\n<p>{}</p>\n",
        endpoint.name,
        escaped(endpoint.title),
        endpoint.method.name().to_lowercase(),
        endpoint.method.name(),
        escaped(endpoint.path),
        caller(endpoint.caller),
        escaped(endpoint.text),
    );
    if !endpoint.takes.is_empty() {
        html += &table("It takes", endpoint.takes);
    }
    match endpoint.answers {
        Answer::Object(members) => {
            html += &table("It answers", members);
            let _ = writeln!(html, "<pre><code>{}</code></pre>", escaped(&example(members)));
        }
        Answer::List(members) => {
            let (page, size) = (names::PAGE, names::PAGE_SIZE);
            let _ = writeln!(
                html,
                "<p>A list, paged with <code>{page}</code> and <code>{size}</code>.</p>"
            );
            html += &table("Each record", members);
        }
        Answer::Document | Answer::Page => {}
    }
    let statuses: Vec<_> = endpoint.refusals().iter().map(u16::to_string).collect();
    let errno = match endpoint.errno {
        Errno::WithOk => ", or 200 with an <code>errno</code> that is not 0",
        Errno::Never => "",
    };
    let _ = writeln!(html, "<p class=\"no\">A no is {}{errno}.</p>", statuses.join(", "));
    html + "</section>\n"
}

const fn caller(caller: Caller) -> &'static str {
    match caller {
        Caller::Anybody => "anybody",
        Caller::AnybodyOrKey => "anybody, more with a key",
        Caller::Key => "key",
        Caller::Signature => "signed",
    }
}

fn table(caption: &str, fields: &[Field]) -> String {
    let mut html = format!("<table>\n<caption>{caption}</caption>\n<tbody>\n");
    for field in fields {
        let optional = if field.is_optional { " <i>optional</i>" } else { "" };
        let _ = writeln!(
            html,
            "<tr><td><code>{}</code>{optional}</td><td>{}</td><td>{}</td></tr>",
            escaped(field.name),
            escaped(&kind(&field.kind)),
            escaped(field.text),
        );
        if let Kind::List(members) = field.kind {
            for member in members {
                let _ = writeln!(
                    html,
                    "<tr><td class=\"inner\"><code>{}[].{}</code></td><td>{}</td><td>{}</td></tr>",
                    escaped(field.name),
                    escaped(member.name),
                    escaped(&kind(&member.kind)),
                    escaped(member.text),
                );
            }
        }
    }
    html + "</tbody>\n</table>\n"
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Integer(least, most) if least == most => least.to_string(),
        Kind::Integer(least, most) if *most < i64::MAX => format!("{least} to {most}"),
        Kind::Integer(..) => "integer".to_owned(),
        Kind::Sun => "sun".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Text(0) => "empty text".to_owned(),
        Kind::Text(most) => format!("text, at most {most}"),
        Kind::Url(most) => format!("URL, at most {most}"),
        Kind::Address => "address".to_owned(),
        Kind::Serial => "32 hex digits".to_owned(),
        Kind::Hash => "64 hex digits or empty".to_owned(),
        Kind::Moment | Kind::CivilTime => "time".to_owned(),
        Kind::Choice(numbers) => numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
        Kind::Period => "1H, 1D to 30D".to_owned(),
        Kind::Nullable(inner) => format!("{} or null", self::kind(inner)),
        Kind::List(_) => "list".to_owned(),
    }
}

/// An answer as it may look.
fn example(members: &[Field]) -> String {
    let lines: Vec<_> =
        members.iter().map(|field| format!("  \"{}\": {}", field.name, field.example)).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// A text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_on_the_page_and_nothing_comes_from_elsewhere() {
        let page = Page::new();
        for endpoint in endpoints() {
            assert!(page.html.contains(&format!("id=\"{}\"", endpoint.name)), "{}", endpoint.path);
        }
        for language in ["Python", "PHP", "Java", "Go", "Shell", "Node"] {
            assert!(page.html.contains(&format!("<summary>{language}</summary>")), "{language}");
        }
        for outside in ["<script", "<link", "<img", "<iframe", "src=", "href=\"http", " style="] {
            assert!(!page.html.contains(outside), "{outside}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert_eq!(page.html.matches("<style>").count(), 1);
        assert!(!page.policy.to_str().unwrap().contains("unsafe"));
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
