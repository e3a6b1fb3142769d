"""Object store: one protocol, implemented on a folder and on S3."""
