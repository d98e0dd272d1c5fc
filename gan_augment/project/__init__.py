"""The open project: paths, params and what stages share on disk."""
