"""Tables that the export leaves out, and why."""

LEFT_OUT = {
    "institution": "institution.json, except the set-up link",
    "sessions": "secret",
    "api_tokens": "secret",
    "invitations": "secret",
    "server_keys": "secret",
    "sign_in_failures": "about sign-ins",
    "videos": "columns of lessons.jsonl, and media/",
    "jobs": "how media were made here",
    "workers": "this installation",
    "hosts": "this installation",
    "uploads": "unfinished",
    "object_deletions": "this installation",
    "watch_allowances": "figures for the next heartbeats",
    "segment_deliveries": "how media were delivered here",
    "outbox": "unsent mails of this installation",
    "notices": "this installation",
    "original_removals": "whether media/ has an original",
    **dict.fromkeys(("user_stats", "leaderboard_cache", "leaderboard_counts"), "sums of xp.jsonl"),
    **dict.fromkeys(("game_settings", "scheduled_tasks", "operator_settings"), "this installation"),
    "board_group_members": "for one week",
    **{f"{of}_analytics": "sums of the facts" for of in ("platform", "course", "instructor")},
    **dict.fromkeys(
        ("analytics_days", "analytics_checks", "watch_days", "encoding_events"), "for those sums"
    ),
    **{"rule_change_people": "what a dry run has counted", "alembic_version": "this installation"},
}
