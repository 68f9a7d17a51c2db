"""The ways to people. A channel of recipients.csv that is not here is not sent by: nothing is put into its outbox."""

from pipelines.notify.channels.channel import Channel
from pipelines.notify.channels.chat import Chat
from pipelines.notify.channels.mail import Mail
from pipelines.notify.channels.on_failure import FailureCommand, FailureWebhook
from pipelines.notify.channels.webhook import Webhook

CHANNELS: dict[str, Channel] = {
    "mail": Mail(),
    "chat": Chat(),
    "webhook": Webhook(),
    "failure_command": FailureCommand(),
    "failure_webhook": FailureWebhook(),
}
