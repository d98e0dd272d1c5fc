"""A GAN of several attributes at once: drawn by any combination of their values."""
