"""The open project: paths, params, and the files that stages share."""
