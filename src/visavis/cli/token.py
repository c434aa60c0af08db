"""`visavis token`: the access token of this machine's server."""

from __future__ import annotations

import typer


def token() -> None:
    """Print the token that callers from other machines need; made on first use.

    [dim]curl -H "Authorization: Bearer $(visavis token)" http://host:8700/api/avatars[/]
    """
    from visavis.server.access import kept_token
    from visavis.settings import load_settings

    settings = load_settings()
    typer.echo(settings.token.get_secret_value() if settings.token else kept_token(settings.home))
