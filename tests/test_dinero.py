"""Amounts and dates: every one that a portal may write is read as Babel reads it, and nothing else is read at all."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import format_decimal, parse_decimal
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scrapers.dinero import LIMITE, Formato, fecha, importe, normal
from scrapers.fallas import Codigo, Falla

Escribir = Callable[[Decimal], str]

AL_AZAR = settings(max_examples=250, deadline=None, derandomize=False, print_blob=True)
"""Other examples in each run; a failing one prints the `@reproduce_failure` (or the seed) that repeats it."""

LOCALES: Mapping[Formato, str] = {
    Formato.AR: "es_AR",
    Formato.AR_AGRUPADO: "es_AR",
    Formato.PUNTO_DECIMAL: "en_US",
    Formato.CLP: "es_CL",
    Formato.ENTERO: "es_CL",
}
"""Where amounts are written as in each Formato."""

PATRONES: Mapping[Formato, tuple[str, ...]] = {
    Formato.AR: ("#,##0.00", "0.00"),
    Formato.AR_AGRUPADO: ("#,##0.00",),
    Formato.PUNTO_DECIMAL: ("0.00",),
    Formato.CLP: ("#,##0",),
    Formato.ENTERO: ("0",),
}
"""How Babel is to write them, in the notation of CLDR."""

CON_CENTAVOS = {Formato.AR, Formato.AR_AGRUPADO, Formato.PUNTO_DECIMAL}
PARECIDOS = "0123456789.,,..--$$  '+()%€£US\u00a0\u202f\u2212\u066b\u066c\u0660\u0663\uff10\uff11\uff0e\uff0c\uff04"
OTRAS_CIFRAS = [c for c in map(chr, range(0x80, 0x20000)) if unicodedata.category(c) in ("Nd", "Nl", "No")]
OTRAS_MONEDAS = [c for c in map(chr, range(0x80, 0x20000)) if unicodedata.category(c) == "Sc"]

MONEDAS = [*OTRAS_MONEDAS, "U$S", "US$", "u$s", "USD", "CLP", "UF", "AR$", "$$", "S", "%", ""]
TORCIDAS = ["-$ -{}", "--$ {}", "$ {}-", "($ {})", "+$ {}", "$ +{}", "$ - {}", "$ 0{}", "$ {}.", "$ {},0", "$ {} {}"]

formatos = st.sampled_from(Formato)


@st.composite
def escritos(draw: st.DrawFn, minimo: int = 0) -> tuple[Formato, Decimal, str]:
    """A Formato, an amount that it can hold, and its bare number as Babel writes it."""
    formato = draw(formatos)
    centavos = draw(st.integers(minimo, 10**7) | st.integers(minimo, int(LIMITE * 100)))
    valor = Decimal(centavos).scaleb(-2) if formato in CON_CENTAVOS else Decimal(centavos // 100)
    patron = draw(st.sampled_from(PATRONES[formato]))
    return formato, valor, format_decimal(valor, patron, locale=LOCALES[formato])


def _leido(texto: str, formato: Formato) -> Decimal | None:
    """The amount, or None for the only falla there may be."""
    try:
        return importe(texto, formato)
    except Falla as falla:
        assert falla.codigo is Codigo.MONTO_ILEGIBLE
        assert falla.texto == normal(texto)[:80]
        return None


def _de_babel(numero: str, formato: Formato) -> Decimal:
    return parse_decimal(numero, locale=LOCALES[formato], strict=True)


@AL_AZAR
@given(escritos())
@example((Formato.AR, LIMITE, "999.999.999.999,99"))
@example((Formato.CLP, Decimal(999_999_999_999), "999.999.999.999"))
@example((Formato.AR, Decimal("0.05"), "0,05"))
def test_cada_importe_se_lee_como_lo_lee_babel(escrito: tuple[Formato, Decimal, str]) -> None:
    formato, valor, numero = escrito
    assert _leido(f"$ {numero}", formato) == valor == _de_babel(numero, formato)


@AL_AZAR
@given(
    escritos(),
    st.sampled_from(["", "-"]),
    st.sampled_from(["", " ", "\u00a0", "\u202f", "\n  "]),
    st.sampled_from(["", " ", "\u200b", "\u2060\t"]),
)
def test_el_signo_y_los_espacios_no_cambian_el_importe(
    escrito: tuple[Formato, Decimal, str], menos: str, espacio: str, borde: str
) -> None:
    formato, valor, numero = escrito
    firmado = -valor if menos else valor
    for texto in (f"{menos}${espacio}{numero}", f"${espacio}{menos}{numero}"):
        assert _leido(f"{borde}{texto}{borde}", formato) == firmado


@AL_AZAR
@given(escritos())
def test_el_simbolo_es_el_pedido_y_solo_sobra_si_se_dice(escrito: tuple[Formato, Decimal, str]) -> None:
    formato, valor, numero = escrito
    assert importe(numero, formato, con_simbolo=False) == valor
    assert importe(f"ARS {numero}", formato, simbolos=("$", "ARS")) == valor
    assert _leido(numero, formato) is None
    assert _leido(f"ARS {numero}", formato) is None


@AL_AZAR
@given(formatos, st.text(PARECIDOS, max_size=18) | st.text(max_size=12))
def test_lo_que_se_lee_de_un_texto_cualquiera_es_lo_que_lee_babel(formato: Formato, texto: str) -> None:
    for candidato in (texto, f"$ {texto}"):
        leido = _leido(candidato, formato)
        if leido is None:
            continue
        numero = re.sub(r"[-$ ]", "", normal(candidato))
        assert numero.isascii()
        assert abs(leido) == _de_babel(numero, formato)
        assert numero in {format_decimal(abs(leido), p, locale=LOCALES[formato]) for p in PATRONES[formato]}


@AL_AZAR
@given(escritos(), st.sampled_from(OTRAS_CIFRAS), st.data())
def test_una_cifra_de_otra_escritura_no_se_lee(
    escrito: tuple[Formato, Decimal, str], cifra: str, datos: st.DataObject
) -> None:
    formato, _, numero = escrito
    donde = datos.draw(st.sampled_from([i for i, c in enumerate(numero) if c.isdigit()]))
    assert _leido(f"$ {numero[:donde]}{cifra}{numero[donde + 1 :]}", formato) is None
    assert _leido(f"$ {numero[:donde]}{cifra}{numero[donde:]}", formato) is None


@AL_AZAR
@given(escritos(), st.sampled_from(MONEDAS))
def test_otra_moneda_no_se_lee(escrito: tuple[Formato, Decimal, str], moneda: str) -> None:
    formato, _, numero = escrito
    for texto in (f"{moneda} {numero}", f"{moneda}{numero}", f"{numero} {moneda}", f"$ {numero} {moneda or '$'}"):
        assert _leido(texto, formato) is None


@AL_AZAR
@given(escritos(), st.sampled_from([".", ",", "'", " ", "\u00a0", "..", "\u066b", "\uff0e"]), st.data())
def test_un_separador_de_mas_no_da_otro_importe(
    escrito: tuple[Formato, Decimal, str], separador: str, datos: st.DataObject
) -> None:
    formato, valor, numero = escrito
    donde = datos.draw(st.integers(1, len(numero)))
    torcido = f"{numero[:donde]}{separador}{numero[donde:]}"
    assert _leido(f"$ {torcido}", formato) in ((None, valor) if normal(torcido) in _formas(valor, formato) else (None,))


@AL_AZAR
@given(escritos(), st.data())
def test_un_separador_de_menos_o_corrido_no_da_otro_importe(
    escrito: tuple[Formato, Decimal, str], datos: st.DataObject
) -> None:
    formato, valor, numero = escrito
    lugares = [i for i, c in enumerate(numero) if not c.isdigit()]
    assume(lugares)
    donde = datos.draw(st.sampled_from(lugares))
    sin = numero[:donde] + numero[donde + 1 :]
    assert _leido(f"$ {sin}", formato) in ((None, valor) if sin in _formas(valor, formato) else (None,))
    otro = datos.draw(st.integers(0, len(sin)).filter(lambda i: i != donde))
    corrido = sin[:otro] + numero[donde] + sin[otro:]
    assume(corrido != numero)
    assert _leido(f"$ {corrido}", formato) is None


@AL_AZAR
@given(escritos(minimo=100_000))
def test_el_estilo_de_otro_pais_no_se_lee(escrito: tuple[Formato, Decimal, str]) -> None:
    formato, _, numero = escrito
    cambiado = numero.translate(str.maketrans(".,", ",."))
    assume(cambiado != numero)
    assert _leido(f"$ {cambiado}", formato) is None


@AL_AZAR
@given(escritos(), st.sampled_from(TORCIDAS))
def test_ni_dos_signos_ni_ceros_de_mas_ni_dos_importes(escrito: tuple[Formato, Decimal, str], forma: str) -> None:
    formato, _, numero = escrito
    assert _leido(forma.format(numero, numero), formato) is None


@AL_AZAR
@given(formatos, st.integers(int(LIMITE) + 1, 10**20))
def test_lo_que_no_cabe_en_la_base_no_se_lee(formato: Formato, entero: int) -> None:
    assert _leido(f"$ {format_decimal(entero, PATRONES[formato][0], locale=LOCALES[formato])}", formato) is None


def _formas(valor: Decimal, formato: Formato) -> set[str]:
    """Every way in which the Formato writes an amount."""
    return {format_decimal(valor, patron, locale=LOCALES[formato]) for patron in PATRONES[formato]}


def _escrituras(dia: date) -> set[str]:
    """Every way in which a date may be written."""
    siglo = {f"{dia.day:02}/{dia.month:02}/{dia.year % 100:02}"} if dia.year // 100 == 20 else set()
    return {f"{dia.day:02}/{dia.month:02}/{dia.year:04}", dia.isoformat(), *siglo}


def _dia(texto: str) -> date | None:
    try:
        return fecha(texto)
    except Falla as falla:
        assert falla.codigo is Codigo.PORTAL_CAMBIO
        return None


@AL_AZAR
@given(st.dates(date(1990, 1, 1), date(2110, 12, 31)))
@example(date(2024, 2, 29))
def test_cada_fecha_se_lee_en_sus_tres_escrituras(dia: date) -> None:
    for texto in _escrituras(dia):
        assert _dia(f" {texto}\u00a0") == dia


@AL_AZAR
@given(
    st.from_regex(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{1,4}|[0-9]{3,4}[-/][0-9]{1,2}[-/][0-9]{1,2}", fullmatch=True)
    | st.text("0123456789/-\u0663\uff11 ", max_size=12)
)
@example("29/02/2025")
@example("31/04/26")
@example("00/01/2026")
@example("2026-13-01")
@example("0000-01-01")
def test_lo_que_se_lee_de_un_texto_cualquiera_es_esa_fecha(texto: str) -> None:
    dia = _dia(texto)
    assert dia is None or normal(texto) in _escrituras(dia)


@AL_AZAR
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(OTRAS_CIFRAS), st.data())
def test_una_fecha_con_una_cifra_de_otra_escritura_no_se_lee(dia: date, cifra: str, datos: st.DataObject) -> None:
    texto = datos.draw(st.sampled_from(sorted(_escrituras(dia))))
    donde = datos.draw(st.sampled_from([i for i, c in enumerate(texto) if c.isdigit()]))
    assert _dia(f"{texto[:donde]}{cifra}{texto[donde + 1 :]}") is None


@pytest.mark.parametrize("texto", ["", "hoy", "10/6/2026", "10-06-2026", "2026/06/10", "10/06/026", "10/06/2026 10:00"])
def test_otra_escritura_no_es_una_fecha(texto: str) -> None:
    assert _dia(texto) is None
