"""The ways to people. A channel of recipients.csv that is not here is not sent by: nothing is put into its outbox."""

from pipelines.notify.channels.channel import Channel
from pipelines.notify.channels.chat import Chat
from pipelines.notify.channels.jira import Jira
from pipelines.notify.channels.mail import Mail
from pipelines.notify.channels.on_failure import FailureCommand, FailureWebhook
from pipelines.notify.channels.webhook import Webhook

JIRA = Jira()
CHANNELS: dict[str, Channel] = {
    "mail": Mail(),
    "chat": Chat(),
    "webhook": Webhook(),
    "jira": JIRA,
    "failure_command": FailureCommand(),
    "failure_webhook": FailureWebhook(),
}
