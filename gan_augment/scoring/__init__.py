"""Scores of predictions: metrics, prior adjustment, paired statistics."""
