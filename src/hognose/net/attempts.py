"""Asks until there is a final answer: of one server again and again, of mirrors in turn."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hognose.errors import FetchCancelledError, NetworkError, OfflineError
from hognose.net.network_failure import name_url
from hognose.net.redaction import redact
from hognose.net.request_log import log_pause
from hognose.net.retry import is_transient_status, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hognose.net.cancellation import Cancellation
    from hognose.net.mirrors import Mirrors
    from hognose.net.redirects import Redirects
    from hognose.net.retry import RetryPolicy
    from hognose.net.transport import Response

__all__ = ("Attempts",)

_log = logging.getLogger("hognose.net")

# What a mirror answers that does not have a document, and one that does not show it.
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403})


class Attempts:
    """Repeats questions after pauses; safe in several threads.

    Args:
        redirects: What asks once.
        mirrors: What to ask in place of a URL.
        retry: How often and after which pauses to ask.
        clock: Tells the seconds since the epoch, for `Retry-After` dates.
        jitter: Gives numbers from 0 to 1.
    """

    def __init__(
        self,
        redirects: Redirects,
        mirrors: Mirrors,
        *,
        retry: RetryPolicy,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        """Keep the means; nothing is asked yet."""
        self._redirects = redirects
        self._mirrors = mirrors
        self._retry = retry
        self._clock = clock
        self._jitter = jitter

    def ask(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        cancellation: Cancellation,
        sleep: Callable[[float], None],
    ) -> tuple[Response, str]:
        """Repeat a request until the answer is final, whatever its status is.

        Args:
            url: What is wanted.
            headers: The fields to ask with.
            cancellation: What ends it.
            sleep: Waits for a number of seconds.

        Returns:
            The answer, and the URL that was asked for it: that of a mirror, where there are some.

        Raises:
            FetchCancelledError: It was cancelled.
            OfflineError: The network is switched off.
            InvalidUrlError: The URL cannot be used.
            NetworkError: There was no answer.
        """
        targets = self._mirrors.targets(url)
        if len(targets) == 1:
            return self._ask_server(url, targets[0], headers, cancellation, sleep), targets[0]
        return self._ask_mirrors(url, targets, headers, cancellation, sleep)

    def _ask_server(
        self,
        url: str,
        target: str,
        headers: Mapping[str, str],
        cancellation: Cancellation,
        sleep: Callable[[float], None],
    ) -> Response:
        attempt = 0
        while True:
            retry_after = None
            try:
                answer = self._ask_once(url, target, headers, cancellation)
            except NetworkError as error:
                delay = self._delay_after(attempt) if error.is_transient else None
                if delay is None:
                    raise
                reason = error.message
            else:
                if not is_transient_status(answer.status):
                    return answer
                retry_after = self._retry_after(answer)
                delay = self._delay_after(attempt, retry_after)
                if delay is None:
                    return answer
                reason = f"{redact(target)} was answered with status {answer.status}"
                answer.close()
            attempt += 1
            self._pause(reason, delay, attempt, sleep, retry_after)

    def _ask_mirrors(
        self,
        url: str,
        targets: list[str],
        headers: Mapping[str, str],
        cancellation: Cancellation,
        sleep: Callable[[float], None],
    ) -> tuple[Response, str]:
        """Ask each mirror in turn before there is a pause.

        That a mirror which answers does not have the document is a good answer, whatever others
        do: those that do not answer are passed over, and those that answer badly get one more
        chance. What a mirror does not show another may, so that counts only in the end.
        """
        found = _Answers(url)
        try:
            return self._ask_in_turn(found, url, targets, headers, cancellation, sleep)
        except BaseException:
            found.close()
            raise

    def _ask_in_turn(
        self,
        found: _Answers,
        url: str,
        pending: list[str],
        headers: Mapping[str, str],
        cancellation: Cancellation,
        sleep: Callable[[float], None],
    ) -> tuple[Response, str]:
        attempt = 0
        silent: set[str] = set()
        while True:
            again: list[str] = []
            pauses: list[float] = []
            for target in pending:
                if found.is_gone and self._mirrors.is_aside(target):
                    continue
                if found.last_reason:
                    _log.debug("%s: asking %s in its place", found.last_reason, redact(target))
                try:
                    response = self._ask_once(url, target, headers, cancellation)
                except FetchCancelledError:
                    raise
                except NetworkError as error:
                    self._mirrors.note_failure(target, is_dead=True)
                    silent.add(target)
                    found.note_error(target, error)
                    if error.is_transient:
                        again.append(target)
                        pauses.append(0.0)
                    continue
                if is_transient_status(response.status):
                    self._mirrors.note_failure(target)
                    again.append(target)
                    pauses.append(self._retry_after(response) or 0.0)
                else:
                    self._mirrors.note_answer(target)
                    if response.status not in _GONE | _REFUSED:
                        found.close()
                        return response, target
                found.keep(target, response)
            if found.is_gone:
                again = [] if attempt else [each for each in again if each not in silent]
            retry_after = None if found.is_gone else min(pauses, default=0.0) or None
            delay = self._delay_after(attempt, retry_after)
            if delay is None or not again:
                return found.best()
            attempt += 1
            pending = again
            self._pause(found.last_reason, delay, attempt, sleep, retry_after)

    def _ask_once(
        self, url: str, target: str, headers: Mapping[str, str], cancellation: Cancellation
    ) -> Response:
        cancellation.check(url)
        try:
            return self._redirects.ask(target, headers, cancellation)
        except NetworkError as error:
            cancellation.check(url)
            name_url(error, url)
            raise

    def _delay_after(self, attempt: int, retry_after: float | None = None) -> float | None:
        return self._retry.delay_after(attempt, random=self._jitter, retry_after=retry_after)

    def _retry_after(self, response: Response) -> float | None:
        return parse_retry_after(response.headers.get("retry-after"), now=self._clock())

    def _pause(
        self,
        reason: str,
        seconds: float,
        attempt: int,
        sleep: Callable[[float], None],
        retry_after: float | None,
    ) -> None:
        log_pause(
            reason,
            seconds,
            attempt=attempt,
            attempts=self._retry.max_attempts,
            retry_after=retry_after,
        )
        sleep(seconds)


class _Answers:
    """What the mirrors said so far: the best answer is kept open, the others are closed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._best: tuple[Response, str] | None = None
        self._errors: dict[str, NetworkError] = {}
        self.last_reason = ""

    @property
    def is_gone(self) -> bool:
        """Whether a mirror that works does not have it."""
        return self._best is not None and self._best[0].status in _GONE

    def keep(self, target: str, response: Response) -> None:
        self.last_reason = f"{redact(target)} was answered with status {response.status}"
        self._errors.pop(target, None)
        if self._best is not None and _rank(self._best[0].status) > _rank(response.status):
            response.close()
            return
        self.close()
        self._best = response, target

    def note_error(self, target: str, error: NetworkError) -> None:
        self.last_reason = error.message
        self._errors[target] = error

    def close(self) -> None:
        if self._best is not None:
            self._best[0].close()
            self._best = None

    def best(self) -> tuple[Response, str]:
        """Return the best answer.

        Raises:
            NetworkError: There is none.
        """
        if self._best is not None:
            return self._best
        errors = list(self._errors.values())
        if len(errors) == 1 or isinstance(errors[0], OfflineError):
            raise errors[0]
        shown = redact(self._url)
        reasons = "; ".join(
            f"{redact(target)}: {getattr(error, 'reason', error.message)}"
            for target, error in self._errors.items()
        )
        raise NetworkError(
            f"{shown} cannot be fetched from any of its mirrors: {reasons}",
            hint=errors[-1].hint,
            url=shown,
            status=None,
            is_transient=any(error.is_transient for error in errors),
        ) from errors[-1]


def _rank(status: int) -> int:
    if status in _GONE:
        return 2
    return 1 if status in _REFUSED else 0
