"""Super-resolution: sharper versions of real images."""
