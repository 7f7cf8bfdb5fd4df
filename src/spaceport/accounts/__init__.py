"""Who may do what: users, the teams they belong to with a role each, and their sign-ins."""
