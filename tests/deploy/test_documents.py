"""What the documents name is there: links, headings, files, commands and their flags, settings."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest
import typer

from worker.cli.main import app
from worker.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README_BYTES = 6_144
"""Most that the first page may hold: who wants more follows a link."""

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for folder in ("", "worker", "api", "deploy", "k8s", "tests/bench")
    for path in (ROOT / folder).glob("**/*.md" if folder else "*.md")
)
_CODE = re.compile(r"```.*?```", re.DOTALL)


def text_of(document: Path) -> str:
    """Its text."""
    return (ROOT / document).read_text()


def anchor(title: str) -> str:
    """The part of an address that leads to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")


def commands(text: str) -> list[str]:
    """Command lines of `posequeue` in code and in backticks."""
    found = re.findall(r"^ +(?:\.venv/bin/)?(posequeue .*)$", text, re.MULTILINE)
    return found + re.findall(r"`(?:\.venv/bin/)?(posequeue [^`]*)`", text)


def test_the_readme_is_short() -> None:
    assert len(text_of(Path("README.md")).encode()) <= README_BYTES


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    text = _CODE.sub("", text_of(document))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        path, _, heading = link.partition("#")
        if "://" in link:
            continue
        target = ROOT / document.parent / path if path else ROOT / document
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert heading in map(anchor, titles), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_files_are_there(document: Path) -> None:
    """Files in backticks with a folder: as seen from the project, or from the document."""
    text = _CODE.sub("", text_of(document))
    for name in re.findall(r"`([\w.-]+(?:/[\w.-]+)*/[\w.-]+\.(?:py|lua|js|md|yml|toml))`", text):
        bases = (ROOT, *(ROOT / document).parents, ROOT / "worker", ROOT / "api" / "page")
        assert any((base / name).exists() for base in bases), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_commands_and_flags_exist(document: Path) -> None:
    for line in commands(text_of(document)):
        command = typer.main.get_command(app)
        words = [word for word in shlex.split(line.split("#")[0].replace("…", ""))[1:] if word]
        while words and (inner := getattr(command, "commands", {})):
            name = words.pop(0)
            assert name in inner or name.isupper() or name in "|[", line
            command = inner.get(name, command)
            if name not in inner:
                break
        flags = {
            flag for option in command.params for flag in (*option.opts, *option.secondary_opts)
        }
        given = {
            word.strip("[]").split("=")[0] for word in words if word.strip("[]").startswith("--")
        }
        assert given <= flags | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_settings_exist(document: Path) -> None:
    known = {f"POSEQUEUE_{name}".upper() for name in Settings.model_fields}
    own = {"POSEQUEUE_WORKER_QUEUES", "POSEQUEUE_SHARED", "POSEQUEUE_CHROMIUM"}
    for name in re.findall(r"POSEQUEUE_[A-Z0-9_]*[A-Z0-9]", text_of(document)):
        assert name in known | own or name.removesuffix("_FILE") in known, name


def test_the_example_of_an_exercise_is_the_squat() -> None:
    """Its numbers may have been measured anew since."""
    text = text_of(Path("worker/exercises/README.md"))
    [block] = re.findall(r"```python\n(.*?) *```", text, re.DOTALL)
    numbers = re.compile(r"-?\d+(\.\d+)?")
    squat = numbers.sub("0", (ROOT / "worker/exercises/squat.py").read_text())
    assert numbers.sub("0", textwrap.dedent(block)) in squat
