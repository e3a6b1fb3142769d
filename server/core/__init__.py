"""What every feature may stand on: clock, errors, security primitives. Imports no feature."""
