"""`GET /api/avatars/{name}/model`: what a viewer that draws by itself needs of an avatar, once; later only whether it changed."""

from __future__ import annotations

import asyncio
import gzip
from typing import Annotated, Final

from fastapi import FastAPI, Path, Request, Response

from visavis.session.sessions import Sessions

MEDIA_TYPE: Final = "application/vnd.visavis.model"


def add_models(app: FastAPI) -> None:
    sessions: Sessions = app.state.sessions

    @app.get("/api/avatars/{name}/model", tags=["avatars"], response_class=Response, responses={304: {}})
    async def avatar_model(request: Request, name: Annotated[str, Path(max_length=64)]) -> Response:
        """The avatar's model (`engines/rig/export.py` has the layout), with an `ETag` to ask again with."""
        faces = sessions.faces
        model = await asyncio.to_thread(lambda: faces.model(faces.avatar(name)))
        headers = {"ETag": f'"{model.tag}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if _knows(request.headers.get("if-none-match", ""), model.tag):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(model.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=MEDIA_TYPE)
        return Response(await asyncio.to_thread(gzip.decompress, model.gzipped), headers=headers, media_type=MEDIA_TYPE)


def _knows(if_none_match: str, tag: str) -> bool:
    """RFC 9110, weak comparison: a proxy that recompresses marks tags as weak."""
    given = {part.strip().removeprefix("W/").strip('"') for part in if_none_match.split(",")}
    return tag in given or "*" in given
