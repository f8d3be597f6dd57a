//! Answers to a WS-Discovery probe, as what they say of a camera. Pure.

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use crate::text::tidy;

/// Answers name a handful of each; more is nonsense.
const MAX_WORDS: usize = 64;

/// One device's answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeMatch {
    types: Vec<String>,
    scopes: Vec<String>,
    addresses: Vec<String>,
}

impl ProbeMatch {
    /// Everything in a datagram that can be read. Printers and computers answer to probes, too;
    /// here is only what claims to be ONVIF's.
    pub(crate) fn parse(xml: &str) -> Vec<Self> {
        let mut reader = Reader::from_str(xml);
        let mut matches = Vec::new();
        let mut current: Option<Self> = None;
        let mut text = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => {
                    text.clear();
                    if tag.local_name().as_ref() == "ProbeMatch" {
                        current = Some(Self::default());
                    }
                }
                Ok(Event::Text(part)) => text.push_str(&part),
                // What URLs in XML need; other entities have no place in them.
                Ok(Event::GeneralRef(name)) if name.as_ref() == "amp" => text.push('&'),
                Ok(Event::End(tag)) => match (tag.local_name().as_ref(), &mut current) {
                    ("ProbeMatch", _) => matches.extend(current.take()),
                    ("Types", Some(current)) => current.types = words(&text),
                    ("Scopes", Some(current)) => current.scopes = words(&text),
                    ("XAddrs", Some(current)) => current.addresses = words(&text),
                    _ => {}
                },
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        matches.retain(Self::is_onvif);
        matches
    }

    fn is_onvif(&self) -> bool {
        let local = |name: &String| name.rsplit(':').next() == Some("NetworkVideoTransmitter");
        self.types.iter().any(local)
            || self.scopes.iter().any(|scope| scope.starts_with("onvif://"))
            || self.addresses.iter().any(|address| address.contains("/onvif/"))
    }

    /// The URLs of its device service, as it orders them.
    pub(crate) fn services(&self) -> Vec<Url> {
        let parsed = self.addresses.iter().filter_map(|address| Url::parse(address).ok());
        parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).collect()
    }

    /// `name`, `hardware` and the like out of its scopes.
    pub(crate) fn scope(&self, what: &str) -> Option<String> {
        let start = format!("onvif://www.onvif.org/{what}/");
        let value = self.scopes.iter().find_map(|scope| scope.strip_prefix(&start))?;
        tidy(&percent_decode_str(value).decode_utf8_lossy())
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().take(MAX_WORDS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"
            xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">
          <env:Header><wsa:MessageID>urn:uuid:1</wsa:MessageID></env:Header>
          <env:Body><d:ProbeMatches><d:ProbeMatch>
            <wsa:EndpointReference><wsa:Address>urn:uuid:2</wsa:Address></wsa:EndpointReference>
            <d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>
            <d:Scopes>onvif://www.onvif.org/type/video_encoder
              onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/IPC-1</d:Scopes>
            <d:XAddrs>http://10.0.0.5/onvif/device_service?a=1&amp;b=2 http://[fe80::1]/onvif/device_service ftp://x/</d:XAddrs>
            <d:MetadataVersion>1</d:MetadataVersion>
          </d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>"#;

    #[test]
    fn a_camera_says_what_it_is() {
        let matches = ProbeMatch::parse(ANSWER);
        let [camera] = &matches[..] else { panic!("{matches:?}") };
        assert_eq!(camera.scope("name").as_deref(), Some("Front door"));
        assert_eq!(camera.scope("hardware").as_deref(), Some("IPC-1"));
        assert_eq!(camera.scope("location"), None);
        let services: Vec<_> = camera.services().iter().map(Url::to_string).collect();
        assert_eq!(
            services,
            [
                "http://10.0.0.5/onvif/device_service?a=1&b=2",
                "http://[fe80::1]/onvif/device_service"
            ]
        );
    }

    #[test]
    fn a_printer_is_no_camera() {
        let printer = ANSWER
            .replace("dn:NetworkVideoTransmitter tds:Device", "wsdp:Device wprt:PrintDeviceType")
            .replace("onvif", "print");
        assert_eq!(ProbeMatch::parse(&printer), []);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in [
            "",
            "<",
            "<a>",
            "not xml",
            &ANSWER[..400],
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        ] {
            assert_eq!(ProbeMatch::parse(text), [], "{text}");
        }
    }
}
