"""An outbox on procrastinate: `front` enqueues, `worker` sends."""

import asyncio
import os
import sys

import aiohttp
import procrastinate
import uvloop
from aiohttp import web

KEY, PROVIDER = os.environ["KEY"], os.environ["PROVIDER"]
TIMEOUT = aiohttp.ClientTimeout(total=int(os.environ.get("TIMEOUT_MS", 10_000)) / 1000)
CONCURRENCY = 30
app = procrastinate.App(connector=procrastinate.PsycopgConnector(max_size=20))


@app.task(name="mail", retry=procrastinate.RetryStrategy(max_attempts=10, exponential_wait=2))
async def deliver(**mail):
    content = [{"type": kind, "value": mail.get(part)} for kind, part in [("text/plain", "text"), ("text/html", "html")]]
    body = {
        "personalizations": [{"to": [{"email": mail["to"]}]}],
        "from": {"email": mail["from"]},
        "subject": mail["subject"],
        "content": [part for part in content if part["value"]],
    }
    headers = {"authorization": "Bearer k"}
    async with deliver.session.post(f"{PROVIDER}/v3/mail/send", json=body, headers=headers) as answer:
        answer.raise_for_status()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context, timestamp):
    """As the documentation says, but every minute."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


async def accept(request):
    if request.headers.get("x-api-key") != KEY:
        return web.Response(status=401)
    return web.json_response({"id": await deliver.defer_async(**await request.json())}, status=202)


async def front():
    if not await app.check_connection_async():
        await app.schema_manager.apply_schema_async()
    server = web.Application()
    server.router.add_post("/outbox", accept)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("http://{}:{}".format(*runner.addresses[0]), flush=True)
    await asyncio.Event().wait()


async def work():
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(timeout=TIMEOUT, connector=connector) as deliver.session:
        print("works", flush=True)
        await app.run_worker_async(concurrency=CONCURRENCY)


async def main(role):
    async with app.open_async():
        await (front() if role == "front" else work())


uvloop.run(main(sys.argv[1]))
