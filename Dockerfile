FROM python:3.11-slim

# Sources are fetched with git; the slim image has none.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/app

COPY --chown=user requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY --chown=user migrations migrations
COPY --chown=user src src

ENV PATH=/home/user/.local/bin:$PATH \
    PYTHONPATH=/home/user/app/src \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/home/user/app/.data \
    PORT=7860

EXPOSE 7860
CMD ["python", "-m", "spaceport", "serve"]
