"""Columns of an export: payments."""

from server.operations.export.rules import Table
from storage.database.base import Base
from storage.database.tables import Payment

PAYMENTS: dict[type[Base], Table] = {
    Payment: Table(
        "payments.jsonl",
        "Payments, and what happened to recurring ones. Never changed: a void line takes another one back.",
        {
            "id": "of the line",
            "kind": "one_off, recurring, charge, refund, void, or what happened to a recurring payment",
            "source": "system that external_id comes from",
            "external_id": "reference there",
            "at": "when; of a void line the time of what it takes back",
            "local_day": "of the institution, as 2026-11-27",
            "amount": "minor units of the currency; 0: none",
            "currency": "ISO 4217",
            "revenue": "minor units that the line adds to the revenue of its day",
            "refers_to": "line that it belongs to; null: none",
            "email": "of the payer; empty: unknown",
            "user_id": "person with this address; null: none",
            "course_id": "course; null: none, or deleted",
            "months": "of a period; null: none",
            "trial_end": "first moment after a trial; null: no trial",
            "free_months": "months that cost nothing; null: none",
            "until": "end of a cancelled one where billing named it",
            "automatic": "recurring: whether periods are booked by themselves; void: not by a person",
            "zone": "time zone that periods are counted in",
            "note": "reason, or what it is for",
            "created_at": "when it was entered",
        },
    ),
}
