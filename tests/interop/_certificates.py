"""Certificates for tests, made by the openssl program when the test runs; every file lies in the folder given."""

import pathlib
import subprocess


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


class Authority:
    """A root of its own: `pem` is what to trust."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.pem, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                 "-out", self.pem, "-subj", f"/CN={name}", "-days", 2)

    def issue(self, file, *names, days=2):
        """(certificate, key) for DNS names, or addresses as "IP:127.0.0.1"; days=-1 makes one that has expired."""
        pem, key = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        request, extension = self.folder / f"{file}.csr", self.folder / f"{file}.ext"
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                 "-subj", f"/CN={file}")
        alternatives = ",".join(name if name.startswith("IP:") else f"DNS:{name}" for name in names)
        extension.write_text(f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-days", days, "-extfile", extension,
                 "-out", pem)
        return pem, key
