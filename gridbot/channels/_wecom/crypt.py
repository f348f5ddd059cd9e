"""WeChat's callback crypto (BizMsgCrypt): AES-256-CBC under a signature.

plaintext = 16 random bytes, length of the message (4 bytes, big-endian), message, receiveid; padded as
PKCS7 to blocks of 32. The initial vector is the key's first half. signature = hex SHA-1 of token,
timestamp, nonce and ciphertext, sorted as text and joined (developer.work.weixin.qq.com, path 90968).
receiveid is the corp's id for apps and 微信客服, the appid for 公众号, "" for a 智能机器人.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class CryptError(Exception):
    """Not from the platform, or damaged. Every failure reads the same: it must teach a forger nothing."""

    def __init__(self) -> None:
        super().__init__("not a message of the platform")


class BizCrypt:
    """`aes_key`: the 43 letters of EncodingAESKey. Raises ValueError where it is none."""

    def __init__(self, token: str, aes_key: str, receiveid: str) -> None:
        self._token, self._receiveid = token, receiveid.encode()
        self._key = key_of(aes_key)

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted((self._token, timestamp, nonce, encrypted))
        return hashlib.sha1("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 — theirs

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """The message, if it is the platform's and for us. Raises CryptError."""
        given = signature.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self.sign(timestamp, nonce, encrypted).encode()):
            raise CryptError
        try:
            plain = decrypted(base64.b64decode(encrypted, validate=True), self._key)
        except ValueError:
            raise CryptError from None
        length = int.from_bytes(plain[16:20], "big")
        message, receiveid = plain[20 : 20 + length], plain[20 + length :]
        if len(plain) < 20 or len(message) != length or not hmac.compare_digest(receiveid, self._receiveid):
            raise CryptError
        return message

    def seal(self, message: bytes, timestamp: str, nonce: str) -> tuple[str, str]:
        """(ciphertext in base64, signature)."""
        plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + self._receiveid
        fill = BLOCK - len(plain) % BLOCK
        encryptor = _cipher(self._key).encryptor()
        sealed = encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()
        encrypted = base64.b64encode(sealed).decode()
        return encrypted, self.sign(timestamp, nonce, encrypted)


def key_of(text: str) -> bytes:
    """A 32-byte key from base64 with or without its padding. Raises ValueError."""
    try:
        key = base64.b64decode(text.rstrip("=") + "=", validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("an AES key of WeCom is 43 letters and digits")
    return key


def decrypted(data: bytes, key: bytes) -> bytes:
    """Without its padding. Raises ValueError where length or padding is not as it should be."""
    decryptor = _cipher(key).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    fill = plain[-1] if plain else 0
    if not 1 <= fill <= BLOCK or plain[-fill:] != bytes([fill]) * fill:
        raise ValueError("padding")
    return plain[:-fill]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
