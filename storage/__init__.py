"""What SkillStudio keeps: rows in a database and bytes in an object store. Imports nothing of ours."""
