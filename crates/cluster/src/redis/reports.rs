//! What owners tell of their cameras, in Redis.

use std::sync::LazyLock;

use fanlight_engine::{CameraId, Result};
use redis::Script;

use super::link::Link;
use super::{Address, Keys};

static REPORTS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("reports.lua")));

/// Reports in Redis, as they come.
#[derive(Debug)]
pub(crate) struct Reports {
    link: Link,
    keys: Keys,
    /// The instance that tells.
    name: String,
    /// What it calls a memory in which there is nothing yet.
    offer: String,
}

/// How far an instance has heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Names the memory of Redis.
    memory: String,
    /// The last change in it.
    seq: u64,
}

/// What one call came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// From where on to ask next.
    pub(crate) heard: Heard,
    /// Whether Redis remembers nothing of what was told before, or not all of it.
    pub(crate) anew: bool,
    /// Whether there is more to hear.
    pub(crate) more: bool,
    /// Cameras whose reports were not taken, as they are not leased to this instance.
    pub(crate) refused: Vec<String>,
    /// Reports that changed; nothing for a camera that was removed.
    pub(crate) news: Vec<(CameraId, Vec<u8>)>,
}

type Answer = (String, u8, u64, u8, Vec<String>, Vec<(String, Vec<u8>)>);

impl Reports {
    /// Does not connect yet.
    ///
    /// # Errors
    /// [`fanlight_engine::ErrorKind::Internal`] when TLS is asked for and not to be had.
    pub(crate) fn new(address: Address, prefix: &str, name: &str, offer: String) -> Result<Self> {
        let keys = Keys::new(prefix);
        Ok(Self { link: Link::new(address)?, keys, name: name.to_owned(), offer })
    }

    /// Tells reports, and hears those of others.
    ///
    /// # Errors
    /// [`fanlight_engine::ErrorKind::SharedStateUnavailable`].
    pub(crate) async fn exchange(
        &self,
        heard: &Heard,
        told: &[(CameraId, Vec<u8>)],
    ) -> Result<Exchanged> {
        let keys = &self.keys;
        let answer: Answer = self
            .link
            .call(async |mut connection, run| {
                let mut call = REPORTS.key(&keys.reports);
                call.key(&keys.report_changes)
                    .key(&keys.report_counters)
                    .key(&keys.leases)
                    .arg(&self.name)
                    .arg(run)
                    .arg(&self.offer)
                    .arg(&heard.memory)
                    .arg(heard.seq);
                for (camera, report) in told {
                    call.arg(camera.as_str()).arg(report.as_slice());
                }
                call.invoke_async(&mut connection).await
            })
            .await?;
        let (memory, anew, seq, more, refused, news) = answer;
        Ok(Exchanged {
            heard: Heard { memory, seq },
            anew: anew == 1,
            more: more == 1,
            refused,
            news: news
                .into_iter()
                .filter_map(|(camera, report)| Some((CameraId::parse(&camera).ok()?, report)))
                .collect(),
        })
    }
}
