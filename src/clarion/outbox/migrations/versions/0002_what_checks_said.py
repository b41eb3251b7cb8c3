"""What the checks said of a post when it was queued. Posts from before say nothing of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("post", sa.Column("findings", sa.Text(), server_default="[]", nullable=False))
