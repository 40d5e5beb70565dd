"""What a signed order costs: the real service beside a floor that only parses the body."""
