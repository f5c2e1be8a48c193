"""The app's name, and the ids that only Slack's surfaces use. Pure constants.

The manifest and open forms have the ids, so they stay; the action ids of buttons in replies and
cards are in `commands/action_ids.py`.
"""

# Not kwtSMS's own name: the app is not theirs.
APP_NAME = "SMS Bridge"
BOT_HANDLE = "sms_bridge"

# Buttons of App Home; a button whose id begins with HOME_PREFIX is handled there.
HOME_PREFIX = "home_"
HOME_SEND = "home_send"
HOME_REFRESH = "home_refresh"

# The menu of a message's card; each option names one of the actions of `commands/action_ids.py`.
MESSAGE_MENU = "message_menu"

# Callback ids of the modals, and the button of the preview.
SEND_FORM = "send_form"
PREVIEW_FORM = "preview_form"
SILENCE_FORM = "silence_form"
FORM_PLAINER = "form_plainer"

# Callback ids of the shortcuts: one opens the empty form, the other quotes a message.
FORM_SHORTCUT = "send_sms_form"
MESSAGE_SHORTCUT = "text_this"

# Callback id of the step for Workflow Builder.
SEND_STEP = "send_sms"
