"""Starts a program of a checkout of Mini-MailGun as it is, but for what its container gave it: folders and a port.

Usage: mini_mailgun_process.py CHECKOUT frontend|sender FOLDER
"""

import builtins
import importlib
import sys

checkout, name, folder = sys.argv[1:]
sys.path.insert(0, checkout)
sys.dont_write_bytecode = True

import mailqueue

mailqueue.MailQueue.DB_FILE = f"{folder}/messages.db"
program = importlib.import_module(name)
# Which it reads the ids of clients from, and nothing else.
program.open = lambda _path, *rest: builtins.open(f"{folder}/clients", *rest)
if name == "frontend":
    serves = program.ThreadedHTTPServer

    def listening(_address, handler):
        server = serves(("127.0.0.1", 0), handler)
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        return server

    program.ThreadedHTTPServer = listening
else:
    print("works", flush=True)
program.main()
