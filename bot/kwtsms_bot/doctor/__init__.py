"""What is wrong with a set-up, and what to do about it. Asks questions only; it sends nothing."""

from kwtsms_bot.doctor.files import examine as examine_files
from kwtsms_bot.doctor.finding import Finding, Level
from kwtsms_bot.doctor.gateway import Wanted
from kwtsms_bot.doctor.gateway import examine as examine_gateway

__all__ = ["Finding", "Level", "Wanted", "examine_files", "examine_gateway"]
