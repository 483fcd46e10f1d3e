"""Tells people that a run ended: to a webhook and by e-mail, where the environment names them.

Belongs here: what is said and how it is sent. Does not: which runs (`dagster.notifications`). What
is said names the migration, the run and where to look; never a record, a reason or a value.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import requests
from pydantic import Field, SecretStr

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.settings import Environment

TIMEOUT_S = 15


class Notifications(Environment):
    """Whom to tell (README.md#configuration)."""

    webhook: SecretStr | None = Field(None, alias="FLITSTACK_NOTIFY_WEBHOOK")
    email: str = Field("", alias="FLITSTACK_NOTIFY_EMAIL")
    smtp: SecretStr | None = Field(None, alias="FLITSTACK_SMTP_URL")
    ui: str = Field("http://127.0.0.1:3000", alias="FLITSTACK_UI_URL")

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be told."""
        return self.webhook is not None or bool(self.email)


def tell_people(to: Notifications, text: str) -> None:
    """Send one sentence to whoever is named.

    Raises BadInput for an e-mail address without a server; OSError (which requests' errors and
    smtplib's are) when it cannot be sent, without the address of the webhook.
    """
    if to.webhook is not None:
        _post(to.webhook.get_secret_value(), text)
    if to.email:
        if to.smtp is None:
            raise BadInput("FLITSTACK_NOTIFY_EMAIL needs FLITSTACK_SMTP_URL: smtp://host:587")
        _mail(to.email, to.smtp.get_secret_value(), text)


def _post(url: str, text: str) -> None:
    try:
        answer = requests.post(url, json={"text": text}, timeout=TIMEOUT_S)
    except requests.RequestException as error:  # its text holds the address, which is a secret
        raise OSError(f"The webhook cannot be reached: {type(error).__name__}") from None
    if not answer.ok:
        raise OSError(f"The webhook answered {answer.status_code}.")


def _mail(to: str, url: str, text: str) -> None:
    """Send an e-mail through `smtps://`, or `smtp://` with STARTTLS where the server offers it."""
    server = urlsplit(url)
    host = server.hostname or "localhost"
    user = unquote(server.username or "")
    message = EmailMessage()
    message["From"] = user if "@" in user else "flitstack@localhost"
    message["To"], message["Subject"] = to, text.split(".")[0]
    message.set_content(text)
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    with kind(host, server.port or 0, timeout=TIMEOUT_S) as smtp:
        if server.scheme != "smtps" and smtp.has_extn("starttls"):
            smtp.starttls()
        if user:
            smtp.login(user, unquote(server.password or ""))
        smtp.send_message(message)
