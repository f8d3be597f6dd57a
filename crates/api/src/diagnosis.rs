//! Everything that helps whoever looks into a fault, in one file that can be handed on: no password
//! is in it.

use std::io::{Cursor, Write as _};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fanlight_engine::redact;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sysinfo::System;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::extract::Named;
use crate::openapi::Raw;
use crate::past_events::PastEvents;
use crate::problem::Problem;
use crate::recent_log::RecentLog;
use crate::{Answer, Context, consumers, health, info, load, recordings, streams};

/// Of each camera and of all.
const EVENTS: usize = 1000;

const READ_ME: &str = "\
What this Fanlight knew of itself when this file was made, for whoever looks into a fault.

about.json       the program, its system and the FFmpeg in use
settings.json    how it can be reached; of a token only whether there is one
checks.json      what pictures need, and whether it is there
load.json        CPU, memory, cameras and readers
streams.json     every camera with its state, rates and last error
consumers.json   who reads each camera
events.json      what happened lately
recordings.json  how recording is set up
log.txt          the last lines of the log

Passwords read ***. What is left are names of cameras and their addresses, folders, and names of
the programs that read. Look through it before you hand it on.
";

/// Makes a ZIP file of what helps to look into a fault.
///
/// It holds the server's state, its settings, events and last log lines. Passwords and the token are not in
/// it.
#[utoipa::path(
    get, path = "/api/diagnosis", operation_id = "diagnosis", tag = "server",
    responses(
        (status = 200, body = Raw, content_type = "application/zip", description = "The file"),
    ),
)]
pub(crate) async fn diagnosis(State(context): State<Context>) -> Answer<Response> {
    let files = files(&context).await;
    let packed = tokio::task::spawn_blocking(move || pack(&files));
    let bytes = packed.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    let name = Timestamp::now().strftime("fanlight-diagnosis-%Y%m%dT%H%M%SZ.zip");
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, bytes).into_response())
}

fn failed(error: &impl std::fmt::Display) -> Problem {
    let status = http::StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "internal", format!("the file cannot be made: {error}"))
}

/// The names of the files and what is in them.
async fn files(context: &Context) -> Vec<(&'static str, String)> {
    let state = || State(context.clone());
    let mut readers = Map::new();
    for camera in context.engine.cameras() {
        let id = camera.id().to_string();
        readers.insert(id, value(&consumers::list(Named(camera)).await.0));
    }
    let Json(about) = info::info(state()).await;
    let Json(listed) = streams::list(state()).await;
    let recording = match recordings::setup(state()).await {
        Ok(Json(setup)) => value(&setup),
        Err(problem) => json!({ "error": problem.to_string() }),
    };
    let events = PastEvents::of(&context.journal, EVENTS, |_| true);
    let log = RecentLog::text();
    let log: Vec<_> = log.lines().map(redact).collect();
    let documents = [
        ("about.json", about_with_system(value(&about))),
        ("settings.json", settings(context)),
        ("checks.json", value(&health::checks(context.clone()).await)),
        ("load.json", value(&load::now(context).await)),
        ("streams.json", value(&listed)),
        ("consumers.json", Value::Object(readers)),
        ("events.json", value(&events)),
        ("recordings.json", recording),
    ];
    let documents = documents.map(|(name, document)| (name, format!("{:#}\n", redacted(document))));
    let mut files = vec![("README.txt", READ_ME.to_owned())];
    files.extend(documents);
    files.push(("log.txt", log.join("\n")));
    files
}

fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_else(|error| json!({ "error": error.to_string() }))
}

fn about_with_system(mut about: Value) -> Value {
    about["system"] = json!({
        "os": System::long_os_version(),
        "kernel": System::kernel_version(),
        "architecture": System::cpu_arch(),
    });
    about
}

fn settings(context: &Context) -> Value {
    let settings = context.settings.now();
    json!({
        "port": settings.port,
        "allowed_hosts": settings.allowed_hosts,
        "allowed_origins": settings.allowed_origins,
        "token": settings.token.is_some(),
        "tls": settings.tls,
        "shared_memory": settings.frames_socket.is_some(),
        "scans": context.scans_allowed,
    })
}

/// The same with every text redacted: before it is written as JSON, which spells some characters
/// of a password otherwise.
fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text).into_owned()),
        Value::Array(values) => values.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (redact(&name).into_owned(), redacted(value)))
            .collect(),
        other => other,
    }
}

fn pack(files: &[(&'static str, String)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(content.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_masked_wherever_they_stand() {
        let hidden = r"rtsp://viewer:se\cret@cam/1";
        let document = json!({ "a": [{ "url": hidden }], hidden: 1, "n": 2 });
        let text = redacted(document).to_string();
        assert!(!text.contains("cret"), "{text}");
        assert!(text.contains("rtsp://viewer:***@"), "{text}");
    }
}
