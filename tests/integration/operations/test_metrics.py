"""Who may read /metrics."""

from tests.fixtures.web import Account, ClientWith


async def test_local_programs_need_a_token_where_there_may_be_a_proxy(
    client_with: ClientWith,
    administrator: Account,
    learner: Account,
) -> None:
    """nginx on the same machine is a local program, too, whatever headers it was told to send."""
    async with client_with(base_url="https://media.example.edu") as client:
        assert (await client.get("/metrics")).status_code == 403
        for account, status in ((learner, 403), (administrator, 200)):
            bearer = {"Authorization": f"Bearer {account.token}"}
            assert (await client.get("/metrics", headers=bearer)).status_code == status
    async with client_with() as client:
        assert (await client.get("/metrics")).status_code == 200
        for header in ("X-Forwarded-For", "X-Real-IP", "Via", "Forwarded"):
            assert (await client.get("/metrics", headers={header: "203.0.113.9"})).status_code == 403
