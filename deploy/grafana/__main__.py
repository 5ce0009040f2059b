"""Write the committed dashboards anew: `make dashboards`."""

from deploy.grafana.dashboards import DASHBOARDS, FOLDER, file_of, text_of


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for dashboard in DASHBOARDS:
        file_of(dashboard).write_text(text_of(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
