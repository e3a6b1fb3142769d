"""Weekly report: the figures of a week as a mail, or as a file in the data folder."""
