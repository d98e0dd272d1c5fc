"""Sources of labelled data -> canonical samples: reading, audit, group-aware stratified split."""
