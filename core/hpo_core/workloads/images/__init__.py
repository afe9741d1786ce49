"""Images: where they come from, decoded once, kept, and handed over; ``dataset.prepare`` is what others call."""
