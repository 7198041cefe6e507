"""Prints the certificate's MD5 fingerprint, the one form that fetchmail's sslfingerprint knows."""

import hashlib
import ssl
import sys

_BASE, CERTIFICATE = sys.argv[1:3]

with open(CERTIFICATE, encoding="ascii") as file:
    der = ssl.PEM_cert_to_DER_cert(file.read())
digest = hashlib.md5(der, usedforsecurity=False).hexdigest().upper()
print(":".join(digest[at : at + 2] for at in range(0, len(digest), 2)))
