"""A server that says who it is as Postgres does, for what verifies certificates: all of TLS, and nothing after it.

The certificates have the extensions that Python asks for since 3.13 (VERIFY_X509_STRICT: RFC 5280, section 4.2.1).
"""

import ssl
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "db.example"  # what its certificate says
GREETING = "the server was believed"
SIGNS = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=False,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """A certificate authority. `bundle`: a file with its certificate."""

    def __init__(self, directory: Path, name: str):
        self.directory, self.name = directory, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.bundle = directory / f"{name}.crt"
        extensions = [x509.BasicConstraints(ca=True, path_length=None), SIGNS]
        self.bundle.write_bytes(self.sign(self.name, self.key, extensions))

    def sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extensions: list) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(subject_key, critical=False).add_extension(issuer_key, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def context(self) -> ssl.SSLContext:
        """What a server with a certificate by this authority speaks TLS with."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self.directory / "server.pem"
        certificate = self.sign(subject, key, [x509.SubjectAlternativeName([x509.DNSName(NAME)])])
        file.write_bytes(key.private_bytes(*form) + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


class TlsPostgres(ThreadingTCPServer):
    """Refuses every client by the name GREETING, once that has believed its certificate."""

    daemon_threads = True

    def __init__(self, authority: Authority):
        super().__init__(("127.0.0.1", 0), Refusal)
        self.context = authority.context()
        self.where = f"hostaddr=127.0.0.1&port={self.server_address[1]}"

    def __enter__(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.server_close()


class Refusal(StreamRequestHandler):
    server: TlsPostgres

    def handle(self) -> None:
        self.rfile.read(8)  # SSLRequest
        self.wfile.write(b"S")
        with suppress(OSError), self.server.context.wrap_socket(self.connection, server_side=True) as tls:
            tls.recv(4096)  # StartupMessage
            fields = f"SFATAL\0C28000\0M{GREETING}\0\0".encode()
            tls.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
