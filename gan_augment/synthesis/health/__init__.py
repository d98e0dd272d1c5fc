"""Checks of a training while it runs and of the model that it leaves."""
