"""Setting up a project: look at the user's data, say what is there, and write the files that `dvc repro` needs."""
