//! YAML, and with it JSON, as plain values, within bounds that no camera list comes near.

use fanlight_engine::Error;
use serde_json::Value;
use serde_saphyr::Options;

use super::invalid;

/// Sequences, mappings and scalars; aliases count as often as they are used.
const MAX_NODES: usize = 50_000;
/// Bytes of all scalars, likewise.
const MAX_SCALARS: usize = 4 << 20;

pub(super) fn read(text: &str) -> Result<Value, Error> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| told(&error))
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_nodes: MAX_NODES,
        max_total_scalar_bytes: MAX_SCALARS,
    };
    serde_saphyr::options! { budget: budget, with_snippet: false }
}

/// Where the text is wrong. Not with the words of the parser: they may quote it.
fn told(error: &serde_saphyr::Error) -> Error {
    let Some(place) = error.without_snippet().location() else {
        return invalid("text cannot be read as YAML or JSON");
    };
    invalid(format!(
        "text cannot be read as YAML or JSON: look at line {}, column {}",
        place.line(),
        place.column()
    ))
}
