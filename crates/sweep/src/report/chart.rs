//! Charts as inline SVG, drawn with integers.
//!
//! Each is an image with a title and a description for those who do not see it; every value is also
//! in a table of the page.

use std::fmt::Write;

use super::text::html;

const WIDTH: u128 = 560;
/// The widest slot of a column, so that one alone is still a column.
const SLOT_MAX: u128 = 90;

/// One bar.
pub(super) struct Bar {
    /// Below or beside it.
    pub(super) label: String,
    /// How large.
    pub(super) value: u128,
    /// The value as people read it.
    pub(super) shown: String,
    /// Class of its colour: `a`, `b` or `c`.
    pub(super) class: &'static str,
}

/// Bars side by side, for time and other scales.
pub(super) fn columns(id: &str, title: &str, bars: &[Bar]) -> String {
    const HEIGHT: u128 = 204;
    const BASE: u128 = 176;
    const TOP: u128 = 24;
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let count = u128::try_from(bars.len()).unwrap_or(1).max(1);
    let slot = (WIDTH / count).min(SLOT_MAX);
    let gap = (slot / 5).min(12);
    // Labels take about 44 units each; the rest are left out, and the table has them all.
    let every = (44_u128.div_ceil(slot.max(1))).max(1);
    let mut svg = begin(id, title, &described(bars), HEIGHT);
    let _ = write!(svg, r#"<line class="axis" x1="0" y1="{BASE}" x2="{WIDTH}" y2="{BASE}"/>"#);
    for (bar, position) in bars.iter().zip(0_u128..) {
        let height = bar.value * (BASE - TOP) / most;
        let height = if bar.value > 0 { height.max(2) } else { 0 };
        let (x, y) = (position * slot + gap / 2, BASE - height);
        let (width, middle) = ((slot - gap).max(1), position * slot + slot / 2);
        let (label, shown) = (html(&bar.label), html(&bar.shown));
        let _ = write!(
            svg,
            r#"<rect class="{}" x="{x}" y="{y}" width="{width}" height="{height}" rx="2"><title>{label}: {shown}</title></rect>"#,
            bar.class
        );
        if slot >= 44 && bar.value > 0 {
            let _ = write!(svg, r#"<text class="value" x="{middle}" y="{}">{shown}</text>"#, y - 6);
        }
        if position % every == 0 {
            let y = BASE + 18;
            let _ = write!(svg, r#"<text class="label" x="{middle}" y="{y}">{label}</text>"#);
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Bars under each other, for comparing a few.
pub(super) fn rows(id: &str, title: &str, bars: &[Bar]) -> String {
    const ROW: u128 = 36;
    const NAMES: u128 = 200;
    const VALUES: u128 = 110;
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let height = ROW * u128::try_from(bars.len()).unwrap_or(0) + 8;
    let mut svg = begin(id, title, &described(bars), height);
    for (bar, position) in bars.iter().zip(0_u128..) {
        let y = position * ROW + 8;
        let width = bar.value * (WIDTH - NAMES - VALUES) / most;
        let width = if bar.value > 0 { width.max(2) } else { 0 };
        let (name_x, value_x, text_y) = (NAMES - 12, NAMES + width + 8, y + 15);
        let (label, shown) = (html(&bar.label), html(&bar.shown));
        let _ = write!(
            svg,
            r#"<text class="name" x="{name_x}" y="{text_y}">{label}</text><rect class="{}" x="{NAMES}" y="{y}" width="{width}" height="22" rx="2"/><text class="amount" x="{value_x}" y="{text_y}">{shown}</text>"#,
            bar.class
        );
    }
    svg.push_str("</svg>");
    svg
}

fn begin(id: &str, title: &str, description: &str, height: u128) -> String {
    format!(
        r#"<svg role="img" aria-labelledby="{id}-title {id}-text" viewBox="0 0 {WIDTH} {height}"><title id="{id}-title">{}</title><desc id="{id}-text">{}</desc>"#,
        html(title),
        html(description),
    )
}

/// The values in words, the first few of them.
fn described(bars: &[Bar]) -> String {
    const SPOKEN_MAX: usize = 40;
    let spoken: Vec<_> =
        bars.iter().take(SPOKEN_MAX).map(|bar| format!("{}: {}", bar.label, bar.shown)).collect();
    spoken.join("; ")
}
