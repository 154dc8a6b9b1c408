//! A new batch from a list: everything that is wrong with it is said, line by line, before anything is
//! kept, and what was typed stays typed.

use app::administer::NewBatch;
use app::rows::Key;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use domain::MerchantId;
use domain::batch::{BATCH_NAME_CHARS_MAX, LineError, LineFault, NewRow, RowField};
use domain::key::Scope;

use super::frame::Frame;
use super::list::names;
use super::phrase::Tongue;
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset};
use crate::batch_csv::{self, CSV_BYTES_MAX};

#[derive(Template)]
#[template(path = "batch_new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    choices: Vec<Choice>,
    draft: Draft<'a>,
    faults: Vec<Fault>,
}

/// The keys of one merchant.
struct Choice {
    merchant: String,
    keys: Vec<Key>,
}

/// What was typed.
#[derive(Clone, Copy, Default)]
struct Draft<'a> {
    name: &'a str,
    key: &'a str,
    csv: &'a str,
}

/// What is wrong, as the page says it.
struct Fault {
    /// The line of the list that it is about.
    line: Option<u64>,
    sentence: String,
    /// What stands there.
    found: String,
}

impl Fault {
    /// About the form, not about a line of the list.
    fn whole(sentence: String) -> Self {
        Self { line: None, sentence, found: String::new() }
    }
}

/// The form.
pub(super) async fn show(visit: Visit) -> Result<Response, Refused> {
    if !visit.access().may_change() {
        return Err(Refused::LooksOnly);
    }
    let page = NewPage {
        frame: &visit.frame,
        choices: choices(&visit).await?,
        draft: Draft::default(),
        faults: Vec::new(),
    };
    Visit::page(&page)
}

/// Makes a draft of the list, or says everything that is wrong with it.
pub(super) async fn add(change: Change) -> Result<Response, Refused> {
    let draft = Draft {
        name: change.fields.text("name"),
        key: change.fields.text("key"),
        csv: change.fields.raw("csv"),
    };
    let tongue = change.visit.frame.tongue;
    let faults = match (rows(tongue, draft), merchant_of(&change.visit, draft.key).await?) {
        (Ok(rows), Some(merchant)) => match save(&change, draft, merchant, rows).await? {
            Ok(place) => return Ok(change.done(&place, "batch-added")),
            Err(sentence) => vec![Fault::whole(sentence)],
        },
        (Ok(_), None) => vec![Fault::whole(tongue.say("batches.no-key").to_owned())],
        (Err(faults), _) => faults,
    };
    let choices = choices(&change.visit).await?;
    let page = NewPage { frame: &change.visit.frame, choices, draft, faults };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

/// Where the draft is from now on, or the sentence with which it was refused.
async fn save(
    change: &Change,
    draft: Draft<'_>,
    merchant: MerchantId,
    rows: Vec<NewRow>,
) -> Result<Result<String, String>, Refused> {
    let new = NewBatch {
        id: change.visit.app().ids.batch_id(change.visit.now()),
        merchant,
        key: draft.key.to_owned(),
        name: draft.name.to_owned(),
        rows,
    };
    match change.administrator().add_batch(new).await.map_err(Refused::from) {
        Ok(batch) => Ok(Ok(format!("/batches/{}", batch.id))),
        Err(refused @ Refused::Change(_)) => Ok(Err(refused.sentence(change.visit.frame.tongue))),
        Err(refused) => Err(refused),
    }
}

/// The rows of what was typed, or everything that is wrong with it.
fn rows(tongue: Tongue, draft: Draft<'_>) -> Result<Vec<NewRow>, Vec<Fault>> {
    let about = |key: &str, limit: usize| {
        vec![Fault::whole(tongue.fill(key, &[("what", &limit.to_string())]))]
    };
    if draft.csv.len() > CSV_BYTES_MAX {
        return Err(about("batches.too-long", CSV_BYTES_MAX));
    }
    let length = draft.name.chars().count();
    let mut faults = match (1..=BATCH_NAME_CHARS_MAX).contains(&length) {
        true => Vec::new(),
        false => about("refused.name", BATCH_NAME_CHARS_MAX),
    };
    match batch_csv::read(draft.csv) {
        Ok(rows) if faults.is_empty() => Ok(rows),
        Ok(_) => Err(faults),
        Err(errors) => {
            faults.extend(errors.into_iter().map(|error| fault(tongue, error)));
            Err(faults)
        }
    }
}

/// The keys with which whoever asks may place orders.
async fn choices(visit: &Visit) -> Result<Vec<Choice>, Refused> {
    let mut choices = Vec::new();
    for (id, merchant) in names(visit).await? {
        let mut keys = visit.app().store.keys(id).await?;
        keys.retain(|key| key.revoked.is_none() && key.limits.scopes.has(Scope::Order));
        if !keys.is_empty() {
            choices.push(Choice { merchant, keys });
        }
    }
    Ok(choices)
}

/// Whose key it is; another merchant's is as good as none.
async fn merchant_of(visit: &Visit, key: &str) -> Result<Option<MerchantId>, Refused> {
    let found = visit.app().store.key(key).await?.map(|key| key.merchant);
    Ok(found.filter(|merchant| visit.access().sees(*merchant)))
}

fn fault(tongue: Tongue, error: LineError) -> Fault {
    let key = match error.fault {
        LineFault::Empty => "batches.fault-empty",
        LineFault::TooManyRows => "batches.fault-many",
        LineFault::NotCsv => "batches.fault-csv",
        LineFault::TooManyFields => "batches.fault-fields",
        LineFault::NoAddress => "batches.fault-missing",
        LineFault::NotAnAddress(RowField::Recipient) => "batches.fault-recipient",
        LineFault::NotAnAddress(RowField::Address | RowField::Reference) => "batches.fault-address",
        LineFault::ToItself => "batches.fault-itself",
        LineFault::Duplicate { .. } => "batches.fault-twice",
        LineFault::LongReference => "batches.fault-long",
        LineFault::OddReference => "batches.fault-odd",
    };
    let sentence = if let LineFault::Duplicate { line } = error.fault {
        tongue.fill(key, &[("what", &line.to_string())])
    } else {
        tongue.say(key).to_owned()
    };
    Fault { line: Some(error.line).filter(|line| *line > 0), sentence, found: error.found }
}
