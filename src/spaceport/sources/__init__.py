"""Where a space's code comes from, and fetching one revision of it safely into a folder.

`git.fetch` for repositories, `archives.unpack` for uploads, `files.manifest` to list the result. Nothing here
knows the database or the Hub.
"""
