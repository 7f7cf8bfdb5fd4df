"""Long-lived tokens for CI, each for one space: they upload, deploy that space and read its deployments."""
