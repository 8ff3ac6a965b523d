# One file for all images; `--target` chooses: operator, api, session-pod, simulator, and for one machine standalone.
#
#   docker build --target api -t warren/api .
#
# Each image is Node and the bundle of one application: no package manager's tree, no sources, nothing to write to. It runs as a
# user without a name's rights, with a read-only root file system.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /src
COPY package.json package-lock.json ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/runtime/package.json packages/runtime/
COPY simulator/package.json simulator/
COPY session-pod/package.json session-pod/
COPY operator/package.json operator/
COPY api/package.json api/
COPY cli/package.json cli/
COPY standalone/package.json standalone/
COPY test/package.json test/
COPY bench/package.json bench/
# No package needs its install script here: native code comes prebuilt. Only what the images are made of is installed.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
    -w packages/contracts -w packages/runtime -w simulator -w session-pod -w operator -w api

FROM packages AS sources
COPY . .

FROM sources AS bundle-operator
RUN node scripts/bundle.ts operator --out /app

FROM sources AS bundle-api
RUN node scripts/bundle.ts api --out /app

FROM sources AS bundle-session-pod
RUN node scripts/bundle.ts session-pod --out /app

FROM sources AS bundle-simulator
RUN node scripts/bundle.ts simulator --out /app

FROM ${NODE_IMAGE} AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Warren" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM

FROM base AS operator
LABEL org.opencontainers.image.title="warren-operator" \
      org.opencontainers.image.description="Turns WhatsAppInstance resources into session pods and their state into status."
COPY --from=bundle-operator /app /app
EXPOSE 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8081/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/main.mjs"]

FROM base AS api
LABEL org.opencontainers.image.title="warren-api" \
      org.opencontainers.image.description="REST, live events and projections; --role chooses web, worker or all."
COPY --from=bundle-api /app /app
EXPOSE 3000 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8081/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/main.mjs"]

FROM base AS session-pod
LABEL org.opencontainers.image.title="warren-session" \
      org.opencontainers.image.description="One WhatsApp session. Contains libsignal (GPL-3.0)." \
      org.opencontainers.image.licenses="MIT AND GPL-3.0-only"
COPY --from=bundle-session-pod /app /app
# What makes the process small: session-pod/src/node-flags.ts has the reasons; a test holds the two equal.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=32768 MALLOC_TOP_PAD_=0 UV_THREADPOOL_SIZE=1
EXPOSE 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8081/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "--max-old-space-size=128", "--single-threaded-gc", "--v8-pool-size=0", "--no-sparkplug", "--expose-gc", "/app/main.mjs"]

FROM base AS simulator
LABEL org.opencontainers.image.title="warren-simulator" \
      org.opencontainers.image.description="A WhatsApp server for machines, for tests and for trying out. Contains libsignal (GPL-3.0)." \
      org.opencontainers.image.licenses="MIT AND GPL-3.0-only"
COPY --from=bundle-simulator /app /app
EXPOSE 7700 7701 7702 7703
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:7701/trust').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/main.mjs", "--host", "0.0.0.0", "--port", "7700", "--control-port", "7701", "--media-tls-port", "7702", "--media-port", "7703"]

# All of Warren as one process, which starts sessions as processes from the sources: see compose.yaml.
FROM packages AS standalone-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error \
    -w packages/contracts -w packages/runtime -w simulator -w session-pod -w operator -w api -w standalone

FROM base AS standalone
LABEL org.opencontainers.image.title="warren-standalone" \
      org.opencontainers.image.description="All of Warren on one machine, with a simulated WhatsApp or the real one. Contains libsignal (GPL-3.0)." \
      org.opencontainers.image.licenses="MIT AND GPL-3.0-only"
COPY --from=standalone-packages /src /app
COPY . .
# A volume takes over the owner of the folder that it is mounted at.
USER 0:0
RUN install -d -o 1000 -g 1000 /data
USER 1000:1000
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/standalone/src/main.ts"]
