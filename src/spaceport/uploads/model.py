"""Uploaded archives, kept in the database so that any worker on any machine can fetch them."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from spaceport import clock, ids


class Upload(SQLModel, table=True):
    __tablename__ = "upload"

    id: str = Field(default_factory=lambda: ids.new("upl"), primary_key=True)
    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id"), nullable=False, index=True))
    format: str = Field(sa_column=Column(Text, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class UploadChunk(SQLModel, table=True):
    """Pieces of at most 1 MiB: one large value would be held several times over in memory."""

    __tablename__ = "upload_chunk"

    upload_id: str = Field(sa_column=Column(Text, ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class UploadPublic(SQLModel):
    id: str
    team_id: str
    format: str
    size: int
    sha256: str
    created_at: datetime
