# The simulator as an image, to try deploy/compose.yaml against (deploy/compose.simulator.yaml). Nothing for production.
ARG TRUEUP_IMAGE=trueup
FROM ${TRUEUP_IMAGE}
USER root
COPY requirements/demo.txt /tmp/demo.txt
# Of what the demo needs, graphql-core alone, with its hashes; aiohttp is in the image already.
RUN sed -n '/^graphql-core==/,/^[a-z0-9-]*==/ { /^graphql-core==/p; /^ *--hash/p }' /tmp/demo.txt >/tmp/graphql.txt \
    && python3 -m venv /tmp/pip \
    && /tmp/pip/bin/pip install --no-cache-dir --quiet --no-deps --require-hashes --target /opt/simulator \
        --requirement /tmp/graphql.txt \
    && rm -r /tmp/pip /tmp/*.txt
COPY simulator /opt/simulator/simulator
USER 10001:10001
ENV PYTHONPATH=/opt/simulator
EXPOSE 8000
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s --retries=3 CMD ["python3", "-c", "\
import urllib.request as web; web.urlopen('http://127.0.0.1:8000/control/open_points', timeout=4)"]
ENTRYPOINT ["python3", "-m", "simulator", "--host", "0.0.0.0", "--port", "8000"]
