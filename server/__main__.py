"""`python -m server`: the same commands where the script is not on the PATH."""

from server.cli import main

main()
