"""The safety net: desired against observed, lost triggers and stuck work, found without anybody telling us."""
