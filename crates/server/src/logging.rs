//! Logging: one line per event on standard error, and the one way to print an error's causes.
//!
//! Not here: what is logged. Never logged anywhere: keys, secrets, signatures, raw bodies, callback
//! query strings.

mod json;

use std::error::Error;
use std::fmt;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter does not parse.
    #[error("the log filter cannot be read")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something has started it already.
    #[error("logging has been started already")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging to standard error, once for the process.
///
/// Errors: the filter does not parse, or logging was started before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), LoggingError> {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // On a full disk the library would say so on standard error as well, and panic when that fails:
        // in the thread that was about to answer why nothing can be committed.
        .log_internal_errors(false)
        .with_env_filter(EnvFilter::try_new(filter)?);
    match format {
        LogFormat::Text => {
            let wants_colour =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(wants_colour).finish().try_init()?;
        }
        LogFormat::Json => {
            builder.with_ansi(false).event_format(json::JsonLines).finish().try_init()?;
        }
    }
    Ok(())
}

/// Whether a text is a log filter.
///
/// Errors: where it does not parse.
pub fn check_filter(filter: &str) -> Result<(), LoggingError> {
    EnvFilter::try_new(filter)?;
    Ok(())
}

/// An error with its causes on one line: `what failed: because: because`.
///
/// The one place that walks the causes; whoever deals with an error prints this, once.
#[must_use]
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> Chain<'a> {
    Chain(error)
}

/// An error whose `Display` includes its causes.
pub struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = OneLine(f);
        let mut next = Some(self.0);
        let mut is_first = true;
        while let Some(error) = next {
            if !is_first {
                fmt::Write::write_str(&mut text, ": ")?;
            }
            fmt::Write::write_fmt(&mut text, format_args!("{error}"))?;
            is_first = false;
            next = error.source();
        }
        Ok(())
    }
}

/// Keeps what others wrote on one line: a line end in a message must not look like a new event.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let shown = if character.is_control() { ' ' } else { character };
            fmt::Write::write_char(self.0, shown)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the order was not stored")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("disk full\nERROR forged line")]
    struct Inner;

    #[test]
    fn causes_are_printed_on_one_line() {
        let text = chain(&Outer(Inner)).to_string();
        assert_eq!(text, "the order was not stored: disk full ERROR forged line");
        assert_eq!(chain(&Inner).to_string(), "disk full ERROR forged line");
    }

    #[test]
    fn filters_are_checked() {
        assert!(check_filter("info,sunsweep=debug").is_ok());
        let error = check_filter("sunsweep=loud").unwrap_err();
        assert!(chain(&error).to_string().starts_with("the log filter cannot be read: "));
    }
}
