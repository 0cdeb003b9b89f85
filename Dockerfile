# One static binary in an otherwise empty image. scripts/image builds it, also where base images cannot be pulled.

# A full tag: Rust (as in Cargo.toml's rust-version) and Debian move only when somebody changes this line.
FROM rust:1.95-bookworm AS build
WORKDIR /build
# glibc goes into the binary, since the final image has none to load.
ENV RUSTFLAGS="-C target-feature=+crt-static"

# The dependencies with an empty program of ours: this layer is built again only when one of these files changes.
# The test and bench targets need not exist, as long as Cargo.toml gives each of them a `path`.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# --target, even for the machine's own: without it RUSTFLAGS reach the proc macros too, which cannot be static. It is that of
# the image's platform, amd64 or arm64: for another one than the machine's, the whole stage is emulated.
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --target "$(rustc --print host-tuple)"

COPY src src
COPY openapi openapi
# What `smsp_build_info` says; scripts/image passes it. In this stage alone: at run time it would be a setting nobody knows.
ARG SMSP_COMMIT=unknown
# touch: COPY keeps the files' times, and cargo takes a file older than the empty program's build for already built.
# The two results go to fixed places, so that `--build-context build=DIR` can stand in for this stage.
RUN touch src/lib.rs src/main.rs \
    && SMSP_COMMIT="$SMSP_COMMIT" cargo build --release --locked --target "$(rustc --print host-tuple)" \
    && cp "target/$(rustc --print host-tuple)/release/smsp" /smsp \
    && cp /etc/ssl/certs/ca-certificates.crt /ca-certificates.crt

FROM scratch
# Without these roots no TLS connection to a provider could be trusted, and the HTTP client refuses to start.
COPY --from=build /ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /smsp /smsp
# For collectors; the binary's own default is for people.
ENV SMSP_LOG_OUTPUT_FORMAT=JSON_ONELINE
# The memory of a large mail goes back to the system at once; glibc would raise this threshold and keep it.
ENV GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072
# Numeric: there is no /etc/passwd, and Kubernetes can verify runAsNonRoot only for a number.
USER 65532:65532
# callers, operators
EXPOSE 8080 9090
# The binary asks itself: there is no shell and no curl. Kubernetes ignores this and uses its own probes.
HEALTHCHECK --interval=10s --timeout=3s CMD ["/smsp", "healthcheck"]
ENTRYPOINT ["/smsp"]
