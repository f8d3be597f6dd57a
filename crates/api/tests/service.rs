//! What whoever runs the API has it say of itself: that it is about to end, and that it reads its
//! configuration again.

mod rig;

use std::time::Duration;

use fanlight_api::{Api, Reloaded, Settings};
use fanlight_engine::{Config, Engine};
use rig::PORT;
use serde_json::{Value, json};

fn api() -> Api {
    let ffmpeg = std::env::var_os("FANLIGHT_FFMPEG").map(Into::into);
    let engine = Engine::start(Config { ffmpeg, ..Config::default() }).expect("starts");
    Api::new(engine, Settings { port: PORT, ..Settings::default() })
}

async fn ask(api: &Api, method: &str, path: &str) -> (u16, Value) {
    let (status, body) = api.ask(method, path, None).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn one_that_drains_is_not_ready_and_goes_on() {
    let api = api();
    assert_eq!(ask(&api, "GET", "/readyz").await.0, 200);
    api.drain();
    let (status, problem) = ask(&api, "GET", "/readyz?verbose").await;
    assert_eq!((status, &problem["code"]), (503, &json!("draining")));
    assert_eq!(problem["checks"][0]["ok"], false);
    assert_eq!(ask(&api, "GET", "/livez").await.0, 200);
    assert_eq!(ask(&api, "GET", "/api/streams").await.0, 200);
}

#[tokio::test]
async fn a_reload_is_for_whoever_takes_it() {
    let api = api();
    let (status, problem) = ask(&api, "POST", "/api/reload").await;
    assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_reload")));
    let mut reloads = api.take_reloads();
    let answering = async {
        let names = |name: &str| vec![name.to_owned()];
        let reloaded = Reloaded { applied: names("log_level"), needs_restart: names("port") };
        reloads.recv().await.expect("a request").answer(Ok(reloaded));
        let wrong = "there is no setting prot".to_owned();
        reloads.recv().await.expect("a request").answer(Err(wrong));
        drop(reloads.recv().await.expect("a request"));
        drop(reloads);
    };
    let asking = async {
        let told = ask(&api, "POST", "/api/reload").await;
        assert_eq!(told, (200, json!({"applied": ["log_level"], "needs_restart": ["port"]})));
        let (status, problem) = ask(&api, "POST", "/api/reload").await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid_configuration")));
        assert_eq!(problem["error"], "there is no setting prot");
        // One that is dropped, and those that come when nobody takes them any more.
        for _ in 0..2 {
            let (status, problem) = ask(&api, "POST", "/api/reload").await;
            assert_eq!((status, &problem["code"]), (503, &json!("draining")));
        }
    };
    let both = async { tokio::join!(answering, asking) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("answered in time");
}
