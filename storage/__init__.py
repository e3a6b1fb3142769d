"""Storage layer: rows in a database, bytes in an object store. Imports no other package of ours."""
