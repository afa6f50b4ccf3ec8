"""A connection whose server went away is not handed out again; nobody's page fails for it."""

from sqlalchemy import text


def test_a_connection_the_server_ended_is_replaced_before_it_is_used(app):
    from market.kit.db import db

    own = "SELECT pg_backend_pid()"
    with app.app_context():
        # Two in the pool; both are ended by the server, as in a restart.
        with db.engine.connect() as one, db.engine.connect() as two:
            ended = {one.scalar(text(own)), two.scalar(text(own))}
        with db.engine.connect() as killer:
            rest = ended - {killer.scalar(text(own))}
            for pid in rest:
                killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

        with db.engine.connect() as one, db.engine.connect() as two:
            now = {one.scalar(text(own)), two.scalar(text(own))}

    assert rest
    assert not now & rest
