"""The demo's tour: who may do what in it, and the steps that show what the bot can do.

Each text is written in both of the page's languages. Data only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kwtsms_bot.commands.base import Command
from kwtsms_bot.demo.bridge import KINDS, TEAM, alert_contacts, bridge_section, team_contacts
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.slack.manifest import manifest
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.page import AlertButton, Guide, Hint, Shortcut, Step
from kwtsms_sandbox.slack.demo_workspace import ALERTS, NOURA, OPS, SARA, YOUSEF

PageLanguage = Literal["en", "ar"]

SPEAKERS = {"en": SARA, "ar": NOURA}
ROLES = {SARA.id: "sender", NOURA.id: "sender", YOUSEF.id: "admin"}
BRANCHES = [f"branch{number:02}" for number in range(1, 13)]
APPROVE_CREDITS = 20  # The step that needs approval costs 24: 2 pages to 12 branches.
WARN_CREDITS = 200


def config_overrides(page_language: PageLanguage) -> dict[str, Any]:
    """Returns the sections of config.yaml that the tour needs."""
    roles = {
        role: {"users": [user for user in ROLES if ROLES[user] == role]}
        for role in dict.fromkeys(ROLES.values())
    }
    numbers = {name: f"+965600100{name[-2:]}" for name in BRANCHES}
    return {
        "access": roles,
        "limits": {"approve_credits": APPROVE_CREDITS},
        "phonebook": {
            "contacts": numbers | alert_contacts() | team_contacts(),
            "groups": {"branches": BRANCHES},
        },
        "bridge": bridge_section(),
        "alerts": {"balance": {"channels": [ALERTS.id], "warn": WARN_CREDITS}},
        "language": page_language,
    }


@dataclass(frozen=True, slots=True)
class Bilingual:
    """Text in English and in Arabic."""

    en: str
    ar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStep:
    """Step of the tour in both languages; `words` is what follows `/sms send`."""

    step_id: str
    title: Bilingual
    words: Bilingual
    before: Bilingual
    after: Bilingual
    command: str = "send"
    channel: str = OPS.id
    person: str = ""
    fault: str = ""
    credits_left: int | None = None
    starts_storm: bool = False

    def line(self, slash: str) -> Bilingual:
        """The line that the step puts into the message field."""
        begin = f"{slash} {self.command}"
        return Bilingual(f"{begin} {self.words.en}".strip(), f"{begin} {self.words.ar}".strip())

    def texts(self, slash: str) -> Iterator[Bilingual]:
        """Yields all texts of the step."""
        yield from (self.title, self.line(slash), self.before, self.after)

    def as_step(self, slash: str) -> Step:
        """Returns the step for the page, in English."""
        return Step(
            step_id=self.step_id,
            title=self.title.en,
            line=self.line(slash).en,
            before=self.before.en,
            after=self.after.en,
            channel=self.channel,
            person=self.person,
            fault=self.fault,
            credits_left=self.credits_left,
            starts_storm=self.starts_storm,
        )


STEPS = (
    TourStep(
        step_id="send",
        title=Bilingual("Send an SMS", "إرسال رسالة"),
        words=Bilingual(
            "98765432 Your order is ready. See you soon!",
            "98765432 طلبك جاهز للاستلام، نراك قريبًا!",
        ),
        before=Bilingual(
            "Choose a step, then press Enter to send its line. The phone shows what arrives.",
            "اختر خطوة ثم اضغط Enter لإرسال سطرها. يعرض الهاتف ما يصل إليه.",
        ),
        after=Bilingual(
            "The message is on the phone, and its card follows it here. It cost 1 credit.",
            "الرسالة على الهاتف، وبطاقتها هنا تتابع حالتها. بلغت تكلفتها نقطة واحدة.",
        ),
    ),
    TourStep(
        step_id="arabic",
        title=Bilingual("Arabic", "بالعربية"),
        words=Bilingual(
            "55500100 عزيزنا العميل، تم تأكيد موعدك غدًا الساعة 10 صباحًا",
            "55500100 عزيزنا العميل، تم تأكيد موعدك غدًا الساعة 10 صباحًا",
        ),
        before=Bilingual(
            "Noura uses Slack in Arabic, so the bot answers her in Arabic.",
            "تستخدم نورة Slack بالعربية، فيجيبها البوت بالعربية.",
        ),
        after=Bilingual(
            "Arabic runs from right to left, on the phone too. A page of it holds 70 characters.",
            "تُعرض العربية من اليمين إلى اليسار على الهاتف أيضًا، وتتسع صفحتها لـ 70 حرفًا.",
        ),
        person=NOURA.id,
    ),
    TourStep(
        step_id="emoji",
        title=Bilingual("Emoji", "رموز تعبيرية"),
        words=Bilingual(
            "66550199 Backup failed on db-2 🔥 please look",
            "66550199 فشل النسخ الاحتياطي على db-2 🔥 يرجى التحقق",
        ),
        before=Bilingual(
            "kwtSMS can't deliver emoji. The bot removes them and shows a preview first.",
            "لا تستطيع kwtSMS تسليم الرموز التعبيرية، فيزيلها البوت ويعرض معاينة أولًا.",
        ),
        after=Bilingual(
            "Only you see the preview. Nothing is sent until you confirm it.",
            "المعاينة مرئية لك فقط، ولا يُرسل شيء قبل تأكيدك.",
        ),
    ),
    TourStep(
        step_id="approval",
        title=Bilingual("Approval", "موافقة"),
        words=Bilingual(
            "@branches All branches close at 3 pm on Thursday for the public holiday and open "
            "again on Sunday at 9 am. Please put up the notice today, and tell customers that "
            "they can still order online.",
            "@branches نغلق يوم الخميس الساعة 3 عصرًا بمناسبة العطلة الرسمية، ونفتح يوم الأحد "
            "الساعة 9 صباحًا. يرجى تعليق الإعلان.",
        ),
        before=Bilingual(
            "This text to all 12 branches costs 24 credits, so a second person must approve it.",
            "تبلغ تكلفة هذا النص إلى الفروع الـ12 كلها 24 نقطة، لذا يلزم أن يوافق عليه شخص آخر.",
        ),
        after=Bilingual(
            "Confirm the preview. Then choose Yousef under “You are”, and approve the request.",
            "أكّد المعاينة، ثم اختر Yousef تحت «أنت» ووافق على الطلب.",
        ),
    ),
    TourStep(
        step_id="low-balance",
        title=Bilingual("Low balance", "رصيد منخفض"),
        words=Bilingual(
            "50020030 Your parcel arrives today",
            "50020030 تصل شحنتك اليوم",
        ),
        before=Bilingual(
            f"The account has {WARN_CREDITS} credits left. With the next message it falls below "
            "the limit.",
            f"بقي في الحساب {WARN_CREDITS} نقطة، وسينخفض عن الحد مع الرسالة التالية.",
        ),
        after=Bilingual(
            "Open #alerts: the bot has posted one warning there, and it won't repeat it today.",
            "افتح قناة alerts: نشر البوت تحذيرًا واحدًا هناك، ولن يكرره اليوم.",
        ),
        credits_left=WARN_CREDITS,
    ),
    TourStep(
        step_id="lost-answer",
        title=Bilingual("Lost answer", "رد مفقود"),
        words=Bilingual(
            "90010020 Your verification code is 4831",
            "90010020 رمز التحقق الخاص بك هو 4831",
        ),
        before=Bilingual(
            "kwtSMS will accept this message, but its answer will be lost on the way back.",
            "ستقبل kwtSMS هذه الرسالة، لكن ردّها سيضيع في طريق العودة.",
        ),
        after=Bilingual(
            "The bot can't know whether it was sent, so it doesn't retry. You decide on the card; "
            "in a minute it shows what your balance says.",
            "لا يستطيع البوت معرفة ما إذا أُرسلت، فلا يعيد المحاولة. القرار لك في البطاقة، "
            "وبعد دقيقة تعرض ما يدل عليه الرصيد.",
        ),
        fault=Fault.HTML_502_AFTER,
    ),
    TourStep(
        step_id="alert-storm",
        title=Bilingual("Alert storm", "سيل من التنبيهات"),
        command="alerts",
        words=Bilingual("", ""),
        before=Bilingual(
            "Alertmanager sends 1,000 alerts within 10 seconds. Press Enter to list the incidents.",
            "يصل 1000 تنبيه من Alertmanager خلال 10 ثوانٍ. اضغط Enter لعرض الحوادث.",
        ),
        after=Bilingual(
            "The phone gets one SMS at once and one for the rest two minutes later, not 1,000. "
            "Press Acknowledge on a card, and its SMS stop.",
            "تصل إلى الهاتف رسالة فورًا وأخرى عن البقية بعد دقيقتين، لا 1000 رسالة. "
            "اضغط «تولّي الحادث» في بطاقة لإيقاف رسائلها.",
        ),
        channel=ALERTS.id,
        starts_storm=True,
    ),
    TourStep(
        step_id="drill",
        title=Bilingual("Drill", "اختبار دوري"),
        command="drill",
        words=Bilingual(f"now {TEAM}", f"now {TEAM}"),
        before=Bilingual(
            "Does an SMS reach the person on call? Yousef, an admin, presses Enter and confirms.",
            "هل تصل الرسالة إلى صاحب المناوبة؟ يضغط المسؤول Yousef على Enter ثم يؤكد.",
        ),
        after=Bilingual(
            "When the SMS arrives, press Acknowledge on the newest card here. Then the report "
            "follows, with its times.",
            "عند وصول الرسالة اضغط «تولّي الحادث» في أحدث بطاقة هنا، ثم يأتي التقرير مع الأوقات.",
        ),
        channel=ALERTS.id,
        person=YOUSEF.id,
    ),
)
ALERT_BUTTONS = {
    "alertmanager": Bilingual("Alertmanager", "Alertmanager"),
    "grafana": Bilingual("Grafana", "Grafana"),
    "uptime-kuma": Bilingual("Uptime Kuma", "Uptime Kuma"),
    "healthchecks": Bilingual("Healthchecks", "Healthchecks"),
    "zabbix": Bilingual("Zabbix", "Zabbix"),
    "prtg": Bilingual("PRTG", "PRTG"),
    "checkmk": Bilingual("Checkmk", "Checkmk"),
    "netdata": Bilingual("Netdata", "Netdata"),
    "pagerduty": Bilingual("PagerDuty client", "عميل PagerDuty"),
    "sentry": Bilingual("Sentry", "Sentry"),
    "github": Bilingual("GitHub", "GitHub"),
    "sns": Bilingual("Amazon SNS", "Amazon SNS"),
    "apprise": Bilingual("Apprise", "Apprise"),
    "native": Bilingual("A script", "برنامج"),
}


def guide(slash: str, table: Mapping[str, Command], page_language: PageLanguage) -> Guide:
    """Returns what the page says about the bot."""
    commands = [Hint(one.command_line(slash), one.usage, one.summary) for one in table.values()]
    shortcuts = [
        Shortcut(one["callback_id"], one["name"], on_message=one["type"] == "message")
        for one in manifest(slash, table)["features"]["shortcuts"]
    ]
    say = language("ar")
    bot_texts = {text for one in commands for text in (one.usage, one.about) if text}
    bot_texts |= {one.name for one in shortcuts}
    tour_texts = {text.en: text.ar for step in STEPS for text in step.texts(slash)}
    tour_texts |= {name.en: name.ar for name in ALERT_BUTTONS.values()}
    return Guide(
        commands=commands,
        shortcuts=shortcuts,
        steps=[step.as_step(slash) for step in STEPS],
        alerts=[
            AlertButton(kind, name.en) for kind, name in ALERT_BUTTONS.items() if kind in KINDS
        ],
        roles=ROLES,
        language=page_language,
        speakers={code: person.id for code, person in SPEAKERS.items()},
        arabic={text: say(text) for text in bot_texts} | tour_texts,
    )
