"""The tables, in two groups: what must survive a power cut (RECORDS), and what may lose its last moments (MEMORY)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

RECORDS = MetaData()
MEMORY = MetaData()
COUNTED = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER key only


def text(name: str, primary_key: bool = False) -> Column[str]:
    """A short text that is always there."""
    return Column(name, String, nullable=False, primary_key=primary_key)


# One row a decision. `payload` and `response` are sealed (crypt.py); retention empties them and `call_key`, and sets
# `erased`. The digests stay, so that the audit log still vouches for the row. `summary` is JSON for reports.
decision_records = Table(
    "decision_records",
    RECORDS,
    text("id", primary_key=True),
    Column("call_key", String, unique=True),
    text("hook_instance"),
    text("iss"),
    text("service"),
    text("body_sha256"),
    text("patient"),
    text("clinician"),
    text("unit"),
    text("gate"),
    text("knowledge_version"),
    text("knowledge_sha256"),
    text("app_version"),
    text("created"),
    text("key_id"),
    Column("payload", LargeBinary),
    Column("response", LargeBinary),
    text("payload_sha256"),
    text("response_sha256"),
    Column("timings", Text, nullable=False),
    Column("erased", String),
    Column("summary", Text, nullable=False, server_default="{}"),
    Index("decision_records_created", "created"),
    Index("decision_records_patient", "patient"),
    Index("decision_records_hook_instance", "hook_instance"),
)

# One row a card that was sent with a decision.
cards = Table(
    "cards",
    RECORDS,
    text("card_id", primary_key=True),
    Column("record_id", String, ForeignKey("decision_records.id"), primary_key=True),
    text("topic"),
    text("indicator"),
    text("fingerprint"),
)

# One short row a call that stopped at the gate.
gate_rows = Table(
    "gate_rows",
    RECORDS,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    text("hook_instance"),
    text("iss"),
    text("service"),
    text("patient"),
    text("unit"),
    text("gate"),
    text("knowledge_version"),
    text("created"),
    Index("gate_rows_created", "created"),
)

# One row a statement of a user about a card; `key` makes a repeated statement one.
feedback = Table(
    "feedback",
    RECORDS,
    text("key", primary_key=True),
    text("card_id"),
    Column("record_id", String, ForeignKey("decision_records.id"), nullable=False),
    text("outcome"),
    text("outcome_time"),
    text("reason"),
    Column("suggestions", Text, nullable=False),
    text("key_id"),
    Column("comment", LargeBinary),
    text("received"),
    Index("feedback_received", "received"),
    Index("feedback_record", "record_id"),
)

# One row a clinician's statement. `content` is sealed; retention and erasure empty it and set `erased`.
attestations = Table(
    "attestations",
    RECORDS,
    text("id", primary_key=True),
    text("patient"),
    text("clinician"),
    text("code"),
    text("place"),
    text("status"),
    text("created"),
    text("changed"),
    text("key_id"),
    Column("content", LargeBinary),
    Column("erased", String),
    Index("attestations_patient", "patient"),
    Index("attestations_created", "created"),
)

audit_log = Table(
    "audit_log",
    RECORDS,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    text("time"),
    text("kind"),
    text("who"),
    Column("what", Text, nullable=False),
    text("prev_hash"),
    text("hash"),
)

# One row: how far the audit log reaches, signed.
audit_head = Table(
    "audit_head",
    RECORDS,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    text("hash"),
    text("key_id"),
    text("mac"),
)

# What is switched off or silent; an empty text means all.
switches = Table(
    "switches",
    RECORDS,
    text("ehr", primary_key=True),
    text("hook", primary_key=True),
    text("topic", primary_key=True),
    text("unit", primary_key=True),
    text("state"),
    text("who"),
    text("changed"),
)

settings_history = Table(
    "settings_history",
    RECORDS,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    text("sha256"),
    Column("content", Text, nullable=False),
    text("who"),
    text("created"),
)

# What one clinician was shown about one patient. `marks` is JSON text of the fatigue rules.
alert_memory = Table(
    "alert_memory",
    MEMORY,
    text("patient", primary_key=True),
    text("clinician", primary_key=True),
    text("topic", primary_key=True),
    text("fingerprint", primary_key=True),
    Column("marks", Text, nullable=False),
    text("sent"),
    text("override_reason"),
    text("override_role"),
    text("overridden"),
    Index("alert_memory_overridden", "patient", "override_reason"),
)

used_tokens = Table(
    "used_tokens",
    MEMORY,
    text("iss", primary_key=True),
    text("jti", primary_key=True),
    Column("expires", BigInteger, nullable=False),
    Index("used_tokens_expires", "expires"),
)

# SMART launches under way, until their callback. `state` and `browser` are digests, `content` is sealed; times are
# seconds since 1970.
pending_launches = Table(
    "pending_launches",
    MEMORY,
    text("state", primary_key=True),
    text("browser"),
    text("key_id"),
    Column("content", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("pending_launches_expires", "expires"),
)

# Open SMART launches. `id` and `browser` are digests, `patient` a pseudonym; `content` (the launch context) and
# `tokens` are sealed. `version` counts renewals of the tokens, `lease` is until when one process alone renews them.
launches = Table(
    "launches",
    MEMORY,
    text("id", primary_key=True),
    text("browser"),
    text("patient"),
    text("key_id"),
    Column("content", LargeBinary, nullable=False),
    text("tokens_key_id"),
    Column("tokens", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("last_used", BigInteger, nullable=False),
    Index("launches_last_used", "last_used"),
    Index("launches_patient", "patient"),
)

# What a user has last seen of a patient on the page, in two sealed views; `launch` is a digest.
last_views = Table(
    "last_views",
    MEMORY,
    text("patient", primary_key=True),
    text("clinician", primary_key=True),
    text("launch"),
    text("key_id"),
    Column("before", LargeBinary),
    Column("latest", LargeBinary, nullable=False),
    text("changed"),
    Index("last_views_changed", "changed"),
)
