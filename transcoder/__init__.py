"""What SkillStudio does to media. Imports `storage` and nothing else of ours; never imports litestar."""
