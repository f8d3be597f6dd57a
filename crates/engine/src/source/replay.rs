//! Video files as cameras. They are named, never located: a name leads into one folder only.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};

/// The folder of video files that may be played.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    folder: Option<PathBuf>,
}

impl Replays {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The file of this name, which holds no separators.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf> {
        let missing = |why: String| Err(Error::new(ErrorKind::CameraNotFound, why));
        let Some(folder) = &self.folder else {
            return missing(
                "there is no folder of videos to replay; start fanlight-server with --replay-dir"
                    .to_owned(),
            );
        };
        let path = folder.join(name);
        if path.is_file() {
            Ok(path)
        } else {
            missing(format!("there is no video {name} in {}", folder.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_name_and_missing_ones_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("cars.mp4"), "").expect("written");
        let replays = Replays::new(Some(folder.path().to_owned()));
        assert_eq!(replays.file("cars.mp4").expect("there"), folder.path().join("cars.mp4"));
        assert_eq!(replays.file("x.mp4").unwrap_err().kind(), ErrorKind::CameraNotFound);
        let nowhere = Replays::default().file("cars.mp4").unwrap_err();
        assert!(nowhere.message().contains("--replay-dir"), "{nowhere}");
    }
}
