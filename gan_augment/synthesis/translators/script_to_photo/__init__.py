"""Training data for recognisers (Wang et al. 2017): a script writes, a network gives it the look of photographs."""
