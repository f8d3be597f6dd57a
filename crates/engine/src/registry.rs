//! Where the camera list survives a restart. A narrow seam: load once, then put and remove one
//! camera at a time, so that a store shared by several machines fits behind it.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atomic_write_file::AtomicWriteFile;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::camera_url::CameraUrl;
use crate::config::{CameraConfig, CameraId, Size};
use crate::error::{Error, ErrorKind, Result};
use crate::vault::{self, Vault};

/// What a registry held at the start.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The cameras.
    pub cameras: Vec<CameraConfig>,
    /// What a person should know, when something could not be read.
    pub notice: Option<String>,
}

/// A store of camera settings. Calls may block for a disk's write.
pub trait Registry: Send + Sync {
    /// All cameras.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`] when the store cannot be reached; starting without it could
    /// lose what it holds.
    fn load(&self) -> Result<Loaded>;

    /// Whether changes can be stored now.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`].
    fn check(&self) -> Result<()>;

    /// Adds or replaces one camera.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`]; the store is then as it was. Where several instances share
    /// it, [`ErrorKind::ChangedElsewhere`] when another one changed the camera since this one last
    /// loaded it, and [`ErrorKind::SharedStateUnavailable`].
    fn put(&self, camera: &CameraConfig) -> Result<()>;

    /// Removes one camera.
    ///
    /// # Errors
    /// As [`Registry::put`].
    fn remove(&self, id: &CameraId) -> Result<()>;

    /// Why changes cannot be stored for now, where that is known without asking. Never blocks.
    fn degraded(&self) -> Option<Error> {
        None
    }
}

/// One camera as every registry stores it: JSON with its passwords.
pub fn write_camera(camera: &CameraConfig) -> Vec<u8> {
    serde_json::to_vec(&Entry::from(camera)).expect("texts and numbers are JSON")
}

/// Reads what [`write_camera`] wrote, here or in an earlier version.
///
/// # Errors
/// [`ErrorKind::StorageFailed`] when it is no such entry; the text holds nothing of it.
pub fn read_camera(json: &[u8]) -> Result<CameraConfig> {
    let damaged = |_| Error::new(ErrorKind::StorageFailed, "a field is missing or of a wrong kind");
    CameraConfig::try_from(&serde_json::from_slice::<Entry>(json).map_err(damaged)?)
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct MemoryRegistry;

impl Registry for MemoryRegistry {
    fn load(&self) -> Result<Loaded> {
        Ok(Loaded::default())
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn put(&self, _: &CameraConfig) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _: &CameraId) -> Result<()> {
        Ok(())
    }
}

/// Keeps the cameras in one JSON file that only its user can read: it holds passwords. Each
/// change writes the whole file beside the old one and then takes its place.
#[derive(Debug)]
pub struct FileRegistry {
    path: PathBuf,
    /// What the file holds.
    entries: Mutex<Vec<Entry>>,
    /// Tells other processes that this one uses the list, for as long as it lives.
    lock: Mutex<Option<File>>,
    /// Where passwords are kept instead, if anywhere.
    vault: Option<Arc<dyn Vault>>,
    /// The cameras whose passwords it did not give out.
    unread: Mutex<HashSet<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    version: u32,
    cameras: Vec<serde_json::Value>,
}

const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    id: String,
    name: String,
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls_fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    substream: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leave_after_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// Where the URLs are kept with all that is secret in them; those that stand here are masked then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secrets: Option<Secrets>,
    width: u32,
    height: u32,
    frame_buffer_size: usize,
    client_buffer_size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Secrets {
    Vault,
}

impl Entry {
    /// Without the secrets, which are in a vault.
    fn masked(mut self, camera: &CameraConfig) -> Self {
        camera.url.masked().clone_into(&mut self.url);
        self.substream = camera.substream.as_ref().map(|url| url.masked().to_owned());
        self.secrets = Some(Secrets::Vault);
        self
    }

    /// Whether this is the camera as it is while its secrets cannot be read.
    fn is_stood_in_by(&self, camera: &CameraConfig) -> bool {
        let Ok(mut known) = CameraConfig::try_from(self) else { return false };
        self.secrets.is_some()
            && vault::stand_in(&mut known).is_ok()
            && (&known.url, &known.substream) == (&camera.url, &camera.substream)
    }
}

impl From<&CameraConfig> for Entry {
    fn from(camera: &CameraConfig) -> Self {
        Self {
            id: camera.id.to_string(),
            name: camera.name.clone(),
            url: camera.url.expose().to_owned(),
            tls_fingerprint: camera.tls_fingerprint.map(|f| f.to_string()),
            substream: camera.substream.as_ref().map(|url| url.expose().to_owned()),
            transport: Some(camera.transport.name().to_owned()),
            mode: Some(camera.mode.name().to_owned()),
            leave_after_seconds: Some(camera.leave_after.as_secs_f64()),
            record: Some(camera.record.name().to_owned()),
            secrets: None,
            width: camera.size.width(),
            height: camera.size.height(),
            frame_buffer_size: camera.frame_buffer_size,
            client_buffer_size: camera.client_buffer_size,
        }
    }
}

impl TryFrom<&Entry> for CameraConfig {
    type Error = Error;

    fn try_from(entry: &Entry) -> Result<Self> {
        // Fields that an older version did not write have their defaults.
        let mut camera = Self::new(CameraId::parse(&entry.id)?, CameraUrl::parse(&entry.url)?);
        entry.name.clone_into(&mut camera.name);
        camera.tls_fingerprint = entry.tls_fingerprint.as_deref().map(str::parse).transpose()?;
        camera.substream = entry.substream.as_deref().map(CameraUrl::parse).transpose()?;
        camera.size = Size::new(entry.width, entry.height)?;
        camera.frame_buffer_size = entry.frame_buffer_size;
        camera.client_buffer_size = entry.client_buffer_size;
        if let Some(transport) = &entry.transport {
            camera.transport = transport.parse()?;
        }
        if let Some(mode) = &entry.mode {
            camera.mode = mode.parse()?;
        }
        if let Some(seconds) = entry.leave_after_seconds {
            camera.leave_after = seconds_of(seconds)?;
        }
        if let Some(record) = &entry.record {
            camera.record = record.parse()?;
        }
        camera.check()?;
        Ok(camera)
    }
}

fn seconds_of(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Error::new(ErrorKind::InvalidRequest, "leave_after is no number of seconds"))
}

impl FileRegistry {
    /// A registry in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            entries: Mutex::default(),
            lock: Mutex::default(),
            vault: None,
            unread: Mutex::default(),
        }
    }

    /// Keeps passwords in this vault from now on, those of the file too. Where it does not take one, it
    /// stays in the file.
    #[must_use]
    pub fn with_vault(self, vault: Arc<dyn Vault>) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// The entry of a camera, and its secrets where they belong.
    fn entry(&self, camera: &CameraConfig, former: Option<&Entry>) -> Entry {
        let entry = Entry::from(camera);
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        let stands_in =
            |former: &&Entry| unread.contains(&entry.id) && former.is_stood_in_by(camera);
        if let Some(former) = former.filter(stands_in) {
            // What nobody could read is no less the camera's password.
            let (url, substream) = (former.url.clone(), former.substream.clone());
            return Entry { url, substream, secrets: former.secrets, ..entry };
        }
        let Some(vault) = self.vault.as_deref().filter(|_| vault::has_secrets(camera)) else {
            return entry;
        };
        match vault::keep(vault, camera) {
            Ok(()) => entry.masked(camera),
            Err(why) => {
                tracing::warn!(camera = %camera.id, "its password is kept in the camera list: {why}");
                entry
            }
        }
    }

    /// Fills in what a vault keeps; why that of some cameras is missing.
    fn fill_in(&self, entries: &[Entry], cameras: &mut [CameraConfig]) -> Option<String> {
        let mut missing = 0;
        let mut reason = String::new();
        for (entry, camera) in entries.iter().zip(cameras) {
            if entry.secrets.is_none() {
                continue;
            }
            let filled = match &self.vault {
                Some(vault) => vault::fill(&**vault, camera),
                None => Err("Fanlight found none that works".to_owned()),
            };
            if let Err(why) = filled {
                (missing, reason) = (missing + 1, why);
                self.unread.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.id.clone());
                if let Err(error) = vault::stand_in(camera) {
                    tracing::warn!(camera = %camera.id, "{error}");
                }
            }
        }
        (missing > 0).then(|| {
            format!(
                "The passwords of {missing} cameras are in the system's keyring, which does not give them out: \
                 {reason}. Unlock it and start Fanlight again, or enter them anew."
            )
        })
    }

    /// Moves the passwords of the file into the vault. Where that fails the file stays as it is.
    fn move_to_vault(&self, cameras: &[CameraConfig]) -> Result<()> {
        let is_open = |entry: &&Entry| entry.secrets.is_none();
        let open: Vec<String> = {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.iter().filter(is_open).map(|entry| entry.id.clone()).collect()
        };
        let moved: Vec<Entry> = cameras
            .iter()
            .filter(|camera| vault::has_secrets(camera))
            .filter(|camera| open.iter().any(|id| id == camera.id.as_str()))
            .map(|camera| self.entry(camera, None))
            .filter(|entry| entry.secrets.is_some())
            .collect();
        if moved.is_empty() {
            return Ok(());
        }
        self.change(|entries| {
            for entry in entries {
                if let Some(moved) = moved.iter().find(|moved| moved.id == entry.id) {
                    *entry = moved.clone();
                }
            }
        })
    }

    /// Takes the list for this process alone, as long as this registry lives. Whoever has loaded it
    /// would write over what somebody else adds.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`] while another process uses the list.
    pub fn take_alone(&self) -> Result<()> {
        let file = self.lock_file().map_err(|e| self.failed("locked", &e))?;
        match file.try_lock() {
            Ok(()) => *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(file),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::StorageFailed,
                    format!("a Fanlight that is running uses {}", self.path.display()),
                ));
            }
            Err(TryLockError::Error(e)) => return Err(self.failed("locked", &e)),
        }
        Ok(())
    }

    /// What is in the file, without using it: nothing is locked, made or set aside, so that a list
    /// may be looked at while a Fanlight runs on it.
    ///
    /// # Errors
    /// [`ErrorKind::StorageFailed`] when the file is there and cannot be read.
    pub fn peek(&self) -> Result<Loaded> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Loaded::default()),
            Err(e) => return Err(self.failed("read", &e)),
        };
        let (entries, mut cameras, damage) = parse(&bytes);
        let missing = self.fill_in(&entries, &mut cameras);
        let damage = damage.map(|damage| {
            let path = self.path.display();
            format!(
                "the camera list {path} is damaged ({damage}); {} of its cameras can be read",
                cameras.len()
            )
        });
        Ok(Loaded { cameras, notice: damage.or(missing) })
    }

    /// Tells others that the list is in use. Where files cannot be locked, nobody is told.
    fn share(&self) -> Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        let Ok(file) = self.lock_file() else { return Ok(()) };
        if let Err(TryLockError::WouldBlock) = file.try_lock_shared() {
            return Err(Error::new(
                ErrorKind::StorageFailed,
                "cameras are being imported into this list; start again in a moment",
            ));
        }
        *lock = Some(file);
        Ok(())
    }

    /// The list itself is replaced at each change, so a file beside it is locked.
    fn lock_file(&self) -> io::Result<File> {
        make_folder(&self.path)?;
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.with_file_name(name))
    }

    fn failed(&self, what: &str, error: &io::Error) -> Error {
        Error::new(
            ErrorKind::StorageFailed,
            format!("the camera list {} cannot be {what}: {error}", self.path.display()),
        )
    }

    /// Makes the change on disk first; what is in memory follows only when that worked.
    fn change(&self, change: impl FnOnce(&mut Vec<Entry>)) -> Result<()> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = entries.clone();
        change(&mut changed);
        write(&self.path, &changed).map_err(|e| self.failed("saved", &e))?;
        *entries = changed;
        Ok(())
    }

    /// Puts a copy of a file that cannot be read in full where it is never overwritten.
    fn set_aside(&self) -> Result<PathBuf> {
        let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%.fZ");
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".damaged-{stamp}"));
        let aside = self.path.with_file_name(name);
        fs::copy(&self.path, &aside).map_err(|e| self.failed("set aside", &e))?;
        Ok(aside)
    }
}

impl Registry for FileRegistry {
    fn load(&self) -> Result<Loaded> {
        self.share()?;
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Loaded::default()),
            Err(e) => return Err(self.failed("read", &e)),
        };
        let (entries, mut cameras, damage) = parse(&bytes);
        let missing = self.fill_in(&entries, &mut cameras);
        *self.entries.lock().unwrap_or_else(PoisonError::into_inner) = entries;
        let damage = match damage {
            None => None,
            Some(damage) => {
                let aside = self.set_aside()?;
                Some(format!(
                    "The camera list was damaged ({damage}). {} of its cameras were restored; the file as it was is kept as {}.",
                    cameras.len(),
                    aside.display()
                ))
            }
        };
        if self.vault.is_some()
            && let Err(error) = self.move_to_vault(&cameras)
        {
            tracing::warn!("passwords stay in the camera list: {error}");
        }
        let notices: Vec<_> = [damage, missing].into_iter().flatten().collect();
        let notice = (!notices.is_empty()).then(|| notices.join(" "));
        Ok(Loaded { cameras, notice })
    }

    /// By writing what is there anyway.
    fn check(&self) -> Result<()> {
        self.change(|_| ())
    }

    fn put(&self, camera: &CameraConfig) -> Result<()> {
        let former = {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.iter().find(|e| e.id == camera.id.as_str()).cloned()
        };
        let kept_before = match &self.vault {
            Some(vault) => vault.fetch(camera.id.as_str()).ok().flatten(),
            None => None,
        };
        let entry = self.entry(camera, former.as_ref());
        let is_kept = entry.secrets.is_some();
        let changed = self.change(|entries| match entries.iter_mut().find(|e| e.id == entry.id) {
            Some(existing) => *existing = entry,
            None => entries.push(entry),
        });
        if let Some(vault) = &self.vault {
            match (&changed, kept_before) {
                // The list is as it was, and so is the vault.
                (Err(_), Some(before)) => {
                    if let Err(why) = vault.keep(camera.id.as_str(), &before) {
                        tracing::warn!(camera = %camera.id, "its former password is lost: {why}");
                    }
                }
                (Err(_), None) if is_kept => vault::forget(&**vault, &camera.id),
                (Ok(()), Some(_)) if !is_kept => vault::forget(&**vault, &camera.id),
                _ => {}
            }
        }
        changed
    }

    fn remove(&self, id: &CameraId) -> Result<()> {
        self.change(|entries| entries.retain(|e| e.id != id.as_str()))?;
        if let Some(vault) = &self.vault {
            vault::forget(&**vault, id);
        }
        Ok(())
    }
}

/// What can be read of a file, and what is wrong with it.
fn parse(bytes: &[u8]) -> (Vec<Entry>, Vec<CameraConfig>, Option<String>) {
    let file: Document = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        // The text of serde's errors holds positions, never values.
        Err(e) => return (Vec::new(), Vec::new(), Some(e.to_string())),
    };
    if file.version != VERSION {
        let damage = format!("it is of version {}, this is {VERSION}", file.version);
        return (Vec::new(), Vec::new(), Some(damage));
    }
    let mut entries = Vec::new();
    let mut cameras: Vec<CameraConfig> = Vec::new();
    let mut damage = None;
    for (number, value) in file.cameras.into_iter().enumerate() {
        let read = serde_json::from_value::<Entry>(value)
            .map_err(|_| "a field is missing or of the wrong kind".to_owned())
            .and_then(|entry| {
                let camera = CameraConfig::try_from(&entry).map_err(|e| e.to_string())?;
                Ok((entry, camera))
            });
        match read {
            Ok((_, camera)) if cameras.iter().any(|c| c.id == camera.id) => {
                damage = Some(format!("camera {} stands in it twice", camera.id));
            }
            Ok((entry, camera)) => {
                entries.push(entry);
                cameras.push(camera);
            }
            Err(why) => damage = Some(format!("camera number {}: {why}", number + 1)),
        }
    }
    (entries, cameras, damage)
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    }
}

fn write(path: &Path, entries: &[Entry]) -> io::Result<()> {
    make_folder(path)?;
    let cameras =
        entries.iter().map(serde_json::to_value).collect::<std::result::Result<_, _>>()?;
    let json = serde_json::to_vec_pretty(&Document { version: VERSION, cameras })?;
    let mut options = AtomicWriteFile::options();
    #[cfg(unix)]
    {
        use atomic_write_file::unix::OpenOptionsExt as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).preserve_mode(false);
    }
    let mut file = options.open(path)?;
    file.write_all(&json)?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::{fixture, rstest};

    struct Home {
        folder: tempfile::TempDir,
    }

    impl Home {
        fn path(&self) -> PathBuf {
            self.folder.path().join("state/cameras.json")
        }

        fn registry(&self) -> FileRegistry {
            FileRegistry::new(self.path())
        }

        fn holds(&self, text: &str) {
            fs::create_dir_all(self.path().parent().expect("a folder")).expect("created");
            fs::write(self.path(), text).expect("written");
        }

        fn damaged_copies(&self) -> Vec<String> {
            fs::read_dir(self.path().parent().expect("a folder"))
                .expect("a folder")
                .map(|entry| entry.expect("readable"))
                .filter(|e| e.file_name().to_string_lossy().contains(".damaged-"))
                .map(|e| fs::read_to_string(e.path()).expect("readable"))
                .collect()
        }
    }

    #[fixture]
    fn home() -> Home {
        Home { folder: tempfile::tempdir().expect("a folder") }
    }

    /// A vault that can be locked.
    #[derive(Debug, Default)]
    struct Safe {
        kept: Mutex<std::collections::HashMap<String, String>>,
        locked: std::sync::atomic::AtomicBool,
    }

    impl Safe {
        fn lock(&self, locked: bool) {
            self.locked.store(locked, std::sync::atomic::Ordering::Relaxed);
        }

        fn open(
            &self,
        ) -> std::result::Result<
            std::sync::MutexGuard<'_, std::collections::HashMap<String, String>>,
            String,
        > {
            if self.locked.load(std::sync::atomic::Ordering::Relaxed) {
                return Err("it is locked".to_owned());
            }
            Ok(self.kept.lock().expect("nobody panicked"))
        }

        fn holds(&self, name: &str) -> String {
            self.kept.lock().expect("nobody panicked").get(name).cloned().unwrap_or_default()
        }
    }

    impl Vault for Safe {
        fn keep(
            &self,
            name: &str,
            secret: &secrecy::SecretString,
        ) -> std::result::Result<(), String> {
            use secrecy::ExposeSecret as _;
            self.open()?.insert(name.to_owned(), secret.expose_secret().to_owned());
            Ok(())
        }

        fn fetch(&self, name: &str) -> std::result::Result<Option<secrecy::SecretString>, String> {
            Ok(self.open()?.get(name).cloned().map(Into::into))
        }

        fn forget(&self, name: &str) -> std::result::Result<(), String> {
            self.open()?.remove(name);
            Ok(())
        }
    }

    #[rstest]
    fn passwords_lie_in_the_vault_and_not_in_the_file(home: Home) {
        let safe = Arc::<Safe>::default();
        // One that was there before anybody had a vault.
        home.registry().put(&camera("a")).expect("saved");
        let registry = home.registry().with_vault(safe.clone());
        assert_eq!(registry.load().expect("loads").cameras, [camera("a")]);
        let mut other = camera("b");
        other.substream = Some(CameraUrl::parse("rtsp://admin:other@cam/2").expect("valid"));
        registry.put(&other).expect("saved");
        let text = fs::read_to_string(home.path()).expect("readable");
        assert!(!text.contains("secret@") && !text.contains("other"), "{text}");
        assert!(safe.holds("a").contains("secret@cam") && safe.holds("b").contains("other@cam"));
        let loaded = home.registry().with_vault(safe.clone()).load().expect("loads");
        assert_eq!((loaded.cameras, loaded.notice), (vec![camera("a"), other], None));
        registry.remove(&camera("b").id).expect("saved");
        assert_eq!(safe.holds("b"), "");
    }

    #[rstest]
    fn a_locked_vault_loses_nothing(home: Home) {
        let safe = Arc::<Safe>::default();
        home.registry().with_vault(safe.clone()).put(&camera("a")).expect("saved");
        safe.lock(true);
        let registry = home.registry().with_vault(safe.clone());
        let Loaded { mut cameras, notice } = registry.load().expect("loads");
        assert!(notice.is_some_and(|notice| notice.contains("it is locked")));
        assert_eq!(cameras[0].url.expose(), "rtsp://cam/1", "no password that is none is sent");
        "Front door".clone_into(&mut cameras[0].name);
        registry.put(&cameras[0]).expect("saved");
        registry.put(&camera("c")).expect("kept in the file");
        safe.lock(false);
        let loaded = home.registry().with_vault(safe.clone()).load().expect("loads");
        assert_eq!(loaded.cameras[0].url, camera("a").url);
        assert_eq!(loaded.cameras[0].name, "Front door");
        assert_eq!(loaded.cameras[1], camera("c"));
        assert!(safe.holds("c").contains("secret@"), "moved as soon as it could be");
    }

    #[rstest]
    fn a_list_that_cannot_be_saved_leaves_the_vault_as_it_was(home: Home) {
        let safe = Arc::<Safe>::default();
        let registry = home.registry().with_vault(safe.clone());
        registry.put(&camera("a")).expect("saved");
        let before = safe.holds("a");
        fs::remove_file(home.path()).expect("removed");
        fs::create_dir(home.path()).expect("in the way");
        let mut changed = camera("a");
        changed.url = CameraUrl::parse("rtsp://admin:another@cam/1").expect("valid");
        registry.put(&changed).expect_err("a folder is in the way");
        registry.put(&camera("b")).expect_err("a folder is in the way");
        assert_eq!((safe.holds("a"), safe.holds("b")), (before, String::new()));
    }

    #[rstest]
    fn a_camera_without_a_password_any_more_leaves_none_behind(home: Home) {
        let safe = Arc::<Safe>::default();
        let registry = home.registry().with_vault(safe.clone());
        registry.put(&camera("a")).expect("saved");
        let mut open = camera("a");
        open.url = CameraUrl::parse("rtsp://cam/1").expect("valid");
        registry.put(&open).expect("saved");
        assert_eq!(safe.holds("a"), "");
        assert_eq!(home.registry().load().expect("loads").cameras, [open]);
    }

    fn camera(id: &str) -> CameraConfig {
        let url = CameraUrl::parse("rtsp://admin:secret@cam/1").expect("valid");
        CameraConfig::new(CameraId::parse(id).expect("valid"), url)
    }

    #[rstest]
    fn a_peek_leaves_everything_as_it_is(home: Home) {
        assert!(home.registry().peek().expect("nothing there").cameras.is_empty());
        assert!(!home.path().parent().expect("a folder").exists());
        home.registry().put(&camera("a")).expect("saved");
        assert_eq!(home.registry().peek().expect("read").cameras, [camera("a")]);
        home.holds("{");
        let peeking = home.registry();
        let notice = peeking.peek().expect("read").notice.expect("damaged");
        assert!(notice.contains("is damaged"), "{notice}");
        assert!(home.damaged_copies().is_empty());
        home.registry().take_alone().expect("nobody holds it");
    }

    #[rstest]
    fn cameras_survive(home: Home) {
        let registry = home.registry();
        assert!(registry.load().expect("loads").cameras.is_empty());
        registry.put(&camera("a")).expect("saved");
        registry.put(&camera("b")).expect("saved");
        registry.remove(&camera("a").id).expect("saved");
        let loaded = home.registry().load().expect("loads");
        assert_eq!(loaded.cameras, [camera("b")]);
        assert_eq!(loaded.notice, None);
    }

    #[cfg(unix)]
    #[rstest]
    fn only_the_user_can_read_it(home: Home) {
        use std::os::unix::fs::PermissionsExt as _;
        home.registry().put(&camera("a")).expect("saved");
        let mode = fs::metadata(home.path()).expect("exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[rstest]
    fn a_list_in_use_is_not_taken_away(home: Home) {
        let running = home.registry();
        running.load().expect("loads");
        home.registry().load().expect("a second one may read along");
        assert_eq!(home.registry().take_alone().unwrap_err().kind(), ErrorKind::StorageFailed);
        drop(running);
        let alone = home.registry();
        alone.take_alone().expect("free again");
        alone.load().expect("loads");
        assert_eq!(home.registry().load().unwrap_err().kind(), ErrorKind::StorageFailed);
    }

    #[rstest]
    #[case::no_json("{ not json", 0)]
    #[case::empty("", 0)]
    #[case::from_the_future(r#"{"version": 9, "cameras": []}"#, 0)]
    #[case::one_bad_camera(
        r#"{"version": 1, "cameras": [{"id": "bad"}, {"id": "a", "name": "a", "url": "rtsp://c/1",
        "width": 640, "height": 480, "frame_buffer_size": 100, "client_buffer_size": 10}]}"#,
        1
    )]
    fn a_damaged_file_is_set_aside(home: Home, #[case] text: &str, #[case] restored: usize) {
        home.holds(text);
        let registry = home.registry();
        let loaded = registry.load().expect("loads");
        assert_eq!(loaded.cameras.len(), restored);
        assert!(loaded.notice.expect("a notice").contains(".damaged-"));
        registry.put(&camera("new")).expect("saved");
        assert_eq!(home.damaged_copies(), [text]);
        assert_eq!(home.registry().load().expect("loads").cameras.len(), restored + 1);
    }

    #[rstest]
    fn a_failed_write_changes_nothing(home: Home) {
        let registry = home.registry();
        registry.put(&camera("a")).expect("saved");
        let folder = home.path().parent().expect("a folder").to_owned();
        fs::rename(&folder, folder.with_extension("gone")).expect("renamed");
        fs::write(&folder, "a file where the folder was").expect("written");
        assert_eq!(registry.put(&camera("b")).unwrap_err().kind(), ErrorKind::StorageFailed);
        fs::remove_file(&folder).expect("removed");
        fs::rename(folder.with_extension("gone"), &folder).expect("renamed");
        assert_eq!(home.registry().load().expect("loads").cameras, [camera("a")]);
    }
}
