"""Runs over whole projects that are not stages: calibrate, replicate, compare, preview."""
