"""How the command ends when it is used wrongly, or when what it needs is away: one line, and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from yarl import URL

from deploy.local.ports import free_ports
from services.command_line.commands.operations.serve import serve
from services.command_line.commands.shops.shop_add import read_token
from services.command_line.connections.stores import shop_domain
from services.command_line.main import main
from services.command_line.outcome import WrongUseError
from shared.errors import WrongSetting
from shared.mongodb.connection import Mongo
from shared.rabbitmq.connection import FIRST_ANSWER, _patience
from shared.settings import load_settings

TRUEUP = Path(sys.executable).with_name("trueup")


def settings(**more: str) -> dict[str, str]:
    """An environment with every setting; nothing listens where it points to."""
    port = free_ports(1)[0]
    known = {
        "TRUEUP_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{port}/",
        "TRUEUP_MONGODB_URI": f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=1",
        "TRUEUP_SHOPIFY_CLIENT_ID": "id",
        "TRUEUP_SHOPIFY_CLIENT_SECRET": "a secret that is never shown",
        "TRUEUP_TOKEN_KEYS": Fernet.generate_key().decode(),
        "TRUEUP_PORT": "0",
        "TRUEUP_OPERATIONS_PORT": "0",
    }
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    return bare | known | more


def trueup(*arguments: str, environment: dict[str, str], words: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [str(TRUEUP), *arguments], env=environment, input=words, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("service", ["reconciler", "all"])
def test_a_missing_setting_stops_the_start_with_one_line(service: str) -> None:
    """A service names the missing setting on one line and exits 2."""
    environment = settings()
    del environment["TRUEUP_MONGODB_URI"]
    ended = trueup("serve", service, environment=environment)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["trueup: wrong settings: TRUEUP_MONGODB_URI: Field required"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUEUP_AMQP_URL", "localhost"),
        ("TRUEUP_AMQP_URL", "amqp://user:hidden@host:port/"),
        ("TRUEUP_MONGODB_URI", "localhost:27017"),
        ("TRUEUP_MONGODB_URI", "mongodb://user:hidden@host:port/"),
        ("TRUEUP_TOKEN_KEYS", "hidden"),
        ("TRUEUP_PORT", "70000"),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong value is refused with one line that names its variable and never holds the value."""
    for setting, text in settings(**{name: value}).items():
        monkeypatch.setenv(setting, text)

    def open_store() -> None:
        known = load_settings()
        Mongo(known.mongodb_uri.get_secret_value(), known.mongodb_database)

    with pytest.raises(WrongSetting) as refused:
        open_store()
    (line,) = str(refused.value).splitlines()
    assert name in line
    assert "hidden" not in line


@pytest.mark.parametrize("service", ["preview", "reconciler", "webhook-ingest", "all"])
def test_a_server_that_is_away_ends_the_start_with_one_line(service: str) -> None:
    """Without RabbitMQ and MongoDB each service says so on one line and exits 3."""
    ended = trueup("serve", service, environment=settings())
    assert ended.returncode == 3, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith(("trueup: MongoDB did not answer", "trueup: RabbitMQ cannot be reached"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["reconcile", "--all"], "--direction"),
        (["reconcile", "--direction", "sideways", "--all"], "--direction"),
        (["previews", "take", "--class", "odd"], "--class"),
        (["jobs", "cancel"], "JOB"),
        (["jobs", "01K0000000000000000000000A"], "No such command"),
        (["shop", "add", "demo.myshopify.com"], "--token-file"),
        (["shop", "add", "demo.myshopify.com", "--token-file", "/no/such/file"], "No such file"),
    ],
)
def test_wrong_use_exits_2_and_names_what_is_wrong(
    arguments: list[str], named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that cannot be carried out as given names the option or the remedy."""
    monkeypatch.setattr(sys, "argv", ["trueup", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert named in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("service", "role", "named"),
    [("preview", "planner", "has no roles"), ("reconciler", "plumber", "planner, worker, aggregator")],
)
async def test_an_unknown_role_is_refused(service: str, role: str, named: str) -> None:
    """A role that the service does not have is named, with those it has."""
    with pytest.raises(WrongUseError, match=named):
        await serve(service, [role])


@pytest.mark.parametrize("text", ["", "two words", "a\nb", "tökén", "x" * 5000])
def test_a_token_file_holds_one_token_and_is_never_shown(tmp_path: Path, text: str) -> None:
    """Anything but one token is refused without being repeated."""
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongUseError) as refused:
        read_token(str(file))
    assert not text or text not in str(refused.value)


def test_the_end_of_line_of_a_token_file_is_not_part_of_the_token(tmp_path: Path) -> None:
    """Editors end a file with a newline; the token is what stands before it."""
    file = tmp_path / "token"
    file.write_text("shpat_1\r\n", encoding="utf-8")
    assert read_token(str(file)) == "shpat_1"


def test_a_shop_is_named_by_its_domain() -> None:
    """Case and surrounding blanks do not matter; anything but a myshopify.com domain is refused."""
    assert shop_domain(" Demo.MyShopify.com ") == "demo.myshopify.com"
    for wrong in ("demo", "demo.example.com", "https://demo.myshopify.com", ".myshopify.com"):
        with pytest.raises(WrongUseError):
            shop_domain(wrong)


@pytest.mark.parametrize(
    ("query", "seconds"), [("", FIRST_ANSWER), ("?connection_timeout=7000", 7.0), ("?heartbeat=3", FIRST_ANSWER)]
)
def test_an_address_may_say_how_long_the_broker_is_waited_for(query: str, seconds: float) -> None:
    """As MongoDB's may: for a broker that is far away."""
    assert _patience(URL(f"amqp://a:b@far.example/{query}")) == seconds
