"""Hub jobs: what the Hub runs for a team, in the namespaces that its Hub accounts may address."""
