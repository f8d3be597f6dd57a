"""An ONVIF camera: answers WS-Discovery and SOAP as the specifications have it, its pictures come from elsewhere.

Only what a client needs to find its streams. It asks for a sign-in either by a WS-Security UsernameToken
(Profile S) or by HTTP digest (Profile T), and remembers all it was sent.
"""

import base64
import hashlib
import re
import socket
import struct
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote
from uuid import uuid4

GROUP, DISCOVERY = "239.255.255.250", 3702
REALM, NONCE = "camera", "c0ffee"
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
    "{head}<s:Body>{body}</s:Body></s:Envelope>"
)


@dataclass(frozen=True)
class Profile:
    """One of its streams."""

    name: str
    url: str
    width: int
    height: int
    codec: str = "H264"
    fps: int = 25


class OnvifCamera:
    """Its sockets belong to the network namespace in which it is entered."""

    def __init__(
        self,
        address: str,
        profiles: list[Profile],
        *,
        user: str = "admin",
        password: str = "",
        auth: str = "token",
        name: str = "Camera",
        port: int = 8000,
        told_address: str | None = None,
    ) -> None:
        self.address, self.port, self.profiles = address, port, profiles
        self.user, self.password, self.auth, self.name = user, password, auth, name
        #: Where it says that its service is.
        self.told = told_address or f"{address}:{port}"
        self.heard: list[bytes] = []

    def __enter__(self) -> "OnvifCamera":
        camera = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                camera.heard.append(str(self.headers).encode() + body)
                status, headers, answer = camera.answer(body.decode(), self.headers.get("Authorization", ""))
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer((self.address, self.port), Handler)
        self._http.daemon_threads = True
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._udp.bind(("", DISCOVERY))
        group = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(self.address))
        self._udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        self._udp.settimeout(0.2)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._http.serve_forever), threading.Thread(target=self._discovery)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()
        self._udp.close()

    def _discovery(self) -> None:
        while not self._ended.is_set():
            try:
                probe, sender = self._udp.recvfrom(65536)
            except TimeoutError:
                continue
            text = probe.decode(errors="replace")
            message = re.search(r"MessageID[^>]*>([^<]+)<", text)
            if message and "NetworkVideoTransmitter" in text:
                self._udp.sendto(self._match(message[1]).encode(), sender)

    def _match(self, message: str) -> str:
        head = (
            "<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>"
            f"<a:RelatesTo>{message}</a:RelatesTo></s:Header>"
        )
        scopes = f"onvif://www.onvif.org/name/{quote(self.name)} onvif://www.onvif.org/hardware/SIM-1"
        body = (
            "<d:ProbeMatches><d:ProbeMatch>"
            f"<a:EndpointReference><a:Address>urn:uuid:{uuid4()}</a:Address></a:EndpointReference>"
            '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>'
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://{self.told}/onvif/device_service</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
        )
        return ENVELOPE.format(head=head, body=body)

    def answer(self, request: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request."""
        asked = re.search(r"Body[^>]*>\s*<(?:\w+:)?(\w+)", request)
        operation = asked[1] if asked else ""
        # The clock can be asked for without a sign-in, as the UsernameToken depends on it.
        if operation != "GetSystemDateAndTime" and not self._knows(request, authorization):
            if self.auth == "digest":
                challenge = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5'
                return 401, {"WWW-Authenticate": challenge}, b""
            return 400, {}, _fault("Sender", "ter:NotAuthorized", "Sender not authorized")
        answer = getattr(self, f"_{operation}", None)
        if answer is None:
            return 500, {}, _fault("Receiver", "ter:ActionNotSupported", "Not implemented")
        return 200, {}, ENVELOPE.format(head="", body=answer(request)).encode()

    def _knows(self, request: str, authorization: str) -> bool:
        if self.auth == "digest":
            return self._knows_digest(authorization)
        told = {key: re.search(rf"<(?:\w+:)?{key}\b[^>]*>([^<]*)<", request) for key in _TOKEN}
        if not all(told.values()):
            return False
        user, digest, nonce, created = (told[key][1] for key in _TOKEN)  # type: ignore[index]
        right = hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.password.encode()).digest()
        return user == self.user and digest == base64.b64encode(right).decode()

    def _knows_digest(self, authorization: str) -> bool:
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization))
        if not authorization.startswith("Digest ") or told.get("username") != self.user:
            return False
        secret = _md5(f"{self.user}:{REALM}:{self.password}")
        request = _md5(f"POST:{told['uri']}")
        right = _md5(f"{secret}:{NONCE}:{told['nc']}:{told['cnonce']}:{told['qop']}:{request}")
        return told["response"] == right

    # What it answers, by the name of the operation

    def _GetSystemDateAndTime(self, _: str) -> str:
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            "<tt:Time><tt:Hour>3</tt:Hour><tt:Minute>4</tt:Minute><tt:Second>5</tt:Second></tt:Time>"
            "<tt:Date><tt:Year>2020</tt:Year><tt:Month>1</tt:Month><tt:Day>2</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetCapabilities(self, _: str) -> str:
        return (
            "<tds:GetCapabilitiesResponse><tds:Capabilities>"
            f"<tt:Device><tt:XAddr>http://{self.told}/onvif/device_service</tt:XAddr></tt:Device>"
            f"<tt:Media><tt:XAddr>http://{self.told}/onvif/media</tt:XAddr></tt:Media>"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>"
        )

    def _GetDeviceInformation(self, _: str) -> str:
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>Simulated</tds:Manufacturer>"
            f"<tds:Model>{self.name} 1</tds:Model><tds:FirmwareVersion>1</tds:FirmwareVersion>"
            "<tds:SerialNumber>1</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>"
            "</tds:GetDeviceInformationResponse>"
        )

    def _GetProfiles(self, _: str) -> str:
        profiles = (
            f'<trt:Profiles token="p{i}" fixed="true"><tt:Name>{profile.name}</tt:Name>'
            f"{_encoder('tt:VideoEncoderConfiguration', i, profile)}</trt:Profiles>"
            for i, profile in enumerate(self.profiles)
        )
        return f"<trt:GetProfilesResponse>{''.join(profiles)}</trt:GetProfilesResponse>"

    def _GetVideoEncoderConfigurations(self, _: str) -> str:
        each = (_encoder("trt:Configurations", i, profile) for i, profile in enumerate(self.profiles))
        return f"<trt:GetVideoEncoderConfigurationsResponse>{''.join(each)}</trt:GetVideoEncoderConfigurationsResponse>"

    def _GetStreamUri(self, request: str) -> str:
        asked = re.search(r"ProfileToken[^>]*>p(\d+)<", request)
        assert asked, request
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{self.profiles[int(asked[1])].url}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )


#: The fields of a UsernameToken.
_TOKEN = ("Username", "Password", "Nonce", "Created")


def _encoder(tag: str, number: int, profile: Profile) -> str:
    return (
        f'<{tag} token="e{number}"><tt:Name>{profile.name}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{profile.codec}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}</tt:Height></tt:Resolution>"
        f"<tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>{profile.fps}</tt:FrameRateLimit>"
        "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>"
        f"</{tag}>"
    )


def _fault(code: str, subcode: str, reason: str) -> bytes:
    body = (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
    return ENVELOPE.format(head="", body=body).encode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
