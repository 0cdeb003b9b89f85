"""What a mail through smsp costs, beside what proxies that only copy bytes charge for it: the tables of scripts/bench.

All contenders stand before the same stub provider (nginx), are given the same mails by the same load (h2load) in
interleaved rounds, and are charged the processor time that the kernel books for them (/proc/PID/stat). Latencies come
from h2load's log of a run in an open loop, at a rate that leaves the machine half idle. Ratios are to nginx in the
same round; figures are the median of the rounds, with the least and the most.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from conditions import black_hole, flatness, handshakes, in_flight
from harness import FILES, Server, free_port, nginx, processor, smsp, stub
from load import cost, h2load, latency, spread


def nginx_proxy(folder, provider):
    upstream = f"upstream provider {{ server 127.0.0.1:{provider.port}; keepalive 128; keepalive_requests 1000000; }}"
    location = 'proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";'
    return nginx(folder, "nginx", free_port(), location, upstream)


def haproxy(folder, provider):
    port, config = free_port(), folder / "haproxy.cfg"
    config.write_text(f"""global
  maxconn 9000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
  server provider 127.0.0.1:{provider.port}
""")
    return Server("haproxy", port, ["haproxy", "-f", str(config)])


def bare(folder, provider):
    """The libraries that smsp is made of, with none of its code: what of its cost is not its own."""
    url = f"http://127.0.0.1:{provider.port}/v3/mail/send"
    kinds = [("hyper", "current"), ("hyper-util", "current"), ("reqwest", "current"), ("reqwest", "multi")]
    names = {"current": "a current-thread runtime", "multi": "a worker"}
    for client, runtime in kinds:
        port = free_port()
        command = [folder / "examples/bare", client, runtime, str(port), url]
        yield Server(f"bare {client}, {names[runtime]}", port, command)


def compare(folder, binary, options):
    provider = stub(folder)
    url = f"http://127.0.0.1:{provider.port}"
    contenders = [nginx_proxy(folder, provider), haproxy(folder, provider), *bare(Path(binary).parent, provider)]
    # As the manifests run it (a node has one processor), and with a worker for each that is here.
    contenders += [smsp(binary, [url], TOKIO_WORKER_THREADS="1"), smsp(binary, [url], "smsp, a worker a core")]
    idle = {server.name: server.memory() / 1024 for server in contenders}
    for server in contenders:
        h2load(server, "-n", options.mails // 10, "-c", options.clients)
    rounds = [
        {server.name: cost(server, options.mails, options.clients) for server in contenders}
        for _ in range(options.rounds)
    ]
    rate = min(statistics.median(one[name][2] for one in rounds) for name in idle) / 2
    met = [provider, *contenders]
    late = [{server.name: latency(server, rate, folder) for server in met} for _ in range(options.rounds)]
    alone = [spread([one[provider.name][index] for one in late], 0) for index in (0, 1)]
    print(
        f"\n## {options.mails} mails over {options.clients} connections, {options.rounds} rounds; latency at {rate:.0f} mails/s\n"
    )
    print(
        "| | CPU us/mail | user | system | ratio to nginx | mails/s/core | p50 us | p99 us | CPU us/mail after | ratio | MiB idle | MiB after | ready ms |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    print(f"| the provider alone | | | | | | {' | '.join(alone)} | | | | | |")
    for server in contenders:
        name = server.name
        both = [one[name][0] + one[name][1] for one in rounds]
        ratios = [sum(one[name][:2]) / sum(one["nginx"][:2]) for one in rounds]
        cells = [spread(both), spread([one[name][0] for one in rounds]), spread([one[name][1] for one in rounds])]
        cells += [spread(ratios, 2), f"{1e6 / statistics.median(both):.0f}"]
        cells += [spread([one[name][index] for one in late], 0) for index in (0, 1)]
        cells += [spread([one[name][2] for one in late])]
        cells += [spread([one[name][2] / one["nginx"][2] for one in late], 2)]
        cells += [f"{idle[name]:.1f}", f"{server.memory() / 1024:.1f}", f"{server.ready * 1000:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |")
    for server in [*contenders, provider]:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--mails", type=int, default=60_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["compare", "in-flight", "tls", "hole", "flat"])
    options = parser.parse_args()
    size = Path(options.binary).stat().st_size / 2**20
    print(f"{os.cpu_count()} cores, {processor()}, Linux {os.uname().release}; {options.binary}: {size:.1f} MiB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        wanted = lambda part: options.only in (None, part)
        if wanted("compare"):
            compare(folder, options.binary, options)
        if wanted("in-flight"):
            in_flight(folder, options.binary, min(10_000, FILES // 2 - 200))
        if wanted("tls"):
            handshakes(folder, options.binary, options.mails // 3)
        if wanted("hole"):
            black_hole(folder, options.binary, options)
        if wanted("flat"):
            flatness(folder, options.binary, options)


if __name__ == "__main__":
    main()
