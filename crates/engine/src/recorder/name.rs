//! What a recording is called: in the API by an id, on disk by its path. Both are made from the
//! camera, the time it began and its kind, and nothing from a request ever becomes a path.
//!
//! ```text
//! door.20260315T081501250Z            door/2026-03-15/08-15-01.250Z.mp4
//! door.20260315T081501250Z.clip       door/2026-03-15/08-15-01.250Z.clip.mp4
//!                                     door/2026-03-15/08-15-01.250Z.part.mp4    while it is written
//! ```

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::{Timestamp, Unit, tz::TimeZone};

use crate::config::CameraId;

/// How a recording came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// By the camera's recorder.
    Recording,
    /// Somebody saved what had just been.
    Clip,
}

impl Kind {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Clip => "clip",
        }
    }
}

/// A recording's name. Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    /// To the millisecond.
    pub(super) started: Timestamp,
    pub(super) camera: CameraId,
    pub(super) kind: Kind,
}

const ID_TIME: &str = "%Y%m%dT%H%M%S%3fZ";
const DATE: &str = "%Y-%m-%d";
const TIME: &str = "%H-%M-%S%.3fZ";
const CLIP: &str = ".clip";
const PART: &str = ".part";
const EXTENSION: &str = ".mp4";

impl Name {
    pub(super) fn new(camera: CameraId, started: Timestamp, kind: Kind) -> Self {
        let started = started.round(Unit::Millisecond).unwrap_or(started);
        Self { started, camera, kind }
    }

    /// The id in the API.
    pub(super) fn id(&self) -> String {
        let clip = if self.kind == Kind::Clip { CLIP } else { "" };
        format!("{}.{}{clip}", self.camera, self.started.strftime(ID_TIME))
    }

    pub(super) fn of_id(id: &str) -> Option<Self> {
        let (id, kind) = kind_of(id);
        let (camera, time) = id.split_once('.')?;
        let (date, millis) = time.strip_suffix('Z')?.split_at_checked(15)?;
        let started = time_of("%Y%m%dT%H%M%S", date, millis)?;
        Some(Self { started, camera: CameraId::parse(camera).ok()?, kind })
    }

    /// Where it lies in the folder, while it is written or after.
    pub(super) fn path(&self, finished: bool) -> PathBuf {
        let clip = if self.kind == Kind::Clip { CLIP } else { "" };
        let part = if finished { "" } else { PART };
        let time = self.started.strftime(TIME);
        Path::new(self.camera.as_str())
            .join(self.started.strftime(DATE).to_string())
            .join(format!("{time}{clip}{part}{EXTENSION}"))
    }

    /// The name of a file of this camera and day, and whether it is finished.
    pub(super) fn of_file(camera: &CameraId, date: &str, file: &str) -> Option<(Self, bool)> {
        let stem = file.strip_suffix(EXTENSION)?;
        let (stem, finished) = match stem.strip_suffix(PART) {
            Some(stem) => (stem, false),
            None => (stem, true),
        };
        let (time, kind) = kind_of(stem);
        let (time, millis) = time.strip_suffix('Z')?.split_once('.')?;
        let started = time_of("%Y-%m-%d %H-%M-%S", &format!("{date} {time}"), millis)?;
        Some((Self { started, camera: camera.clone(), kind }, finished))
    }
}

fn kind_of(text: &str) -> (&str, Kind) {
    match text.strip_suffix(CLIP) {
        Some(text) => (text, Kind::Clip),
        None => (text, Kind::Recording),
    }
}

fn time_of(format: &str, time: &str, millis: &str) -> Option<Timestamp> {
    if millis.len() != 3 || !millis.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = DateTime::strptime(format, time).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Timestamp::from_millisecond(whole.as_millisecond() + millis.parse::<i64>().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Kind::Recording)]
    #[case(Kind::Clip)]
    fn it_is_found_again_by_id_and_by_file(#[case] kind: Kind) {
        let camera = CameraId::parse("front-door_1").expect("valid");
        let name = Name::new(camera.clone(), "2026-03-15T08:15:01.2504Z".parse().expect("t"), kind);
        assert_eq!(Name::of_id(&name.id()), Some(name.clone()));
        for finished in [true, false] {
            let path = name.path(finished);
            let file = path.file_name().and_then(|f| f.to_str()).expect("UTF-8");
            let found = Name::of_file(&camera, "2026-03-15", file);
            assert_eq!(found, Some((name.clone(), finished)), "{file}");
        }
    }

    #[rstest]
    #[case("")]
    #[case("../../etc/passwd")]
    #[case("door.")]
    #[case("door.20260315T081501250Z.mp4")]
    #[case("..20260315T081501250Z")]
    #[case("a/b.20260315T081501250Z")]
    #[case("door.20260315T08150125éZ")]
    #[case("door.20261315T081501250Z")]
    fn nothing_else_is_an_id(#[case] id: &str) {
        assert_eq!(Name::of_id(id), None);
    }
}
