"""Other servers for Python, each with the least around it that makes the same game of it."""
