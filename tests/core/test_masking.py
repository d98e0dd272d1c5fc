"""No password leaves the program, and what is none is left alone."""

from __future__ import annotations

import pytest

from gan_augment.core.errors import DataError
from gan_augment.core.masking import mask, mask_texts


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://u:TOPSECRET@127.0.0.1:9/api")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "XYZ/def+ghijkl")
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "admin:XYZhunter")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/etc/passwd")


@pytest.mark.parametrize(
    "text",
    [
        "remote r (https://user:XYZ@127.0.0.1:9/x) cannot be reached",
        "https://user:p@XYZ/w:rd@host/x",
        "https://XYZabcdef@github.com/x",
        "redis://:XYZ@h:6379/0",
        "https://a.blob/x?sv=1&sig=XYZ%2B&se=2",
        "https://h/x?X-Amz-Signature=XYZ&X-Amz-Credential=XYZ",
        "https://h/x?token=XYZ",
        "password = XYZ",
        "the kwargs {'password': 'XYZ y z', 'user': 'a'}",
        '{"api_key": "XYZ"}',
        "PREFECT_API_KEY=pnu_XYZ",
        "Authorization: Bearer XYZ",
        "wrong credentials XYZhunter for admin",
        "the key XYZ/def+ghijkl is wrong",
        "u and TOPSECRET were refused",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    masked = mask(text)
    assert "XYZ" not in masked
    assert "TOPSECRET" not in masked
    assert "***" in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:4200/api",
        "http://[::1]:4200/api",
        "ssh://git@host:22/x and git@github.com:a/b",
        "s3://bucket/key?versionId=3",
        "found character '\\t' that cannot start any token, line 3",
        "base.seed: -1, expected at least 0; secret_column: unknown key",
        "mail me at a@b.c, http://h:80/x?y=me@b.c",
        "file:///home/u/x",
        "/etc/passwd",
        "8 tokens=3",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    for part in ("http://a:b", "secret", "secret=", "A", "://x:", "?token"):
        mask(part * 20_000)


def test_errors_are_masked() -> None:
    error = DataError("no", where="s3://a:XYZ@h/x", got="XYZhunter", remedy="https://h?token=XYZ")
    assert "XYZ" not in str(error)


def test_documents_stay_documents() -> None:
    found = mask_texts({"path": "https://u:XYZ@h/x", "list": ["a", ("XYZ/def+ghijkl", 3)], "token": "t", "n": None})
    assert found == {"path": "https://u:***@h/x", "list": ["a", ["***", 3]], "token": "t", "n": None}
