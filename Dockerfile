# One image for all roles: `skillstudio up` (everything), `server`, `worker`, `scheduler`, `migrate`.
# Any Debian-based image with Python 3.11 or newer works: --build-arg BASE=…
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /app
RUN command -v make || { apt-get update && apt-get install -y --no-install-recommends make; }
# Rarely changed files first, so that the package layers stay cached when code changes.
COPY Makefile pyproject.toml README.md requirements.lock ./
RUN make .venv/.runtime
COPY requirements-node.lock package.json package-lock.json .npmrc ./
RUN make node_modules/.modules && rm -rf .venv/node .venv/npm
COPY storage storage
COPY transcoder transcoder
COPY server server
COPY web web
COPY tools tools
RUN make setup && rm -rf node_modules \
 && .venv/bin/python -m pip install -q --no-build-isolation --no-deps --no-index -e . \
 && .venv/bin/python -m compileall -q storage transcoder server web

FROM ${BASE}
RUN useradd --uid 1000 --home-dir /data --shell /usr/sbin/nologin media \
 && mkdir /data && chown media /data
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    SKILLSTUDIO_DATA=/data \
    SKILLSTUDIO_HOST=0.0.0.0
USER media
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["skillstudio"]
CMD ["up"]
