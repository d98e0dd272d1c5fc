"""Studies: runs over whole projects that are not stages, such as calibrate, replicate, compare and preview."""
