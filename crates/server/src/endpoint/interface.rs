//! `GET /openapi.json` and `GET /docs`: the interface, for programs and for people.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::describe::{Answer, Caller, Endpoint, Errno, Method};

use crate::docs_page::Page;
use crate::refusal::json;

/// What is described of [`openapi`].
pub const OPENAPI_ENDPOINT: Endpoint = Endpoint {
    name: "interface_openapi",
    method: Method::Get,
    path: "/openapi.json",
    title: "This interface, for programs",
    text: "An OpenAPI 3.1 document.",
    caller: Caller::Anybody,
    takes: &[],
    answers: Answer::Document,
    errno: Errno::Never,
    more_statuses: &[],
};

/// What is described of [`docs`].
pub const DOCS_ENDPOINT: Endpoint = Endpoint {
    name: "interface_docs",
    path: "/docs",
    title: "This interface, for people",
    text: "A page with everything that is taken and answered, and samples in six languages.",
    answers: Answer::Page,
    ..OPENAPI_ENDPOINT
};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| crate::openapi::document().to_string());
static PAGE: LazyLock<Page> = LazyLock::new(Page::new);

/// The OpenAPI document.
pub async fn openapi() -> Response {
    json(StatusCode::OK, DOCUMENT.clone())
}

/// The page. It fetches nothing and runs nothing, and its policy says so.
pub async fn docs() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, PAGE.policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, PAGE.html.as_str()).into_response()
}
