"""One small file an engine: what the bench needs to measure it, and what no stopwatch tells."""
