"""What to train: hyperparameters and metrics, a table of facts each; grid, spec, plans."""
