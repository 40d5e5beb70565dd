"""Content sealed at rest (AES-GCM, keys with ids), pseudonyms, and the signature under the head of the audit log."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rpild_server.storage.errors import BadSecretsError, UnreadableRecordError

KEY_BYTES = 32
NONCE_BYTES = 12  # the length AES-GCM is made for; random, a new one for each seal


@dataclass(frozen=True, slots=True)
class Secrets:
    """Key material of 32 bytes each: keys by id, the id of the one that seals now, and the key of pseudonyms.

    Old keys stay readable. The pseudonym key stays the same for the life of the data. `source` names the file.
    """

    current: str
    keys: Mapping[str, bytes]
    pseudonym: bytes
    source: str = field(default="the secrets file", compare=False)

    def __repr__(self) -> str:
        return f"Secrets(current={self.current!r})"


class Keyring:
    """Seals and opens content, names patients without their id, signs.

    `marks` (by key id) and `pseudonym_mark` tell whether a key is the one used before; no key can be had from them.
    """

    def __init__(self, secrets: Secrets) -> None:
        if secrets.current not in secrets.keys:
            raise BadSecretsError(f"The current key {secrets.current!r} is not among the keys.")
        if any(len(each) != KEY_BYTES for each in (secrets.pseudonym, *secrets.keys.values())):
            raise BadSecretsError("A key is not 32 bytes long.")
        self.current = secrets.current
        self.source = secrets.source
        self.marks = {name: _derived(key, b"rpild mark").hex() for name, key in secrets.keys.items()}
        self.pseudonym_mark = _derived(secrets.pseudonym, b"rpild pseudonym mark").hex()
        self._ciphers = {name: AESGCM(_derived(key, b"rpild record")) for name, key in secrets.keys.items()}
        self._signing = {name: _derived(key, b"rpild audit head") for name, key in secrets.keys.items()}
        self._pseudonym = secrets.pseudonym

    def seal(self, content: bytes, about: str) -> bytes:
        """Nonce and ciphertext under the current key; `about` (table, row, column) is bound to it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[self.current].encrypt(nonce, content, about.encode())

    def unseal(self, key_id: str, sealed: bytes, about: str) -> bytes:
        """The content; raises UnreadableRecordError when the key is missing or content or place were changed."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnreadableRecordError(f"The key {key_id!r} that sealed {about} is not in the secrets file.")
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
        except InvalidTag:
            raise UnreadableRecordError(f"The sealed content of {about} was changed.", "Restore a backup.") from None

    def pseudonym(self, iss: str, id: str) -> str:
        """A patient or user of one EHR, as 64 hex digits that only this key can link to the id."""
        return hmac.digest(self._pseudonym, f"{iss}|{id}".encode(), "sha256").hex()

    def sign(self, text: str) -> str:
        """A signature under the current key, 64 hex digits."""
        return hmac.digest(self._signing[self.current], text.encode(), "sha256").hex()

    def signed(self, key_id: str, text: str, mac: str) -> bool:
        """Whether the signature is ours."""
        key = self._signing.get(key_id)
        return key is not None and hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), mac)


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)
