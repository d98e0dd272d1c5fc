"""One file a DVC stage: reads its params section and its inputs, composes components, writes its outs atomically."""
