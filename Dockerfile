# The service, small and without root. Everything that pip fetches is checked against its hash.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv --without-pip /opt/backpath \
 && python -m pip --python /opt/backpath/bin/python install --no-cache-dir --require-hashes -r requirements.txt \
 && python -m pip install --no-cache-dir --root-user-action=ignore --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md CHANGELOG.md LICENSE NOTICE ./
COPY pathway/ pathway/
COPY fhir_mappings/ fhir_mappings/
COPY cards/ cards/
COPY cds_service/ cds_service/
RUN python -m hatchling build -t wheel -d /wheel \
 && python -m pip --python /opt/backpath/bin/python install --no-cache-dir --no-deps /wheel/*.whl \
 && /opt/backpath/bin/backpath knowledge check

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Backpath" \
      org.opencontainers.image.description="CDS Hooks service for the low back pain pathway" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/backpath backpath
COPY --from=build /opt/backpath /opt/backpath
ENV PATH=/opt/backpath/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BACKPATH_BIND=0.0.0.0:5000
USER 10001
# The embedded store is made here, in ./backpath-data, where BACKPATH_STORE names no other: mount a volume to
# keep it, or a tmpfs where the root file system is read-only.
WORKDIR /var/lib/backpath
EXPOSE 5000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/readyz', timeout=2)"]
CMD ["backpath", "serve"]
