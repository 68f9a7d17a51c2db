"""The web pages over the published file: read by everyone, with no token and no warehouse in reach."""
