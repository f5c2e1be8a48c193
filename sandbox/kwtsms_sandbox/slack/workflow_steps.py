"""Workflow steps that the app runs: started by a workflow, ended by the app, once."""

import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.event_feed import Feed, Kind
from kwtsms_sandbox.slack.models import Json


class StepState(StrEnum):
    """State of a step."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """Run of a step; its token is valid for this run only."""

    id: str
    callback_id: str
    inputs: Json
    token: str
    state: StepState = StepState.RUNNING
    outputs: Json | None = None
    error: str | None = None


class Steps:
    """Runs of all steps in this workspace."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._steps: dict[str, Step] = {}

    def __getitem__(self, step_id: str) -> Step:
        return self._steps[step_id]

    @property
    def tokens(self) -> frozenset[str]:
        """The just-in-time tokens that are valid now."""
        running = [step for step in self._steps.values() if step.state is StepState.RUNNING]
        return frozenset(step.token for step in running)

    def start(self, callback_id: str, inputs: Json) -> Step:
        """Starts a run of the app's step, as a workflow does."""
        step = Step("Fx" + secrets.token_hex(5).upper(), callback_id, inputs, _token())
        self._steps[step.id] = step
        return step

    def complete(self, step_id: str, outputs: Json) -> None:
        """Ends the run with outputs."""
        self._end(replace(self._running(step_id), state=StepState.COMPLETED, outputs=outputs))

    def fail(self, step_id: str, error: str) -> None:
        """Ends the run with an error."""
        self._end(replace(self._running(step_id), state=StepState.FAILED, error=error))

    def _running(self, step_id: str) -> Step:
        step = self._steps.get(step_id)
        if step is None:
            raise Refused("function_execution_not_found")
        if step.state is not StepState.RUNNING:
            raise Refused("function_execution_not_in_running_state")
        return step

    def _end(self, step: Step) -> None:
        self._steps[step.id] = step
        self._feed.publish(Kind.STEP_ENDED, step)


def _token() -> str:
    return f"xwfp-sandbox-{secrets.token_hex(12)}"
