"""What administrators change of the institution: API and page, and the rules of logos."""
