"""Kinds of files by name and content, names in download headers, and their order."""

from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.files import rules
from server.learning.files.rules import Content, content_of, disposition, judge
from storage.states import FileKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
ZIP = b"PK\x03\x04" + bytes(20)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
EXE = b"MZ\x90\x00\x03\x00\x00\x00"
ELF = b"\x7fELF\x02\x01\x01\x00"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("script.pdf", PDF),
        ("Übung 3.DOCX", ZIP),
        ("data.csv", b"a;b\n1;2\n"),
        ("notes.txt", "Zürich".encode("latin-1")),
        ("wide.txt", "Zürich".encode("utf-16")),
        ("run.py", b"#!/usr/bin/env python3\n"),
        ("mz.txt", b"MZ is a signature"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.rtf", b"{\\rtf1\\ansi"),
        ("lecture.mp3", b"\xff\xfb\x90\x00"),
        ("tagged.mp3", b"ID3\x04\x00\x00"),
        ("clip.mp4", b"\x00\x00\x00\x20ftypisom\x00"),
        ("picture.jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
        ("sound.wav", b"RIFF\x00\x00\x00\x00WAVEfmt "),
    ],
)
def test_attachments_that_are_accepted(name: str, head: bytes) -> None:
    assert judge(FileKind.ATTACHMENT, name, head) == rules.ATTACHMENTS[rules.suffix_of(name)]


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("setup.exe", EXE, "program"),
        ("notes.txt", EXE, "program"),
        ("paper.pdf", ELF, "program"),
        ("page.html", b"<!DOCTYPE html><p>", "web page"),
        ("page.txt", b"\xef\xbb\xbf \n<html><script>", "web page"),
        ("wide.txt", "<script>".encode("utf-16"), "web page"),
        ("drawing.svg", b"<?xml version='1.0'?><svg onload='x'>", "SVG"),
        ("picture.png", b"<svg xmlns='x'>", "SVG"),
        ("macro.docm", ZIP, "“docm”"),
        ("noname", b"text", "“noname”"),
        ("paper.pdf", ZIP, "ends in .pdf"),
        ("notes.txt", b"\x00\x01\x02", "ends in .txt"),
        ("x.png", PDF, "ends in .png"),
    ],
)
def test_attachments_that_are_refused(name: str, head: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        judge(FileKind.ATTACHMENT, name, head)
    assert "file" in refused.value.fields


def test_pictures_are_pictures() -> None:
    assert judge(FileKind.PICTURE, "a.png", PNG).media_type == "image/png"
    for name, head in (("a.pdf", PDF), ("a.svg", b"<svg>"), ("a.png", b"GIF89a\x00"), ("a.zip", ZIP)):
        with pytest.raises(Invalid):
            judge(FileKind.PICTURE, name, head)


@given(st.binary(max_size=64))
@example(b"\x7fELF")
def test_content_of_any_bytes(head: bytes) -> None:
    content = content_of(head)
    assert not head.startswith(ELF[:4]) or content is Content.PROGRAM
    assert content is not Content.TEXT or b"\x00" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80))
def test_header_of_a_download_names_the_file(name: str) -> None:
    header = disposition(FileKind.ATTACHMENT, name)
    assert header.startswith("attachment; ")
    assert header.isascii()
    assert header.isprintable()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name
    told = Message()
    told["content-disposition"] = header
    assert told.get_content_disposition() == "attachment"


def test_header_has_a_plain_name_too() -> None:
    header = disposition(FileKind.ATTACHMENT, 'Übung "3" 100%.pdf')
    assert header == (
        "attachment; filename=\"_bung _3_ 100_.pdf\"; filename*=UTF-8''%C3%9Cbung%20%223%22%20100%25.pdf"
    )


@given(st.lists(st.uuids().map(str), min_size=1, unique=True), st.data(), st.integers(-50, 50))
def test_moving_keeps_every_file(ids: list[str], data: st.DataObject, steps: int) -> None:
    moving = data.draw(st.sampled_from(ids))
    moved = rules.moved(ids, moving, steps)
    assert sorted(moved) == sorted(ids)
    assert moved.index(moving) == max(0, min(ids.index(moving) + steps, len(ids) - 1))
    assert [one for one in moved if one != moving] == [one for one in ids if one != moving]
