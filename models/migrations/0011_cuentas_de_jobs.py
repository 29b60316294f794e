"""How many jobs there are, kept as they are written: counting them took longer the more there were.

The index goes first: its lock is the strongest, and asking for it after the triggers' could be a deadlock with whoever
waits to write a job meanwhile. It holds them back until what is there is counted. The previous release goes on
counting, by jobs_por_status.
"""

from typing import Any

ORDENES = (
    "DROP INDEX jobs_cuentas",
    """
CREATE TABLE cuentas_de_jobs (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    callback_sent BOOLEAN,
    cuantos BIGINT NOT NULL
)""",
    """
CREATE FUNCTION contar_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM cuentas_de_jobs;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos) VALUES (OLD.status, OLD.callback_sent, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos) VALUES (NEW.status, NEW.callback_sent, 1);
    END IF;
    RETURN NULL;
END $$""",
    "CREATE TRIGGER jobs_contados AFTER INSERT OR DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION contar_jobs()",
    """
CREATE TRIGGER jobs_recontados AFTER UPDATE OF status, callback_sent ON jobs FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.callback_sent IS DISTINCT FROM NEW.callback_sent)
    EXECUTE FUNCTION contar_jobs()""",
    "CREATE TRIGGER jobs_vaciados AFTER TRUNCATE ON jobs FOR EACH STATEMENT EXECUTE FUNCTION contar_jobs()",
    """
INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos)
    SELECT status, callback_sent, count(*) FROM jobs GROUP BY status, callback_sent""",
)


def up(migrator: Any, db: Any) -> None:
    """Create them, and drop the index that was there to count."""
    for orden in ORDENES:
        db.execute_sql(orden)
