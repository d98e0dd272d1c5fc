"""Small classifier network: it judges candidates, and it is retrained on the mixture."""
