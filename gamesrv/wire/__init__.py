"""Bytes to messages and back, for every transport: no I/O, no Twisted, no clock."""
