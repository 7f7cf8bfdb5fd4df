"""Jobs: the queued units of a deployment. The only package that imports the job engine."""
