"""A server of drawn mouths and tones, run inside a network namespace: `python plain_server.py HOST PORT TOKEN`."""

import sys

from visavis.server.app import create_app
from visavis.server.run import bind, run_server
from visavis.session.sessions import Sessions
from visavis.settings import load_settings
from visavis.testing.faces import PlainFaces
from visavis.testing.talker import EchoTalker

host, port, token = sys.argv[1:]
settings = load_settings(host=host, port=int(port), token=token, size=128)
sessions = Sessions(settings, faces=PlainFaces(), make_talker=EchoTalker)
run_server(create_app(settings, sessions=sessions), bind(settings), on_ready=lambda: print("ready", flush=True))
