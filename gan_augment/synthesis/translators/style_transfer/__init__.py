"""Style transfer (Gatys, Ecker, Bethge 2016): the shapes of a labelled image, the look of another one."""
