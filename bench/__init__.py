"""Benchmarks of gamesrv; see README.md."""
