"""What an app is started with: secrets and variables with their versions, and volumes."""
