"""`POST /api/avatars`: a picture, a character, splats or a packed bundle comes in as the body and becomes an avatar."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from visavis.avatars import Avatar, EngineName, Likeness
from visavis.errors import BadInput, Busy, TooLarge
from visavis.session import creation

if TYPE_CHECKING:
    from visavis.settings import Settings

MAX_AT_ONCE: Final = 1
"""Making an avatar takes the machine for seconds; conversations go on beside it."""
MAX_WAITING: Final = 4

ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class NewHead(BaseModel):
    """A new person of the canonical head: `choices` as `GET /api/avatars/head` describes them."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")] | None = None
    choices: Annotated[dict[str, float | int | str | None], Field(max_length=32)] = Field(default_factory=dict)


class Upload(BaseModel):
    """What is said of the body in the query."""

    model_config = ConfigDict(extra="forbid")

    filename: Annotated[str, StringConstraints(max_length=240)] = "upload"
    name: Annotated[str, StringConstraints(max_length=64)] | None = None
    engine: EngineName | None = None
    origin: Literal["synthetic", "artwork", "photograph", "capture", "character"] = "photograph"
    statement: ShortLine | None = None
    consent: ShortLine | None = None
    """Who agreed to the use of this likeness, and when; a photograph and a capture need it."""


def add_uploads(app: FastAPI) -> None:
    settings: Settings = app.state.settings
    making = asyncio.Semaphore(MAX_AT_ONCE)
    waiting = 0

    @app.get("/api/avatars/head", tags=["avatars"])
    async def head_choices() -> dict[str, Any]:
        """A JSON Schema of what can be chosen of a new person, with bounds: what is left out is drawn with the seed."""
        from visavis.engines.rig.people.identities import HeadChoice

        return HeadChoice.model_json_schema()

    @app.post("/api/avatars/head", status_code=201, tags=["avatars"])
    async def make_head(said: NewHead) -> JSONResponse:
        """A new person from choices, in some twenty seconds; `Location` names the avatar."""
        nonlocal waiting
        if waiting >= MAX_WAITING:
            raise Busy("Other avatars are being made.", mend="Try again in a minute.")
        waiting += 1
        try:
            async with making:
                avatar = await asyncio.to_thread(
                    creation.create_head, {k: v for k, v in said.choices.items() if v is not None}, said.name, settings.home,
                    settings.cache, _unheard, title=said.title,
                )  # fmt: skip
        finally:
            waiting -= 1
        return _made(avatar, ())

    @app.post("/api/avatars", status_code=201, tags=["avatars"])
    async def make_avatar(request: Request, said: Annotated[Upload, Query()]) -> JSONResponse:
        """The file as the body; `Location` names the avatar. Nothing is kept where it cannot be used."""
        nonlocal waiting
        if waiting >= MAX_WAITING:
            raise Busy("Other avatars are being made.", mend="Try again in a minute.")
        waiting += 1
        try:
            async with making:
                return await _receive_and_make(request, said, settings)
        finally:
            waiting -= 1


async def _receive_and_make(request: Request, said: Upload, settings: Settings) -> JSONResponse:
    with tempfile.TemporaryDirectory(prefix="visavis-upload-") as scratch:
        source = Path(scratch) / _file_name(said.filename)
        await asyncio.to_thread(source.touch)
        await _store(request.stream(), source)
        wanted = creation.Request(source, said.name, engine=said.engine, likeness=_likeness(source, said))
        avatar, remarks = await asyncio.to_thread(creation.create_avatar, wanted, settings.home, settings.cache, _unheard)
    return _made(avatar, remarks)


def _made(avatar: Avatar, remarks: tuple[str, ...]) -> JSONResponse:
    body: dict[str, Any] = {
        "name": avatar.name,
        "title": avatar.title,
        "engines": list(avatar.engines),
        "remarks": list(remarks),
    }
    return JSONResponse(body, 201, {"Location": f"/api/avatars/{avatar.name}"})


def _likeness(source: Path, said: Upload) -> Likeness | None:
    """None for a bundle, which brings its own. Raises BadInput where consent is missing."""
    if creation.kind_of(source) is creation.Kind.BUNDLE:
        return None
    try:
        statement = said.statement or f"Made from {source.name}."
        return Likeness(origin=said.origin, statement=statement, consent=said.consent)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(fault["msg"].removeprefix("Value error, ") + ".", mend="Add `consent` to the query.") from None


async def _store(body: AsyncIterator[bytes], path: Path) -> None:
    """No further than `MAX_SOURCE_BYTES`. Raises TooLarge."""
    size = 0
    with path.open("wb") as file:
        async for piece in body:
            size += len(piece)
            if size > creation.MAX_SOURCE_BYTES:
                raise TooLarge(f"The body is larger than {creation.MAX_SOURCE_BYTES >> 20} MiB.")
            file.write(piece)


def _file_name(given: str) -> str:
    """The last part of a name from outside, of harmless characters."""
    last = PurePosixPath(given.replace("\\", "/")).name
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in last).strip(".-")
    return kept or "upload"


def _unheard(doing: str, part: float) -> None:
    """Progress that nobody watches."""
