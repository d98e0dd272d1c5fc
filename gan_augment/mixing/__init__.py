"""Numbers of synthetic rows per class, chosen on validation."""
