"""What the storybook shows: each state of each fragment as one entry, made of the real models without a database."""
