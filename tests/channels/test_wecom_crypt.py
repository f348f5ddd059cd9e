"""BizCrypt against a peer nobody here wrote (wechatpy), and against damage; XML against bombs."""

from __future__ import annotations

import base64
import contextlib
import secrets

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException

from gridbot.channels._wecom.crypt import BizCrypt, CryptError, decrypted, key_of
from gridbot.channels._wecom.xml import MOST_BYTES, XmlError, read_xml

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TOKEN, CORP = "QDG6eK", "wx5823bf96d3bd56c7"
STAMP, NONCE = "1409659813", "1372623149"

messages = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
receivers = st.sampled_from(["", CORP, "企业"])


@given(messages, receivers)
def test_what_we_seal_the_peer_opens(text: str, receiver: str) -> None:
    encrypted, signature = BizCrypt(TOKEN, KEY, receiver).seal(text.encode(), STAMP, NONCE)
    peer = WeChatCrypto(TOKEN, KEY, receiver)
    opened = peer.decrypt_message({"Encrypt": encrypted}, signature, STAMP, NONCE)
    assert (opened if isinstance(opened, str) else opened.decode()) == text


@given(messages, receivers)
def test_what_the_peer_seals_we_open(text: str, receiver: str) -> None:
    ours = BizCrypt(TOKEN, KEY, receiver)
    encrypted = PrpCrypto(key_of(KEY)).encrypt(text, receiver).decode()
    assert ours.open(ours.sign(STAMP, NONCE, encrypted), STAMP, NONCE, encrypted) == text.encode()


def test_the_vector_of_the_documents() -> None:
    """The callback of the platform's own example (its sample code, all languages)."""
    encrypted = (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj91"
        "1L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnL"
        "xAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA"
        "9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/"
        "uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    )
    signature = "477715d11cdb4164915debcba66cb864d751f3e6"
    opened = BizCrypt(TOKEN, KEY, CORP).open(signature, STAMP, NONCE, encrypted)
    assert read_xml(opened)["Content"] == "hello"


def _sealed(text: str = "<xml/>", receiver: str = CORP) -> tuple[str, str]:
    return BizCrypt(TOKEN, KEY, receiver).seal(text.encode(), STAMP, NONCE)


def _signed(encrypted: str) -> tuple[str, str]:
    return encrypted, BizCrypt(TOKEN, KEY, CORP).sign(STAMP, NONCE, encrypted)


def _raw(plain: bytes) -> str:
    """Enciphered as it is, so that what is inside can be wrong."""
    key = key_of(KEY)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


FORGED = {
    "wrong signature": (_sealed()[0], "0" * 40),
    "no signature": (_sealed()[0], ""),
    "signature with a letter beyond ASCII": (_sealed()[0], "ÿ" * 40),
    "signature in capitals": (lambda pair: (pair[0], pair[1].upper()))(_sealed()),
    "for another corp": _sealed(receiver="wx0000000000000000"),
    "for nobody": _sealed(receiver=""),
    "no base64": _signed("§§§"),
    "empty": _signed(""),
    "not whole blocks": _signed(base64.b64encode(b"x" * 20).decode()),
    "noise": _signed(base64.b64encode(secrets.token_bytes(64)).decode()),
    "padding of nought": _signed(_raw(b"\0" * 32)),
    "padding over a block": _signed(_raw(b"x" * 31 + bytes([33]))),
    "padding that does not agree": _signed(_raw(b"x" * 30 + bytes([7, 2]))),
    "nothing but padding": _signed(_raw(bytes([32]) * 32)),
    "a length beyond the end": _signed(_raw(b"r" * 16 + b"\xff\xff\xff\xff" + b"x" * 11 + b"\x01")),
    "half an emoji as ciphertext": _signed("\ud83d"),
}


@pytest.mark.parametrize("name", FORGED)
def test_every_forgery_reads_the_same(name: str) -> None:
    encrypted, signature = FORGED[name]
    with pytest.raises(CryptError) as told:
        BizCrypt(TOKEN, KEY, CORP).open(signature, STAMP, NONCE, encrypted)
    assert str(told.value) == "not a message of the platform"
    assert told.value.__cause__ is None


@given(st.binary(max_size=100), st.data())
def test_no_damage_goes_through(message: bytes, data: st.DataObject) -> None:
    """Somebody who knows the token signs a bent ciphertext: what is opened is never quietly another message
    for somebody else, and what is bent at the end (length, receiver, padding) is refused."""
    ours = BizCrypt(TOKEN, KEY, CORP)
    sealed = bytearray(base64.b64decode(ours.seal(message, STAMP, NONCE)[0]))
    at = data.draw(st.integers(len(sealed) - 16, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    bent = base64.b64encode(sealed).decode()
    with pytest.raises(CryptError):
        ours.open(ours.sign(STAMP, NONCE, bent), STAMP, NONCE, bent)


def test_the_peer_refuses_what_we_refuse() -> None:
    encrypted, signature = _sealed(receiver="wx0000000000000000")
    with pytest.raises(WeChatException):
        WeChatCrypto(TOKEN, KEY, CORP).decrypt_message({"Encrypt": encrypted}, signature, STAMP, NONCE)


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "§" * 43, KEY + "AAAA"])
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="43 letters"):
        BizCrypt(TOKEN, key, CORP)


@pytest.mark.parametrize("data", [b"", b"x", b"x" * 16])
def test_what_cannot_be_deciphered(data: bytes) -> None:
    with pytest.raises(ValueError):
        decrypted(data, key_of(KEY))


# --- XML -----------------------------------------------------------------------------------------


def test_a_document_of_the_platform() -> None:
    body = (
        "<xml><ToUserName><![CDATA[ww1]]></ToUserName><Items><Item><K>a</K></Item><Item><K>b</K></Item></Items>"
        "<Empty/></xml>"
    )
    found = read_xml(body.encode())
    assert found == {"ToUserName": "ww1", "Items": {"Item": [{"K": "a"}, {"K": "b"}]}, "Empty": ""}


BOMBS = {
    "billion laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><xml><A>&b;</A></xml>',
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
    "a DTD alone": '<!DOCTYPE xml SYSTEM "http://example.org/x.dtd"><xml><A>1</A></xml>',
    "too deep": "<a>" * 5000 + "</a>" * 5000,
    "too large": "<xml><A>" + "x" * MOST_BYTES + "</A></xml>",
    "cut off": "<xml><A>1</A>",
    "two roots": "<xml/><xml/>",
    "no XML": "encrypt=1",
    "nothing": "",
    "unknown encoding": '<?xml version="1.0" encoding="klingon"?><xml/>',
    "an entity of nobody": "<xml><A>&lol;</A></xml>",
    "NUL": "<xml><A>\0</A></xml>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_goes_off(name: str) -> None:
    with pytest.raises(XmlError, match="not a document of the platform"):
        read_xml(BOMBS[name].encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_document_or_none(body: bytes) -> None:
    with contextlib.suppress(XmlError):
        assert isinstance(read_xml(body), dict)
