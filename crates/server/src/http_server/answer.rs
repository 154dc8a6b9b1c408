//! The shape of errors: a JSON object with `detail`, whatever went wrong.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{Method, Response, StatusCode};

/// An error as clients of the platform expect it: `{"detail": "…"}`.
///
/// Source: api-contract 4.3 and 4.4.
#[must_use]
pub fn error_answer(status: StatusCode, detail: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(detail_json(detail)));
    *response.status_mut() = status;
    let json = axum::http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The body of [`error_answer`].
pub(super) fn detail_json(detail: &str) -> String {
    serde_json::json!({ "detail": detail }).to_string()
}

/// The answer to a body that is too long. Clients know only 200 and 400, so not 413.
pub(super) fn too_large(limit_bytes: usize) -> Response<Body> {
    let detail = format!("The request body is larger than {limit_bytes} bytes.");
    error_answer(StatusCode::BAD_REQUEST, &detail)
}

/// Gives errors that the framework made (plain text or nothing) the shape of ours. Errors in JSON
/// or as a page were made on purpose and stay as they are.
pub(super) fn shaped(
    response: Response<Body>,
    method: &Method,
    body_limit_bytes: usize,
) -> Response<Body> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_on_purpose(&response) {
        return response;
    }
    let detail = match status {
        StatusCode::NOT_FOUND => "Not found.".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => format!("Method \"{method}\" not allowed."),
        StatusCode::PAYLOAD_TOO_LARGE => return too_large(body_limit_bytes),
        _ if status.is_server_error() => "Internal error.".to_owned(),
        _ => format!("{}.", status.canonical_reason().unwrap_or("Refused")),
    };
    let mut shaped = error_answer(status, &detail);
    if let Some(allow) = response.headers().get(ALLOW) {
        shaped.headers_mut().insert(ALLOW, allow.clone());
    }
    shaped
}

fn is_on_purpose(response: &Response<Body>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"))
}
