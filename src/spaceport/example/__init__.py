"""The small web app in Docker that a first deployment brings live, from the demo and from the dashboard."""

from pathlib import Path

FOLDER = Path(__file__).parent / "hello"
