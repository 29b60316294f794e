"""JSON Schemas of the models, and an example of each made from those of its fields."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

Esquema = dict[str, Any]
REFERENCIA = "#/components/schemas/{model}"


class Generador(GenerateJsonSchema):
    """Pydantic's, without what is not for readers: titles that repeat a name, docstrings. Answers may grow."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """What only marks an absence is not a default: generators of types would ask for it."""
        escrito = super().default_schema(schema)
        if escrito.get("default", ...) in (None, ""):
            del escrito["default"]
        return escrito

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        escrito = super().model_schema(schema)
        escrito.pop("title", None)
        escrito.pop("description", None)
        if self.mode == "serialization":
            escrito.pop("additionalProperties", None)
        return escrito


def esquemas_de(entran: Collection[type[BaseModel]], salen: Collection[type[BaseModel]]) -> dict[str, Esquema]:
    """The schemas of these models and of those inside them, by name."""
    entradas = [(modelo, "validation") for modelo in entran]
    salidas = [(modelo, "serialization") for modelo in salen]
    esquemas: dict[str, Esquema] = {}
    for modelos in (entradas, salidas):
        _, hallados = models_json_schema(modelos, ref_template=REFERENCIA, schema_generator=Generador)  # type: ignore[arg-type]
        esquemas |= hallados.get("$defs", {})
    return dict(sorted(esquemas.items()))


def referencia(modelo: type[BaseModel]) -> Esquema:
    """A reference to the schema of a model."""
    return {"$ref": REFERENCIA.format(model=modelo.__name__)}


def sin_nulo(esquema: Esquema) -> Esquema:
    """The same without its null: what a query string can say."""
    opciones = [opcion for opcion in esquema.get("anyOf", ()) if opcion != {"type": "null"}]
    resto = {clave: valor for clave, valor in esquema.items() if clave != "anyOf"}
    return {**opciones[0], **resto} if len(opciones) == 1 else esquema


def ejemplo(esquema: Esquema, esquemas: Mapping[str, Esquema], *, minimo: bool = False) -> Any:
    """A value that the schema admits; `minimo`: only with its required properties. KeyError: no example is given."""
    if "examples" in esquema:
        return esquema["examples"][0]
    if "const" in esquema:
        return esquema["const"]
    if "enum" in esquema:
        return esquema["enum"][0]
    if "$ref" in esquema:
        return ejemplo(esquemas[esquema["$ref"].rpartition("/")[2]], esquemas, minimo=minimo)
    if "anyOf" in esquema:
        return ejemplo(esquema["anyOf"][0], esquemas, minimo=minimo)
    if "properties" in esquema:
        obligatorias = esquema.get("required", ())
        propiedades = {c: v for c, v in esquema["properties"].items() if not minimo or c in obligatorias}
        return {clave: ejemplo(valor, esquemas) for clave, valor in propiedades.items()}
    if esquema.get("type") == "array":
        return [ejemplo(esquema["items"], esquemas)]
    if "default" in esquema:
        return esquema["default"]
    if esquema.get("type") in ("object", "null"):
        return {} if esquema["type"] == "object" else None
    raise KeyError(f"falta un ejemplo en {esquema}")
