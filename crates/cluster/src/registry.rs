//! The camera list that all instances share. Each keeps what it has read, by versions, so that a
//! look at a long list costs little and a change that would undo somebody else's is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use fanlight_engine::{
    CameraConfig, CameraId, Error, ErrorKind, Loaded, Registry, Result, read_camera, write_camera,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::redis::Sealed;
use crate::seal::Seal;

/// The shared list, as one instance sees it.
pub struct RedisRegistry {
    inner: Arc<Inner>,
    /// Where calls to Redis run: the engine's own threads wait for them, some in async code.
    runtime: Handle,
    degraded: watch::Receiver<Option<Error>>,
}

struct Inner {
    store: Sealed,
    seal: Arc<Seal>,
    prefix: String,
    known: tokio::sync::Mutex<Known>,
    ids: watch::Sender<Arc<BTreeSet<CameraId>>>,
    /// Entries that could not be read, so that each is told of once.
    told: Mutex<BTreeSet<CameraId>>,
}

/// What was read last.
#[derive(Default)]
struct Known {
    generation: Option<String>,
    cameras: BTreeMap<CameraId, (u64, CameraConfig)>,
}

impl RedisRegistry {
    pub(crate) fn new(
        store: Sealed,
        seal: Arc<Seal>,
        prefix: &str,
        runtime: Handle,
        degraded: watch::Receiver<Option<Error>>,
    ) -> Self {
        let inner = Inner {
            store,
            seal,
            prefix: prefix.to_owned(),
            known: tokio::sync::Mutex::default(),
            ids: watch::Sender::new(Arc::default()),
            told: Mutex::default(),
        };
        Self { inner: Arc::new(inner), runtime, degraded }
    }

    /// The ids in the list, as they were read last.
    pub(crate) fn ids(&self) -> watch::Receiver<Arc<BTreeSet<CameraId>>> {
        self.inner.ids.subscribe()
    }

    /// Runs a call on the cluster's threads, while this one waits.
    fn wait<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            let _ = tell.send(call.await);
        });
        told.recv().unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::SharedStateUnavailable, "Fanlight has left its cluster"))
        })
    }
}

impl Registry for RedisRegistry {
    fn load(&self) -> Result<Loaded> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move { inner.load().await })
    }

    /// By what the last beat came to: whoever asks must not wait for Redis.
    fn check(&self) -> Result<()> {
        self.degraded().map_or(Ok(()), Err)
    }

    fn put(&self, camera: &CameraConfig) -> Result<()> {
        let (inner, camera) = (Arc::clone(&self.inner), camera.clone());
        self.wait(async move { inner.put(camera).await })
    }

    fn remove(&self, id: &CameraId) -> Result<()> {
        let (inner, id) = (Arc::clone(&self.inner), id.clone());
        self.wait(async move { inner.remove(&id).await })
    }

    fn degraded(&self) -> Option<Error> {
        self.degraded.borrow().clone()
    }
}

impl Inner {
    async fn load(&self) -> Result<Loaded> {
        let mut known = self.known.lock().await;
        let mut now = self.store.contents().await?;
        if now.generation.is_none() || known.generation != now.generation {
            if let Some(before) = self.begin(&mut known, now.generation.as_deref()).await? {
                tracing::warn!(
                    "Redis had lost the camera list; the {before} cameras known here are in it again"
                );
            }
            now = self.store.contents().await?;
            known.generation.clone_from(&now.generation);
            // Its versions count anew, so none of ours means anything.
            known.cameras.values_mut().for_each(|(version, _)| *version = 0);
        }
        known.cameras.retain(|id, _| now.versions.contains_key(id.as_str()));
        let changed: Vec<String> = now
            .versions
            .iter()
            .filter(|(id, version)| {
                let ours = CameraId::parse(id).ok().and_then(|id| Some(known.cameras.get(&id)?.0));
                ours != Some(**version)
            })
            .map(|(id, _)| id.clone())
            .collect();
        let mut damaged = Vec::new();
        for (id, version, sealed) in self.store.entries(&changed).await? {
            let id = CameraId::parse(&id)?;
            match self.read(&id, &sealed) {
                Ok(camera) => drop(known.cameras.insert(id, (version, camera))),
                // What was known of it before is better than nothing.
                Err(error) => damaged.push((id, error)),
            }
        }
        self.publish(&known);
        let notice = self.notice(&damaged, known.cameras.is_empty())?;
        let cameras = known.cameras.values().map(|(_, camera)| camera.clone()).collect();
        Ok(Loaded { cameras, notice })
    }

    fn read(&self, id: &CameraId, sealed: &[u8]) -> Result<CameraConfig> {
        let camera = read_camera(&self.seal.open(&self.prefix, id, sealed)?)?;
        if camera.id == *id {
            Ok(camera)
        } else {
            Err(Error::new(ErrorKind::StorageFailed, format!("camera {id} holds another's entry")))
        }
    }

    /// A list that cannot be read at all is most likely another key's; to go on would look as if
    /// there were no cameras.
    fn notice(&self, damaged: &[(CameraId, Error)], all: bool) -> Result<Option<String>> {
        let Some((_, first)) = damaged.first().cloned() else { return Ok(None) };
        if all {
            return Err(first);
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, error) in damaged {
            if told.insert(id.clone()) {
                tracing::error!("{error}");
            }
        }
        Ok(Some(first.message().to_owned()))
    }

    /// Gives a list that is new or was lost a name and the cameras known here. An empty list would
    /// have every instance close every camera only because Redis lost its memory. Returns how many
    /// cameras were known, where any were.
    async fn begin(&self, known: &mut Known, there: Option<&str>) -> Result<Option<usize>> {
        let name = match there {
            Some(name) => name.to_owned(),
            None => random_name()?,
        };
        let entries = known
            .cameras
            .iter()
            .map(|(id, (_, camera))| {
                let sealed = self.seal.seal(&self.prefix, id, &write_camera(camera))?;
                Ok((id.to_string(), sealed))
            })
            .collect::<Result<Vec<_>>>()?;
        if there.is_none() || !entries.is_empty() {
            self.store.restore(&name, &entries).await?;
        }
        Ok((!entries.is_empty()).then_some(entries.len()))
    }

    async fn put(&self, camera: CameraConfig) -> Result<()> {
        let mut known = self.known.lock().await;
        let version = known.cameras.get(&camera.id).map_or(0, |(version, _)| *version);
        let sealed = self.seal.seal(&self.prefix, &camera.id, &write_camera(&camera))?;
        let version = self.store.put(camera.id.as_str(), version, Some(&sealed)).await?;
        known.cameras.insert(camera.id.clone(), (version, camera));
        self.publish(&known);
        Ok(())
    }

    async fn remove(&self, id: &CameraId) -> Result<()> {
        let mut known = self.known.lock().await;
        let version = known.cameras.get(id).map_or(0, |(version, _)| *version);
        self.store.put(id.as_str(), version, None).await?;
        known.cameras.remove(id);
        self.publish(&known);
        Ok(())
    }

    fn publish(&self, known: &Known) {
        let ids: BTreeSet<CameraId> = known.cameras.keys().cloned().collect();
        self.ids.send_if_modified(|before| {
            let changed = **before != ids;
            if changed {
                *before = Arc::new(ids);
            }
            changed
        });
    }
}

fn random_name() -> Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random numbers"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
