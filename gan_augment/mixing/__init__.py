"""How many synthetic rows each class gets, chosen on validation."""
