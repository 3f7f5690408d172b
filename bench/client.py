"""A client that costs next to nothing: threads with raw sockets in a process of their own.

    python bench/client.py PORT KEY CLIENTS SECONDS < asked

What is asked is JSON: bodies and paths. Where there is one of a kind it is sent each time, where there are several
each is sent once. Prints how many requests were answered with 201 or 200, seconds and latencies as JSON.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")


def run_client(
    port: int, key: str, *, clients: int, seconds: float, bodies: Sequence[bytes], paths: Sequence[str]
) -> dict[str, Any]:
    """Post from so many clients: the one body again and again or each of several once; so with paths."""
    command = [sys.executable, str(Path(__file__)), str(port), key, str(clients), str(seconds)]
    asked = json.dumps({"bodies": [body.decode() for body in bodies], "paths": list(paths)})
    done = subprocess.run(command, input=asked.encode(), capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    port, key, clients, seconds = sys.argv[1:5]
    asked = json.load(sys.stdin)
    head = (
        f" HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        "content-type: application/json\r\ncontent-length: "
    ).encode()
    bodies = [b"%d\r\n\r\n%b" % (len(body), body) for body in map(str.encode, asked["bodies"])]
    pairs = zip(_each(asked["paths"]), _each(bodies), strict=False)
    requests = (b"POST " + path.encode() + head + body for path, body in pairs)
    took: list[list[float]] = [[] for _ in range(int(clients))]
    lock = Lock()
    began = time.perf_counter()
    until = began + float(seconds)
    threads = [Thread(target=_post, args=(int(port), requests, lock, until, mine)) for mine in took]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    latencies = sorted(second for mine in took for second in mine)
    print(
        json.dumps(
            {
                "answered": len(latencies),
                "seconds": elapsed,
                "per_second": len(latencies) / elapsed,
                "p50_ms": latencies[len(latencies) // 2] * 1000,
                "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
            }
        )
    )


def _each(several: list[T]) -> Iterator[T]:
    return repeat(several[0]) if len(several) == 1 else iter(several)


def _post(port: int, requests: Iterator[bytes], lock: Lock, until: float, took: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (began := time.perf_counter()) < until:
            with lock:
                request = next(requests, None)
            if request is None:
                return
            connection.sendall(request)
            head, _, rest = _received(connection).partition(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")), head + rest
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(rest) < length:
                rest += connection.recv(65536)
            took.append(time.perf_counter() - began)


def _received(connection: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer:
        some = connection.recv(65536)
        assert some, "the server hung up"
        answer += some
    return answer


if __name__ == "__main__":
    main()
