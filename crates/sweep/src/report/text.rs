//! Writing numbers, times and foreign text.

use jiff::Timestamp;
use tron::Sun;

/// Escapes for HTML, in text and in quoted attributes.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Whatever would turn the direction of text or break a line says nothing here.
            c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Digits in groups of three, with a thin space between: `12 345.6`.
pub(super) fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("−", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut shown = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// An amount of TRX, grouped.
pub(super) fn trx(sun: Sun) -> String {
    grouped(&sun.to_trx_string())
}

/// A moment in UTC, to the second: `2026-11-25 19:04:10`.
pub(super) fn moment(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Hour and minute in UTC, with seconds where the steps are shorter than a minute.
pub(super) fn clock(unix_ms: i64, step_ms: i64) -> String {
    let form = if step_ms < 60_000 { "%H:%M:%S" } else { "%H:%M" };
    Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime(form).to_string())
}

/// Milliseconds as people say them: `840 ms`, `3.2 s`, `4 min 5 s`, `2 h 7 min`.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 => format!("{ms} ms"),
        1..=59 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
