"""What outlives the process: the store, what is kept in it, and how it is read."""
