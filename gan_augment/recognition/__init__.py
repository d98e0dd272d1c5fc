"""The small network that tells classes apart: it judges candidates, and it is retrained on the mixture."""
