//! What the machine has to offer: files, folders, a port.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;

use super::report::Finding;
use crate::options::Options;
use crate::{health, token};

pub(super) fn token(options: &Options) -> Finding {
    let file = options.token_file.as_deref();
    match token::given(file) {
        Err(error) => Finding::problem("token", format!("{error:#}")),
        Ok(Some(_)) => match file {
            Some(path) if token::is_open_to_all(path) => {
                Finding::warning("token", token::open_to_all(path))
            }
            Some(path) => Finding::good("token", path.display().to_string()),
            None => Finding::good("token", format!("the one in {}", token::VARIABLE)),
        },
        Ok(None) if options.require_token => Finding::good(
            "token",
            "one is made at the start and left where your own clients find it",
        ),
        Ok(None) if options.host.is_loopback() => {
            Finding::good("token", "none is asked for: only this machine is served")
        }
        Ok(None) => Finding::problem("token", options.open_door()),
    }
}

pub(super) fn tls(options: &Options) -> Finding {
    match (options.certificate(), options.certificate_files()) {
        (Err(error), _) | (_, Err(error)) => Finding::problem("tls", format!("{error:#}")),
        (Ok(_), Ok(Some((certificate, key)))) => {
            Finding::good("tls", format!("{} and {}", certificate.display(), key.display()))
        }
        (Ok(_), Ok(None)) if options.host.is_loopback() => {
            Finding::good("tls", "none: nothing leaves this machine")
        }
        (Ok(_), Ok(None)) => Finding::warning(
            "tls",
            "none: pictures and the token travel unencrypted; give a certificate with --tls-cert and --tls-key",
        ),
    }
}

pub(super) async fn port(options: &Options) -> Finding {
    let Options { host, port, .. } = options;
    let Err(error) = fanlight_api::bind(*host, *port).await else {
        return Finding::good("port", format!("{host} port {port} is free"));
    };
    if error.kind() != ErrorKind::AddrInUse {
        return Finding::problem("port", format!("{:#}", options.explain_bind(&error)));
    }
    if health::ask((Ipv4Addr::LOCALHOST, *port).into(), false).await.is_ok() {
        return Finding::good(
            "port",
            format!("port {port} is served by a Fanlight that is running"),
        );
    }
    if options.tls_cert.is_some() {
        let who = format!(
            "port {port} is in use: by this very server, if it is running; else {}",
            options.explain_bind(&error)
        );
        return Finding::warning("port", who);
    }
    Finding::problem("port", format!("{:#}", options.explain_bind(&error)))
}

pub(super) fn recordings(options: &Options) -> Finding {
    match &options.recordings {
        None => Finding::good("recordings", "no folder: nothing is recorded"),
        Some(folder) => writable("recordings", folder, "choose another folder with --recordings"),
    }
}

/// The list is written beside itself and then takes its place, so its folder is what matters.
pub(super) fn camera_list(list: &Path) -> Finding {
    let folder = list.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut found = writable(
        "storage",
        folder.unwrap_or(Path::new(".")),
        "keep the camera list elsewhere with --cameras",
    );
    found.message = format!("{}: {}", list.display(), found.message);
    found
}

/// Whether a folder, or the nearest one above that is there, may be written to.
fn writable(name: &'static str, folder: &Path, way_out: &str) -> Finding {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&folder);
    let shown = there.display();
    if !there.is_dir() {
        return Finding::problem(name, format!("{shown} is no folder; {way_out}"));
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
            let why = std::io::Error::from(error);
            return Finding::problem(
                name,
                format!(
                    "{shown} cannot be written to: {why}; give it to the user who runs Fanlight, or {way_out}"
                ),
            );
        }
    }
    if there == folder {
        Finding::good(name, format!("{shown} can be written to"))
    } else {
        Finding::good(name, format!("{} will be made at the start", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Outcome;
    use super::*;

    #[test]
    fn folders_are_judged_without_touching_them() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("file");
        std::fs::write(&file, "").expect("written");
        let of = |path: &Path| writable("recordings", path, "choose another");
        assert_eq!(of(home.path()).outcome, Outcome::Ok);
        let below = home.path().join("a/b");
        assert!(of(&below).message.contains("will be made"));
        assert!(!below.exists());
        let refused = of(&file.join("below"));
        assert_eq!(refused.outcome, Outcome::Problem);
        assert!(refused.message.contains("no folder; choose another"), "{}", refused.message);
    }
}
