//! Knocks at every address of our networks for RTSP, slowly enough for a home's router.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::device::{Device, SeenBy};
use crate::text::tidy;

const PORTS: [u16; 2] = [554, 8554];
/// Addresses that are waited for at a time.
const AT_ONCE: usize = 64;
/// One connection in this time, 200 a second: small routers keep a table of them.
const PACE: Duration = Duration::from_millis(5);
/// Within a house an answer takes milliseconds; a camera that has slept may need a moment.
const CONNECT: Duration = Duration::from_millis(800);
const ANSWER: Duration = Duration::from_secs(2);
/// A status line and some headers.
const MAX_ANSWER: usize = 2048;

/// Knocks at each address; hands over who speaks RTSP, and says after each that it is done.
pub(crate) async fn look(
    hosts: &[Ipv4Addr],
    found: &(impl Fn(Device) + Sync),
    done: &(impl Fn() + Sync),
) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pace = &Mutex::new(pace);
    stream::iter(hosts)
        .for_each_concurrent(AT_ONCE, |host| async move {
            for port in PORTS {
                if let Some(device) = knock(*host, port, pace).await {
                    found(device);
                    break;
                }
            }
            done();
        })
        .await;
}

async fn knock(host: Ipv4Addr, port: u16, pace: &Mutex<Interval>) -> Option<Device> {
    pace.lock().await.tick().await;
    let connection = timeout(CONNECT, TcpStream::connect((host, port))).await.ok()?.ok()?;
    let answer = timeout(ANSWER, ask(connection, host, port)).await.ok()?.ok()?;
    if !answer.starts_with("RTSP/1.") && !answer.starts_with("RTSP/2.") {
        return None;
    }
    let mut device = Device::new(host, SeenBy::Sweep);
    device.port = Some(port);
    device.name = server(&answer);
    Some(device)
}

async fn ask(mut connection: TcpStream, host: Ipv4Addr, port: u16) -> std::io::Result<String> {
    let request = format!(
        "OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Fanlight\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; MAX_ANSWER];
    let mut size = 0;
    while size < answer.len() && !answer[..size].ends_with(b"\r\n\r\n") {
        match connection.read(&mut answer[size..]).await? {
            0 => break,
            more => size += more,
        }
    }
    Ok(String::from_utf8_lossy(&answer[..size]).into_owned())
}

/// What the server calls itself.
fn server(answer: &str) -> Option<String> {
    let mut headers = answer.lines().filter_map(|line| line.split_once(':'));
    headers.find(|(name, _)| name.eq_ignore_ascii_case("server")).and_then(|(_, value)| tidy(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::net::TcpListener;

    async fn answering(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = [0; 512];
                let _ = connection.read(&mut request).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        port
    }

    #[rstest]
    #[case("RTSP/1.0 200 OK\r\nCSeq: 1\r\nserver: Hipcam\r\n\r\n", true, Some("Hipcam"))]
    #[case("RTSP/1.0 401 Unauthorized\r\n\r\n", true, None)]
    #[case("HTTP/1.1 400 Bad Request\r\n\r\n", false, None)]
    #[case("SSH-2.0-x\r\n", false, None)]
    #[tokio::test]
    async fn only_who_speaks_rtsp_is_found(
        #[case] answer: &'static str,
        #[case] is_one: bool,
        #[case] name: Option<&str>,
    ) {
        let port = answering(answer).await;
        let found = knock(Ipv4Addr::LOCALHOST, port, &Mutex::new(interval(PACE))).await;
        assert_eq!(found.is_some(), is_one);
        assert_eq!(found.and_then(|device| device.name).as_deref(), name);
    }

    #[tokio::test]
    async fn who_sends_without_end_is_left() {
        let port = answering(Box::leak("x".repeat(1 << 20).into_boxed_str())).await;
        let found = knock(Ipv4Addr::LOCALHOST, port, &Mutex::new(interval(PACE))).await;
        assert!(found.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn two_hundred_connections_a_second_at_most() {
        // Nobody listens at port 554 or 8554 of these loopback addresses, so only the pace takes time.
        let hosts: Vec<_> = (0..100).map(|i| Ipv4Addr::new(127, 9, 9, i)).collect();
        let begun = tokio::time::Instant::now();
        look(&hosts, &|_| {}, &|| {}).await;
        assert!(begun.elapsed() >= PACE * 199, "{:?}", begun.elapsed());
    }
}
