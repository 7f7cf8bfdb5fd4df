"""What hardware there is, what it costs, and what each space has cost and is going to cost this month."""
