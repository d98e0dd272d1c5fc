"""Image to image: a labelled image of one domain drawn again in another one, or around an edited mask."""
