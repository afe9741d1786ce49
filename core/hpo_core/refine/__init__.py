"""From what the trim left to the next plan: finer values, and re-use of every finished replicate."""
