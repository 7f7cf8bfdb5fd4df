"""Deployments: one attempt each to bring a revision live on a space, from the trigger to a truthful end."""
