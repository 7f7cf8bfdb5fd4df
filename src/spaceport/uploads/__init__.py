"""Uploaded archives, kept in the database so that any worker on any machine can fetch them."""
