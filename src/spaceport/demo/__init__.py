"""`spaceport demo`: the whole of it on one machine, with a local Hub. A client of the REST API like any other."""
