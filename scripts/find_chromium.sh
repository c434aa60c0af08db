#!/usr/bin/env bash
# Browser tests need a Chromium. It is taken from the PATH, installed where that is allowed (root and apt), otherwise named.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "  installing Chromium for the browser tests"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 && exit 0
fi
echo "  no Chromium found: browser tests will be skipped. Install it with: sudo apt-get install chromium" >&2
case ",${VISAVIS_REQUIRE:-}," in *,chromium,*) exit 1 ;; esac
