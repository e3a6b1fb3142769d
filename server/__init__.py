"""What people ask SkillStudio for. Imports `transcoder`, `storage` and `web`."""
