//! How values look on every page: amounts, moments, addresses.
//!
//! Invariant: an [`Html`] is made here only, of text that is escaped.

use std::fmt;

use askama::filters::HtmlSafe;
use domain::UnixMillis;
use tron::Sun;

/// Text that is HTML already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// A moment: UTC for whoever runs no script, in the viewer's zone for everybody else.
pub(super) fn moment(at: UnixMillis) -> Html {
    let Ok(time) = jiff::Timestamp::from_millisecond(at.get()) else {
        return Html("–".to_owned());
    };
    let utc = jiff::tz::Offset::UTC.to_datetime(time);
    let (date, clock) = (utc.date(), utc.time());
    let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
    Html(format!("<time datetime=\"{time}\">{date} {hour:02}:{minute:02}:{second:02} UTC</time>"))
}

/// An amount: TRX, with its sun for whoever wants every digit.
pub(super) fn trx(amount: Sun) -> Html {
    let (trx, sun) = (trx_text(amount), sun_text(amount.get()));
    Html(format!("<span class=\"amount\" title=\"{sun}\">{trx}</span>"))
}

/// A price that is too small for TRX: sun, with its TRX.
pub(super) fn sun(amount: Sun) -> Html {
    let (trx, sun) = (trx_text(amount), sun_text(amount.get()));
    Html(format!("<span class=\"amount\" title=\"{trx}\">{sun}</span>"))
}

/// A number of units.
pub(super) fn count(units: i64) -> Html {
    Html(grouped(units))
}

/// An amount where nothing can be pointed at.
pub(super) fn trx_text(amount: Sun) -> String {
    let trx = amount.to_trx_string();
    let (whole, fraction) = trx.split_once('.').unwrap_or((&trx, ""));
    let whole = apart(whole);
    let joint = if fraction.is_empty() { "" } else { "." };
    format!("{whole}{joint}{fraction} TRX")
}

fn sun_text(amount: i64) -> String {
    format!("{} sun", grouped(amount))
}

/// What a fact of the ledger is called, by the key of its phrase.
pub(super) fn fact(name: &str) -> &'static str {
    let found = FACTS.iter().find(|(known, _)| *known == name);
    found.map_or("fact.other", |(_, phrase)| phrase)
}

/// The facts of the ledger by their names in it.
const FACTS: [(&str, &str); 11] = [
    ("merchant_credited", "fact.merchant-credited"),
    ("order_held", "fact.order-held"),
    ("order_settled", "fact.order-settled"),
    ("order_released", "fact.order-released"),
    ("merchant_debited", "fact.merchant-debited"),
    ("transfer_held", "fact.transfer-held"),
    ("transfer_settled", "fact.transfer-settled"),
    ("transfer_released", "fact.transfer-released"),
    ("deposit_credited", "fact.deposit-credited"),
    ("order_refunded", "fact.order-refunded"),
    ("order_partly_refunded", "fact.order-partly-refunded"),
];

/// A whole number with its thousands apart, as both languages write it.
pub(super) fn grouped(number: i64) -> String {
    apart(&number.to_string())
}

/// The same of digits, with or without a sign.
pub(super) fn apart(number: &str) -> String {
    let (sign, digits) = number.split_at(number.len() - number.trim_start_matches('-').len());
    let mut text = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The code that a telephone scans, as a picture of `text`.
pub(super) fn scanned(text: &str) -> Option<Html> {
    use qrcode::render::svg;
    let code = qrcode::QrCode::new(text.as_bytes()).ok()?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    let picture = drawn.split_once("<svg").map(|(_, rest)| rest)?;
    Some(Html(format!("<svg aria-hidden=\"true\"{picture}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn amounts_show_trx_and_keep_their_sun() {
        let shown = trx(Sun::new(3_857_100)).to_string();
        assert_eq!(shown, "<span class=\"amount\" title=\"3,857,100 sun\">3.8571 TRX</span>");
        for (amount, text) in [
            (0, "0 TRX"),
            (-1, "-0.000001 TRX"),
            (1_234_567_890_000, "1,234,567.89 TRX"),
            (-1_000_000_000, "-1,000 TRX"),
        ] {
            assert_eq!(trx_text(Sun::new(amount)), text);
        }
    }

    #[test]
    fn moments_are_utc_until_a_script_knows_better() {
        let shown = moment(UnixMillis(1_686_796_826_000)).to_string();
        let expected = "<time datetime=\"2023-06-15T02:40:26Z\">2023-06-15 02:40:26 UTC</time>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_code_is_a_picture_without_style() {
        let picture = scanned("otpauth://totp/x").unwrap().to_string();
        assert!(picture.starts_with("<svg aria-hidden") && !picture.contains("style"), "{picture}");
    }
}
