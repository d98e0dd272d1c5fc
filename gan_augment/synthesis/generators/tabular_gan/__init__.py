"""Conditional GAN of table rows."""
