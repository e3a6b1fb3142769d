"""Web server, API, commands and processes of SkillStudio. Imports `transcoder`, `storage` and `web`."""
