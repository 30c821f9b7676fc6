# A trainer's image in Python, for comparison (python-image.sh). Two of them: `usual` is a small Debian with Python and
# the wheels; `lean` has nothing but the interpreter, what it imports and the libraries that these are linked with,
# as Dockerfile.trainer does for Node.
ARG BASE

FROM ${BASE} AS usual
COPY packages/ /opt/packages/
ENV PYTHONPATH=/opt/packages PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
ENTRYPOINT ["/usr/bin/python3"]

FROM ${BASE} AS collect
COPY lean/ /opt/packages/
COPY collect.sh /tmp/
RUN ["/bin/sh", "/tmp/collect.sh", "/opt/packages", "/rootfs"]

FROM scratch AS lean
COPY --from=collect /rootfs/ /
COPY lean/ /opt/packages/
ENV PYTHONPATH=/opt/packages PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
ENTRYPOINT ["/usr/bin/python3"]
