"""The games that come with gamesrv: written against its public API alone, to be read and copied."""
