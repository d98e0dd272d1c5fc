"""Setup of a project: inspect the data, guess settings, write params.yaml and dvc.yaml, check them."""
