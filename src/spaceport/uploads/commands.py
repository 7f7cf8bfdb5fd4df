"""Keeping uploaded archives, and handing them to a worker."""

import hashlib
from typing import BinaryIO

from sqlmodel import Session, col, select

from spaceport.errors import Invalid, NotFound, TooLarge
from spaceport.sources import archives
from spaceport.uploads.model import Upload, UploadChunk

MAX_SIZE = 200 * 1024 * 1024
_CHUNK = 1024 * 1024


def keep(session: Session, team_id: str, file: BinaryIO) -> Upload:
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
