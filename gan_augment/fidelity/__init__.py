"""Measures of fidelity, diversity and copying on float arrays, for watching a GAN and for judging its samples."""
