"""Transcoding pipeline of SkillStudio. Imports `storage` and no other package of ours; never litestar."""
