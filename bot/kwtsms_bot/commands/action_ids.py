"""The action ids of buttons. Slack keeps them with posted messages, so their values never change.

Pure constants; the ids that only Slack's surfaces use are in `slack/ids.py`.
"""

# Of a preview.
SEND_CONFIRM = "send_confirm"
SEND_DISCARD = "send_discard"
SEND_PLAINER = "send_plainer"

# Of a request for approval.
SEND_APPROVE = "send_approve"
SEND_REFUSE = "send_refuse"

# Of a message's card.
MESSAGE_DETAILS = "message_details"
MESSAGE_CANCEL = "message_cancel"
MESSAGE_CHECK = "message_check"
MESSAGE_SUPPORT = "message_support"
MESSAGE_FAILURES = "message_failures"
UNKNOWN_SEND_AGAIN = "unknown_send_again"
UNKNOWN_TREAT_AS_SENT = "unknown_treat_as_sent"

# Of an incident's card, of App Home, and of `ack all`.
INCIDENT_ACKNOWLEDGE = "incident_acknowledge"
INCIDENT_UNACKNOWLEDGE = "incident_unacknowledge"
INCIDENT_RESOLVE = "incident_resolve"
INCIDENT_NOTIFY_AGAIN = "incident_notify_again"
INCIDENT_SILENCE = "incident_silence"
INCIDENT_UNSILENCE = "incident_unsilence"
INCIDENT_DETAILS = "incident_details"
INCIDENT_ACKNOWLEDGE_ALL = "incident_acknowledge_all"
INCIDENT_TEST = "incident_test"
DRILL_START = "drill_start"

# Of a reply that offers the send form.
OPEN_FORM = "open_form"
