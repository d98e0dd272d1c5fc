"""The next frame of a clip: what follows a real image that nothing follows yet."""
