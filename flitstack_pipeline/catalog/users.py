"""Team members: matched with HighLevel users by their e-mail, never written."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    CREATED,
    STATUS,
    WORKSPACE,
    also,
    column,
    columns,
)
from flitstack_pipeline.catalog.model import (
    E164_PATTERN,
    EMAIL_PATTERN,
    TEXT,
    Dataset,
    Field,
    ObjectType,
)

USERS = ObjectType(
    "users",
    "Team members",
    "HighLevel users, matched by e-mail",
    (),
    (
        Dataset(
            "users",
            "Team members",
            (
                *columns(
                    """
                    user_id: User ID|member id|staff id|team member id|id
                    name: Name|full name|team member|staff name|display name
                    first_name: First Name|first
                    last_name: Last Name|last
                    email: Email|e mail|email address
                    phone: Phone|phone number|mobile
                    role: Role|permission|role name|job title|position|permissions|user role; text; ; role name
                    """
                ),
                also(STATUS, read="text", about="Active, Invited, Inactive as read"),
                column(
                    "type: Type|worker type|employment type|member type; text as user_type; ; Employee, Subcontractor, Partner as read"
                ),
                also(CREATED, read="", holds="day"),
                WORKSPACE,
            ),
            ("user_id", "email", "name"),
            ("role", "email"),
            ("team_members", "users", "team", "staff", "employees", "technicians", "crew"),
            ("employee", "staff", "team member", "user", "technician", "member", "worker"),
            ("name|first_name", "email|phone", "role|type"),
            derived_id=("email", "name", "first_name", "last_name"),
            tells="name person name,first_name,last_name; e-mail emails email; phone phones",
            further=(
                Field("name", TEXT, "display name", required=True),
                Field("first_name", TEXT, "given name"),
                Field("last_name", TEXT, "family name"),
                Field("email", TEXT, "e-mail, lower case", matches=EMAIL_PATTERN),
                Field("phone", TEXT, "E.164", matches=E164_PATTERN),
            ),
        ),
    ),
)
