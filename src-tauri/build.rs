//! Prepares what Tauri compiles in. The built UI (`ui/dist`) and the FFmpeg sidecar
//! (`src-tauri/binaries`) must be there before: `npm start` and `npm test` make them first.

use tauri_build::{AppManifest, Attributes};

/// Each gets a permission of its own, so that the page may call what its capability lists only.
const COMMANDS: &[&str] = &[
    "request",
    "app_info",
    "desktop_settings",
    "change_settings",
    "reveal_file",
    "save_file",
    "watch_frames",
    "next_frames",
];

fn main() {
    // The UI is part of the binary, so a new UI means a new binary.
    println!("cargo:rerun-if-changed=../ui/dist");
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo:warning=`npm start` and `npm test` make the UI and the sidecar first");
        panic!("{error:#}");
    }
}
