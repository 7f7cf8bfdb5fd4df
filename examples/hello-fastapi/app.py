"""A small FastAPI app: what most docker Spaces look like."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def hello() -> dict[str, str]:
    return {"hello": os.environ.get("SPACE_ID", "your machine")}


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
