//! Camera lists in and out: `GET /api/cameras/export` and `POST /api/cameras/import`.

use axum::Json;
use axum::extract::State;
use fanlight_engine::{Added, CameraConfig};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::camera_list::{self, CameraList, Export, Format, Passwords, Skipped};
use crate::extract::Body;
use crate::{Answer, Context};

/// Writes the camera list, with passwords masked.
///
/// Each camera is written as `POST /api/streams` takes it. A list with its passwords is for a file of
/// one's own: `fanlight-server --export-cameras` writes it.
#[utoipa::path(
    get, path = "/api/cameras/export", operation_id = "exportCameras", tag = "streams",
    responses(
        (status = 200, body = Export, description = "The list"),
    ),
)]
pub(crate) async fn export(State(context): State<Context>) -> Json<Export> {
    Json(camera_list::export(&configs(&context), Passwords::Masked))
}

fn configs(context: &Context) -> Vec<CameraConfig> {
    context.engine.cameras().iter().map(|camera| CameraConfig::clone(&camera.config())).collect()
}

/// `POST /api/cameras/import`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportRequest {
    /// The list: JSON or YAML.
    #[schema(examples("streams:\n  door: rtsp://viewer:secret@192.0.2.7/live\n"))]
    text: String,
    /// Whose list it is; its top-level keys tell when absent.
    format: Option<Format>,
}

/// What became of each camera in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Whose list it was.
    format: Format,
    added: Vec<Taken>,
    /// Nothing changed for these.
    already_there: Vec<Taken>,
    skipped: Vec<Skipped>,
}

/// A camera that is there now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedCamera)]
struct Taken {
    stream_id: String,
    name: String,
    /// Its password reads `***`.
    rtsp_url: String,
}

impl From<&CameraConfig> for Taken {
    fn from(config: &CameraConfig) -> Self {
        Self {
            stream_id: config.id.to_string(),
            name: config.name.clone(),
            rtsp_url: config.url.masked().to_owned(),
        }
    }
}

/// Adds the cameras of a list: Fanlight's own, go2rtc's or Frigate's.
///
/// A camera is added as a whole or skipped with a reason. One whose id and URL are there stays as it
/// is, and so does, for the lists of others, one whose URL is there under another id.
#[utoipa::path(
    post, path = "/api/cameras/import", operation_id = "importCameras", tag = "streams",
    request_body = ImportRequest,
    responses(
        (status = 200, body = Imported, description = "What became of each camera"),
    ),
)]
pub(crate) async fn import(
    State(context): State<Context>,
    Body(request): Body<ImportRequest>,
) -> Answer<Json<Imported>> {
    let CameraList { format, cameras, skipped } = CameraList::read(&request.text, request.format)?;
    let mut imported = Imported { format, added: Vec::new(), already_there: Vec::new(), skipped };
    let mut known = configs(&context);
    for camera in cameras {
        if let Ok(Some(there)) = camera_list::find(&known, &camera, format) {
            imported.already_there.push(there.into());
            continue;
        }
        let name = camera.name.clone();
        match context.engine.add(camera).await {
            Ok((Added::Started, camera)) => {
                imported.added.push((&*camera.config()).into());
                known.push(CameraConfig::clone(&camera.config()));
            }
            Ok((Added::AlreadyRunning, camera)) => {
                imported.already_there.push((&*camera.config()).into());
            }
            Err(error) => imported.skipped.push(Skipped::new(&name, error.message())),
        }
    }
    Ok(Json(imported))
}
