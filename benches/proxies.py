"""What a mail through smsp costs, beside what proxies that only copy bytes charge for it: the tables of scripts/bench.

All contenders stand before the same stub provider (nginx), are given the same mails by the same load (h2load) in
interleaved rounds, and are charged the processor time that the kernel books for them (/proc/PID/stat). Latencies come
from h2load's log of a run in an open loop, at a rate that leaves the machine half idle. Ratios are to nginx in the
same round; figures are the median of the rounds, with the least and the most.
"""

import argparse
import json
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A mail in flight has two connections here, and a pool may have made one more meanwhile; the kernel lets us have so
# many files.
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
MOST = min(10_000, FILES // 3)
KEY = "bench-key"
TICK = os.sysconf("SC_CLK_TCK")
MAIL = Path(__file__).with_name("mail.json")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process tree that listens, with what the kernel says about it."""

    def __init__(self, name, port, command, env=None, cwd=None):
        self.name, self.port = name, port
        self.log = tempfile.TemporaryFile("w+")
        start = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=cwd, stdout=self.log, stderr=subprocess.STDOUT)
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() - start > 20:
                self.log.seek(0)
                sys.exit(f"{name} does not listen on {port}:\n{self.log.read()}")
            time.sleep(0.001)
        self.ready = time.monotonic() - start

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def pids(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu(self):
        """User and system time so far, in seconds."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.pids()]
        return [sum(int(field[index]) for field in fields) / TICK for index in (11, 12)]

    def memory(self, line="VmRSS"):
        """In KiB, over all of its processes."""
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids()]
        return sum(int(re.search(rf"{line}:\s+(\d+)", text)[1]) for text in texts)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def nginx(folder, name, port, location, upstream="", listen="", http="access_log off;"):
    config = folder / f"{name}.conf"
    modules = "load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;" if "echo_" in location else ""
    config.write_text(f"""{modules}
daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.err; worker_processes 1; worker_rlimit_nofile {FILES};
events {{ worker_connections {FILES - 200}; }}
http {{ client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  keepalive_requests 1000000; {http} {upstream}
  server {{ listen 127.0.0.1:{port} backlog=8192 {listen}; location / {{ {location} }} }} }}
""")
    return Server(name, port, ["nginx", "-c", str(config), "-p", str(folder)])


ACCEPT = "add_header X-Message-Id bench always; return 202;"


def stub(folder, name="stub", location=ACCEPT, listen="", http="access_log off;"):
    return nginx(folder, name, free_port(), location, listen=listen, http=http)


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


def smsp(binary, urls, name="smsp", **settings):
    """One SendGrid account for each URL, with everything that a node has on: keys, circuits, metrics, a log in JSON."""
    port = free_port()
    names = [f"u{index}" for index in range(len(urls))]
    env = {
        "SMSP_HOST": "127.0.0.1",
        "SMSP_PORT": str(port),
        "SMSP_ADMIN_HOST": "127.0.0.1",
        "SMSP_ADMIN_PORT": "0",
        "SMSP_API_KEY": KEY,
        "SMSP_LOG_OUTPUT_FORMAT": "JSON_ONELINE",
        "SMSP_POLL_MESSAGE_ADDRESS": "probes@example.org",
        "SMSP_PROVIDERS": ",".join(f"{name}=sendgrid" for name in names),
        **{f"SMSP_{name.upper()}_API_KEY": "k" for name in names},
        **{f"SMSP_{name.upper()}_BASE_URL": url for name, url in zip(names, urls)},
        **settings,
    }
    return Server(name, port, [binary], env)


def bare(folder, provider):
    """The libraries that smsp is made of, with none of its code: what of its cost is not its own."""
    url = f"http://127.0.0.1:{provider.port}/v3/mail/send"
    kinds = [("hyper", "current"), ("hyper-util", "current"), ("reqwest", "current"), ("reqwest", "multi")]
    names = {"current": "a current-thread runtime", "multi": "a worker"}
    for client, runtime in kinds:
        port = free_port()
        command = [folder / "examples/bare", client, runtime, str(port), url]
        yield Server(f"bare {client}, {names[runtime]}", port, command)


def h2load(server, *options, log=None):
    """Runs a load; its answers by class, and its seconds."""
    command = ["h2load", "--h1", "-t", "1", "-d", str(MAIL), "-H", f"x-api-key: {KEY}", *map(str, options)]
    command += ["-H", "content-type: application/json"]
    command += [f"--log-file={log}"] if log else []
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}/email"], capture_output=True, text=True, check=True
    ).stdout
    codes = [int(count) for count in re.search(r"(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output).groups()]
    if codes[0] == 0 or sum(codes[1:]):
        sys.exit(f"{server.name} did not take every mail:\n{output}")
    seconds, unit = re.search(r"finished in ([\d.]+)(m?s)", output).groups()
    return codes[0], float(seconds) / (1000 if unit == "ms" else 1)


def cost(server, mails, clients):
    """Microseconds of user and of system time for each mail, and mails in a second."""
    before = server.cpu()
    count, seconds = h2load(server, "-n", mails, "-c", clients)
    user, system = [(after - then) * 1e6 / count for after, then in zip(server.cpu(), before)]
    return user, system, count / seconds


def latency(server, rate, folder, seconds=5, clients=32):
    """The median and the 99th percentile in microseconds, at this rate, whether or not answers come; processor time."""
    log = folder / "latency.log"
    log.unlink(missing_ok=True)
    before = sum(server.cpu())
    h2load(server, "-D", seconds, "-c", clients, "--rps", rate / clients, log=log)
    times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    spent = (sum(server.cpu()) - before) * 1e6 / len(times)
    return times[len(times) // 2], times[len(times) * 99 // 100], spent


def spread(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


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


def processor():
    """Its name, and what the name may not tell: virtual machines have many that are called alike."""
    text = Path("/proc/cpuinfo").read_text()
    fields = dict(re.findall(r"^(.+?)\s*: (.*)$", text.split("\n\n")[0], re.MULTILINE))
    known = {name: fields.get(name, "unknown") for name in ("vendor_id", "cpu family", "model", "stepping")}
    return f"{fields.get('model name', 'a processor without a name')} ({', '.join(f'{k} {v}' for k, v in known.items())})"


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
