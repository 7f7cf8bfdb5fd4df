"""Health checks: the rule, one probe of an app, and the verdict."""
