"""Keys: what they seal, which files of keys are refused, and that no error tells a secret."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from rpild_server.storage import secrets_file
from rpild_server.storage.crypt import Keyring, Secrets
from rpild_server.storage.errors import BadSecretsError, UnreadableRecordError
from rpild_server.storage.secrets_file import load_secrets, new_secrets_text
from tests.storage.making import ISS, SECRETS

GOOD = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


def written(tmp_path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "secrets.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_a_new_file_is_read_and_never_the_same(tmp_path: Path) -> None:
    one, other = new_secrets_text(date(2026, 11, 22)), new_secrets_text(date(2026, 11, 22))
    secrets = load_secrets(written(tmp_path, one))
    assert (secrets.current, list(secrets.keys)) == ("2026-11", ["2026-11"])
    assert one != other
    assert Keyring(secrets).unseal("2026-11", Keyring(secrets).seal(b"x", "here"), "here") == b"x"
    assert secrets.pseudonym != secrets.keys["2026-11"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("current = ", "not a TOML file"),
        (b"\xff", "not a TOML file"),
        (f'current = "a"\npseudonym = "{GOOD}"\nextra = 1\n[keys]\na = "{GOOD}"', "unknown key 'extra'"),
        (f'pseudonym = "{GOOD}"\n[keys]\na = "{GOOD}"', "current must name"),
        (f'current = "b"\npseudonym = "{GOOD}"\n[keys]\na = "{GOOD}"', "current must name"),
        (f'current = "a"\nkeys = "a"\npseudonym = "{GOOD}"', "current must name"),
        (f'current = "a"\n[keys]\na = "{GOOD}"', "pseudonym is not 32 bytes"),
        (f'current = "a"\npseudonym = "{GOOD}"\n[keys]\na = "c2VjcmV0"', "keys.a is not 32 bytes"),
        (f'current = "a"\npseudonym = "{GOOD}"\n[keys]\na = "c2VjcmV0!"', "keys.a is not 32 bytes"),
        (f'current = "a"\npseudonym = "{GOOD}"\n[keys]\na = 5', "keys.a is not 32 bytes"),
    ],
)
def test_a_bad_file_is_refused_without_telling_a_secret(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(BadSecretsError) as caught:
        load_secrets(path)
    assert said in caught.value.cause
    assert str(path) in caught.value.cause
    assert not any(secret in str(caught.value) for secret in (GOOD, "c2VjcmV0"))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSecretsError, match="No such file"):
        load_secrets(tmp_path / "absent.toml")


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX systems")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_file_that_others_can_read_is_refused_with_the_command(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, new_secrets_text(date(2026, 11, 22)), mode)
    with pytest.raises(BadSecretsError, match=f"chmod 600 {path}"):
        load_secrets(path)


@pytest.mark.parametrize(
    "secrets",
    [
        Secrets("b", {"a": b"k" * 32}, b"p" * 32),
        Secrets("a", {"a": b"k" * 31}, b"p" * 32),
        Secrets("a", {"a": b"k" * 32}, b"p"),
    ],
)
def test_keys_of_the_wrong_length_or_name_are_refused(secrets: Secrets) -> None:
    with pytest.raises(BadSecretsError):
        Keyring(secrets)


def test_sealing_twice_gives_different_bytes(keyring: Keyring) -> None:
    one, other = (keyring.seal(b"content", "here") for _ in range(2))
    assert one != other
    assert keyring.unseal("2026-11", one, "here") == keyring.unseal("2026-11", other, "here") == b"content"


@pytest.mark.parametrize("byte", [0, 12, -1])
def test_one_changed_byte_is_noticed(keyring: Keyring, byte: int) -> None:
    sealed = bytearray(keyring.seal(b"content", "here"))
    sealed[byte] ^= 1
    with pytest.raises(UnreadableRecordError):
        keyring.unseal("2026-11", bytes(sealed), "here")


def test_content_is_bound_to_its_place_and_key(keyring: Keyring) -> None:
    sealed = keyring.seal(b"content", "here")
    with pytest.raises(UnreadableRecordError):
        keyring.unseal("2026-11", sealed, "there")
    with pytest.raises(UnreadableRecordError, match="absent"):
        keyring.unseal("absent", sealed, "here")


def test_a_pseudonym_depends_on_key_issuer_and_id(keyring: Keyring) -> None:
    other = Keyring(Secrets("2026-11", SECRETS.keys, b"q" * 32))
    names = {
        keyring.pseudonym(ISS, "1"),
        keyring.pseudonym(ISS, "2"),
        keyring.pseudonym("https://other.example", "1"),
        other.pseudonym(ISS, "1"),
    }
    assert len(names) == 4
    assert keyring.pseudonym(ISS, "1") == Keyring(SECRETS).pseudonym(ISS, "1")
    assert {len(name) for name in names} == {64}


def test_a_signature_is_ours_or_not(keyring: Keyring) -> None:
    mac = keyring.sign("text")
    assert keyring.signed("2026-11", "text", mac)
    assert not keyring.signed("2026-11", "other", mac)
    assert not keyring.signed("absent", "text", mac)


def test_secrets_are_not_printed() -> None:
    assert "kkk" not in repr(SECRETS)
    assert "ppp" not in f"{SECRETS}"


@pytest.mark.parametrize(
    ("mode", "owner", "us", "refused"),
    [
        (0o400, 1000, 1000, False),
        (0o440, 1000, 1000, True),  # somebody opened it to the group
        (0o440, 0, 10001, False),  # a cluster's secret: root's, for our group to read
        (0o460, 0, 10001, True),
        (0o444, 0, 10001, True),
        (0o440, 0, 0, True),  # root's own file, open to root's group
    ],
)
def test_a_secret_mounted_for_our_group_is_accepted_and_nothing_wider(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, us: int, refused: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: us)
    found = os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))
    assert secrets_file._open_to_others(found) is refused
