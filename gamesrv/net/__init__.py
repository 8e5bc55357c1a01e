"""Twisted's side: protocols that turn bytes into messages for a `Peer`, and the other way round."""
