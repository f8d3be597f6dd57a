//! Recordings by their playlists. With the demo camera, so they need an FFmpeg.

mod rig;

use std::ops::Range;
use std::time::Duration;

use axum::body::Body;
use fanlight_api::Settings;
use fanlight_engine::{Config, RecordingConfig};
use http::StatusCode;
use rig::{Api, DEMO, asking, bytes_of, header, json_of};
use serde_json::json;

fn api(folder: &tempfile::TempDir) -> Api {
    let ffmpeg = std::env::var_os("FANLIGHT_FFMPEG").map(Into::into);
    let recordings =
        RecordingConfig { folder: Some(folder.path().into()), ..RecordingConfig::default() };
    Api::of(Config { ffmpeg, recordings, ..Config::default() }, Settings::default())
}

/// A clip of the demo camera; its id.
async fn clip(api: &Api) -> String {
    api.start("cam", DEMO).await;
    // There is nothing before the first keyframe has come.
    for _ in 0..100 {
        let (status, clip) =
            api.ask("POST", "/api/streams/cam/clip", Some(json!({"seconds": 5}))).await;
        if status == StatusCode::CREATED {
            return clip["id"].as_str().expect("an id").to_owned();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the demo camera sends nothing")
}

async fn playlist(api: &Api, id: &str) -> String {
    let response = api.get(&format!("/api/recordings/{id}/playlist.m3u8")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "application/vnd.apple.mpegurl");
    // What grows has to be asked for again.
    assert_eq!(header(&response, "cache-control"), "private, no-cache");
    String::from_utf8(bytes_of(response).await.into()).expect("text")
}

/// The byte ranges that a playlist names, in order.
fn ranges(playlist: &str) -> Vec<Range<usize>> {
    let named = playlist.lines().filter_map(|line| {
        let map = line.strip_prefix("#EXT-X-MAP:URI=\"video\",BYTERANGE=\"");
        map.map(|map| map.trim_end_matches('"')).or_else(|| line.strip_prefix("#EXT-X-BYTERANGE:"))
    });
    let range = |text: &str| {
        let (length, at) = text.split_once('@')?;
        let (length, at): (usize, usize) = (length.parse().ok()?, at.parse().ok()?);
        Some(at..at + length)
    };
    named.map(|text| range(text).expect(text)).collect()
}

#[tokio::test]
async fn a_playlist_names_ranges_of_the_video() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = api(&folder);
    let id = clip(&api).await;
    let playlist = playlist(&api, &id).await;
    assert!(playlist.starts_with("#EXTM3U\n#EXT-X-VERSION:7\n"), "{playlist}");
    assert!(playlist.ends_with("\nvideo\n#EXT-X-ENDLIST\n"), "{playlist}");
    let video = format!("/api/recordings/{id}/video");
    let whole = bytes_of(api.get(&video).await).await;
    let ranges = ranges(&playlist);
    assert_eq!(&whole[4..8], b"ftyp");
    assert_eq!(ranges.last().map(|range| range.end), Some(whole.len()));
    for (at, range) in ranges.iter().enumerate() {
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let request = asking("GET", &video).header("range", asked).body(Body::empty());
        let response = api.send(request.expect("a request")).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let part = bytes_of(response).await;
        assert_eq!(part, whole[range.clone()]);
        let begins_with = if at == 0 { b"ftyp" } else { b"moof" };
        assert_eq!(&part[4..8], begins_with);
    }
}

#[tokio::test]
async fn a_recording_that_is_not_there_has_no_playlist() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = api(&folder);
    let unknown = "cam.20260101T000000000Z";
    for id in [unknown, "cam", "..%2F..%2Fetc%2Fpasswd"] {
        let response = api.get(&format!("/api/recordings/{id}/playlist.m3u8")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{id}");
        assert_eq!(json_of(response).await["code"], "recording_not_found");
    }
    // One whose file somebody has removed meanwhile, and one that is no video any more.
    let id = clip(&api).await;
    let (_, told) = api.ask("GET", &format!("/api/recordings/{id}"), None).await;
    let file = told["file"].as_str().expect("a path");
    for damage in [&|| std::fs::write(file, "a diary"), &|| std::fs::remove_file(file)]
        as [&dyn Fn() -> std::io::Result<()>; 2]
    {
        damage().expect("can be");
        let response = api.get(&format!("/api/recordings/{id}/playlist.m3u8")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
