"""Keeping uploaded archives, and handing them to a worker."""

import hashlib
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.errors import Invalid, NotFound, TooLarge
from spaceport.events.record import record
from spaceport.sources import archives
from spaceport.uploads.model import Upload, UploadChunk

MAX_SIZE = 200 * 1024 * 1024
# Going back to a release takes the files from the Space's own history; only a retry needs the archive.
KEPT_FOR = timedelta(days=30)
_CHUNK = 1024 * 1024
_AT_ONCE = 100
_PRUNE = text("""
    DELETE FROM upload WHERE id IN (
        SELECT id FROM upload WHERE created_at < :before
            AND NOT EXISTS (SELECT FROM space WHERE team_id = upload.team_id AND source ->> 'upload_id' = upload.id)
            AND NOT EXISTS (
                SELECT FROM deployment WHERE team_id = upload.team_id
                    AND finished_at IS NULL AND source ->> 'upload_id' = upload.id
            )
        LIMIT :at_once
    ) RETURNING 1
""")


def keep(session: Session, team_id: str, file: BinaryIO, *, actor: str) -> Upload:
    """Store an archive. Raises TooLarge `upload_too_large`, Invalid for what is neither tar.gz nor zip."""
    first = file.read(_CHUNK)
    if not first:
        raise Invalid("The uploaded file is empty.", code="upload_empty", fix="Upload a tar.gz or zip archive.")
    upload = Upload(team_id=team_id, format=archives.kind(first), size=0, sha256="")
    session.add(upload)
    session.flush()
    digest, position, piece = hashlib.sha256(), 0, first
    while piece:
        upload.size += len(piece)
        if upload.size > MAX_SIZE:
            raise TooLarge(
                f"The archive is larger than {MAX_SIZE // 1024 // 1024} MB.",
                code="upload_too_large",
                fix="Leave out what is not part of the app; large files belong in a model or dataset repository.",
            )
        digest.update(piece)
        session.add(UploadChunk(upload_id=upload.id, position=position, data=piece))
        session.flush()
        session.expunge_all()
        position, piece = position + 1, file.read(_CHUNK)
    upload.sha256 = digest.hexdigest()
    record(
        session,
        "archive.uploaded",
        team_id=team_id,
        actor=actor,
        upload=upload.id,
        size=upload.size,
        sha256=upload.sha256,
    )
    return session.merge(upload)


def get(session: Session, team_id: str, upload_id: str) -> Upload:
    upload = session.get(Upload, upload_id)
    if upload is None or upload.team_id != team_id:
        raise NotFound(
            f"There is no upload {upload_id} in this space's team.",
            code="upload_not_found",
            fix="Upload the archive with POST /api/v1/uploads and use the id that it answers.",
        )
    return upload


def read(session: Session, team_id: str, upload_id: str, into: BinaryIO) -> Upload:
    """Write the archive's bytes to a file, a piece at a time."""
    upload = get(session, team_id, upload_id)
    position = 0
    statement = select(UploadChunk.data).where(UploadChunk.upload_id == upload_id)
    while (piece := session.exec(statement.where(col(UploadChunk.position) == position)).first()) is not None:
        into.write(piece)
        position += 1
    return upload


def prune(session: Session) -> bool:
    """Delete archives past `KEPT_FOR` that no space has as its source and no deployment waits for.

    Whether there may be more.
    """
    bounds = {"before": clock.now() - KEPT_FOR, "at_once": _AT_ONCE}
    return len(session.execute(_PRUNE, bounds).all()) == _AT_ONCE
