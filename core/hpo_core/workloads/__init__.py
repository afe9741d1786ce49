"""What one training is, chosen by name; and the data that it trains on."""
