"""When a programacion is due: days of the month at a local time, as moments in UTC. Pure.

A day that a month lacks falls on its last one, once. A local time that a change of clocks skips counts as if the clocks
had not changed (02:30 becomes 03:30); one that it repeats is the first of the two.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Recurrencia:
    """Days of the month (1 to 31), a local time and the name of its zone, as in the IANA database."""

    dias: Sequence[int]
    hora: time
    zona: str

    @cached_property
    def _zona(self) -> ZoneInfo:
        return ZoneInfo(self.zona)

    def siguiente(self, despues: datetime) -> datetime:
        """The first moment after this one."""
        return next(self._desde(despues))

    def proximas(self, despues: datetime, cuantas: int) -> list[datetime]:
        """The first so many moments after this one."""
        momentos = self._desde(despues)
        return [next(momentos) for _ in range(cuantas)]

    def entre(self, desde: datetime, hasta: datetime) -> list[datetime]:
        """The moments from `desde` (itself not included) until `hasta`, in order."""
        momentos = []
        for momento in self._desde(desde):
            if momento > hasta:
                break
            momentos.append(momento)
        return momentos

    def _desde(self, despues: datetime) -> Iterator[datetime]:
        local = despues.astimezone(self._zona)
        # The month before too: its last day may still be to come where the zone skipped a day.
        anio, mes = divmod(local.year * 12 + local.month - 2, 12)
        ultimo = despues
        while True:
            for momento in self._del_mes(anio, mes + 1):
                if momento > ultimo:
                    ultimo = momento
                    yield momento
            anio, mes = (anio, mes + 1) if mes < 11 else (anio + 1, 0)

    def _del_mes(self, anio: int, mes: int) -> list[datetime]:
        dias = {min(dia, monthrange(anio, mes)[1]) for dia in self.dias}
        locales = (datetime.combine(date(anio, mes, dia), self.hora, self._zona) for dia in sorted(dias))
        return sorted(local.astimezone(UTC) for local in locales)
