"""Bytes: one protocol, a folder and any S3 store behind it."""
