"""What a mail costs smsp where not all is well: slow providers, TLS, a silent one, many connections.

More tables of scripts/bench.
"""

import socket
import subprocess

from harness import FILES, smsp, stub
from load import cost, h2load, latency, spread

# A mail in flight has two connections here, and a pool may have made one more meanwhile.
MOST = min(10_000, FILES // 3)
LIMITS = {"SMSP_MAX_IN_FLIGHT": "30000", "SMSP_MAX_CONNECTIONS": "30000", "SMSP_CONCURRENCY": "30000"}


def in_flight(folder, binary, count):
    provider = stub(folder, "slow", "echo_status 202; echo_sleep 2; echo -n '';")
    server = smsp(binary, [f"http://127.0.0.1:{provider.port}"], **LIMITS)
    before = server.memory()
    h2load(server, "-n", count, "-c", count)
    each = (server.memory("VmHWM") - before) / count
    print(
        f"\n## {count} mails in flight, a provider that takes 2 s: {each:.1f} KiB each, over {before / 1024:.1f} MiB idle"
    )
    server.stop()
    provider.stop()


def handshakes(folder, binary, mails):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            certificate,
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ],
        check=True,
        capture_output=True,
    )
    print(
        f"\n## TLS to the provider, {mails} mails over 64 connections\n\n| | handshakes per 1000 mails | CPU us/mail |\n|---|---|---|"
    )
    for name, option in [("HTTP/1.1", "ssl"), ("HTTP/2", "ssl http2")]:
        log = folder / f"{option.replace(' ', '-')}.log"
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {key}; log_format c $connection; access_log {log} c; http2_max_requests 1000000;"
        # One that does not read the bodies takes HTTP/2 for a flood after ten thousand of them.
        provider = stub(folder, "tls", "echo_read_request_body; echo_status 202; echo -n '';", option, tls)
        server = smsp(binary, [f"https://localhost:{provider.port}"], SSL_CERT_FILE=str(certificate))
        user, system, _ = cost(server, mails, 64)
        connections = len(set(log.read_text().split()))
        print(f"| {name} | {connections * 1000 / mails:.2f} | {user + system:.1f} |")
        server.stop()
        provider.stop()


def black_hole(folder, binary, options):
    """One of two providers has fallen silent, and its circuit is open: nobody should notice."""
    print(
        "\n## One of two providers in a black hole, its circuit open\n\n| | mails/s | CPU us/mail | p99 us |\n|---|---|---|---|"
    )
    provider, hole = stub(folder), socket.socket()
    hole.bind(("127.0.0.1", 0))
    # Its line is full at once, and nobody ever looks: the kernel drops every new connection.
    hole.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(hole.getsockname())
    url, silent = f"http://127.0.0.1:{provider.port}", f"http://127.0.0.1:{hole.getsockname()[1]}"
    servers = [smsp(binary, [url, url], "both healthy"), smsp(binary, [silent, url], "one black-holed")]
    for server in servers:
        h2load(server, "-n", options.mails // 10, "-c", options.clients)
    rounds = [
        {
            server.name: (*cost(server, options.mails, options.clients), *latency(server, 2000, folder))
            for server in servers
        }
        for _ in range(options.rounds)
    ]
    for server in servers:
        of = [one[server.name] for one in rounds]
        print(
            f"| {server.name} | {spread([one[2] for one in of], 0)} | {spread([one[0] + one[1] for one in of])} | {spread([one[4] for one in of], 0)} |"
        )
    for server in [*servers, provider]:
        server.stop()


def flatness(folder, binary, options):
    """What a mail costs by how many upstreams there are, and by how many connections callers have open."""
    provider = stub(folder)
    url, mails = f"http://127.0.0.1:{provider.port}", options.mails // 3
    servers = {count: smsp(binary, [url] * count, **LIMITS) for count in (1, 4, 32)}
    runs = [(f"{count} upstreams", server, 64) for count, server in servers.items()]
    runs += [(f"{clients} connections", servers[1], clients) for clients in (10, 100, 1000, MOST)]
    spent = {name: [] for name, _, _ in runs}
    for _ in range(options.rounds):
        for name, server, clients in runs:
            h2load(server, "-n", clients * 2, "-c", clients)
            spent[name].append(sum(cost(server, max(mails, clients * 3), clients)[:2]))
    print("\n## Where it bends\n\n| | CPU us/mail |\n|---|---|")
    for name, values in spent.items():
        print(f"| {name} | {spread(values)} |")
    for server in [*servers.values(), provider]:
        server.stop()
