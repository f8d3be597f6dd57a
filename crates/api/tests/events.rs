//! What happens, told as it happens.

mod rig;

use axum::body::Body;
use http::StatusCode;
use rig::{Api, DEMO, OFFLINE, asking, header, read_until};
use serde_json::Value;

async fn listen(api: &Api, last: Option<&str>) -> Body {
    let mut request = asking("GET", "/api/events");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = api.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "text/event-stream");
    response.into_body()
}

#[derive(Debug)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

/// Reads until an event of this name came, and answers all.
async fn until(body: &mut Body, name: &str) -> Vec<Event> {
    let read = read_until(body, |read| {
        let text = String::from_utf8_lossy(read);
        text.ends_with("\n\n") && text.contains(&format!("event: {name}\n"))
    })
    .await;
    let text = String::from_utf8(read).expect("text");
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_start_matches(": ").to_owned()
    };
    text.split("\n\n")
        .filter(|block| block.contains("event: "))
        .map(|block| Event {
            id: field(block, "id"),
            name: field(block, "event"),
            data: serde_json::from_str(&field(block, "data")).expect("JSON"),
        })
        .collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn a_camera_is_told_from_its_coming_to_its_going() {
    let api = Api::new();
    let mut body = listen(&api, None).await;
    api.start("cam", DEMO).await;
    let events = until(&mut body, "camera.online").await;
    assert_eq!(names(&events), ["camera.added", "camera.online"]);
    assert_eq!(events[0].data["stream_id"], "cam");
    assert_eq!(events[0].data["type"], "camera.added");
    assert_eq!(events[0].data["rtsp_url"], DEMO);

    let mut viewer = api.get("/api/streams/cam/mjpeg?width=160").await.into_body();
    let events = until(&mut body, "consumer.joined").await;
    assert_eq!(events[0].data["consumer"]["kind"], "http");
    drop(read_until(&mut viewer, |read| !read.is_empty()).await);
    drop(viewer);
    until(&mut body, "consumer.left").await;

    api.ask("DELETE", "/api/streams/cam", None).await;
    until(&mut body, "camera.removed").await;
}

#[tokio::test]
async fn a_camera_that_is_away_is_told_with_the_reason_and_without_its_password() {
    let api = Api::new();
    let mut body = listen(&api, None).await;
    api.start("cam", OFFLINE).await;
    let events = until(&mut body, "camera.offline").await;
    let offline = &events.last().expect("one").data;
    assert_eq!(offline["error"]["code"], "camera_unreachable");
    assert!(!format!("{events:?}").contains("canary-pw"));
}

#[tokio::test]
async fn who_was_away_hears_what_happened_meanwhile() {
    let api = Api::new();
    let mut body = listen(&api, None).await;
    api.start("first", OFFLINE).await;
    let events = until(&mut body, "camera.added").await;
    let last = events[0].id.clone();
    drop(body);
    api.ask("DELETE", "/api/streams/first", None).await;
    let mut others = listen(&api, Some(&last)).await;
    let events = until(&mut others, "camera.removed").await;
    assert!(
        events.iter().all(|event| event.id > last && event.name != "camera.added"),
        "{events:?}"
    );

    // One who comes from an earlier run is told that it missed some, and hears the rest.
    let mut stranger = listen(&api, Some("17-4")).await;
    let events = until(&mut stranger, "camera.removed").await;
    assert_eq!(names(&events)[..2], ["gap", "camera.added"]);
    assert_eq!(events[0].data["missed"], Value::Null);
}

#[tokio::test]
async fn listening_ends_with_the_engine() {
    let api = Api::new();
    let body = listen(&api, None).await;
    api.engine.shutdown().await;
    let rest = http_body_util::BodyExt::collect(body);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), rest).await;
    assert!(ended.is_ok(), "goes on for ever");
}

async fn past(api: &Api, path: &str) -> Vec<Value> {
    let (status, mut answer) = api.ask("GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    match answer["events"].take() {
        Value::Array(events) => events,
        other => panic!("{other} is no list"),
    }
}

#[tokio::test]
async fn the_past_is_told_newest_first_with_the_ids_it_was_heard_with() {
    let api = Api::new();
    let mut body = listen(&api, None).await;
    api.start("cam", OFFLINE).await;
    api.start("other", OFFLINE).await;
    let mut heard = until(&mut body, "camera.offline").await;
    while heard.iter().filter(|event| event.name == "camera.offline").count() < 2 {
        heard.extend(until(&mut body, "camera.offline").await);
    }
    heard.reverse();

    let all = past(&api, "/api/events/recent").await;
    let ids: Vec<_> = all.iter().map(|event| event["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, heard.iter().map(|event| event.id.as_str()).collect::<Vec<_>>());
    for (told, heard) in all.iter().zip(&heard) {
        assert_eq!(told["type"], heard.data["type"]);
        assert_eq!(told["time"], heard.data["time"]);
    }

    let ours = past(&api, "/api/streams/cam/events").await;
    let types: Vec<_> = ours.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["camera.offline", "camera.added"]);
    assert!(ours.iter().all(|event| event["stream_id"] == "cam"), "{ours:?}");
    assert!(!format!("{all:?}").contains("canary-pw"));
    assert_eq!(past(&api, "/api/streams/cam/events?limit=1").await, ours[..1]);
    assert_eq!(past(&api, "/api/events/recent?limit=3").await, all[..3]);
}

#[tokio::test]
async fn the_past_of_nobody_and_without_bounds_is_refused() {
    let api = Api::new();
    let (status, _) = api.ask("GET", "/api/streams/nobody/events", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for limit in ["0", "2001", "-1", "many"] {
        let path = format!("/api/events/recent?limit={limit}");
        let (status, answer) = api.ask("GET", &path, None).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &"invalid_request".into()));
    }
}
